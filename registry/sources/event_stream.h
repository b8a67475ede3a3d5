// Server-Sent Events as they come in, cut anywhere: lines end in LF, CR or CRLF, several `data` lines make
// one text, comments and empty lines are but signs of life. Source: the HTML standard, "Server-sent events".
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace muster::registry::sources {

struct EventFrame {
  std::string name;  // "" when the frame names none
  std::string data;  // its lines, with LF between them
  bool operator==(const EventFrame&) const = default;
};

class EventStreamReader {
 public:
  // `most_octets`: of a frame's lines together; a larger frame is passed over and counted.
  explicit EventStreamReader(std::size_t most_octets = std::size_t{1} << 20) : most_octets_(most_octets) {}

  // The frames that this piece ends; a frame without data is none.
  std::vector<EventFrame> write(std::string_view piece);
  std::size_t too_large() const { return too_large_; }

 private:
  void add(std::string_view part);
  void end_line(std::vector<EventFrame>& frames);
  void end_frame(std::vector<EventFrame>& frames);
  void take_field(std::string_view field, std::string_view value);

  const std::size_t most_octets_;
  std::string line_;  // the one that has begun
  EventFrame frame_;
  bool has_data_ = false;
  std::size_t octets_ = 0;     // of the frame's lines so far
  bool is_line_empty_ = true;  // of the line, whether kept or not
  bool is_first_line_ = true;  // it may begin with a byte order mark
  bool was_cr_ = false;        // an LF that follows belongs to it
  std::size_t too_large_ = 0;
};

}  // namespace muster::registry::sources
