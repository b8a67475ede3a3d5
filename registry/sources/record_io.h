// RecordIO, the framing of Mesos' event streams: a decimal length, LF, so many octets, and again. It may be
// cut anywhere. Records are handed on in pieces as they come, so that a snapshot of a large cluster is never
// held as text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace muster::registry::sources {

class RecordIo {
 public:
  enum class Step : std::uint8_t {
    need_more,
    piece,  // octets of the record that has begun: piece()
    end,    // the record is whole
    fault,  // no RecordIO, or a record that is too long: error(); the last step
  };

  explicit RecordIo(std::uint64_t most_octets) : most_octets_(most_octets) {}

  // The next step, for which it takes octets off the front of `input`.
  Step next(std::string_view& input);
  std::string_view piece() const { return piece_; }
  const std::string& error() const { return error_; }

 private:
  Step read_length(std::string_view& input);
  Step fail(std::string message);

  const std::uint64_t most_octets_;
  bool in_record_ = false;
  bool has_digits_ = false;
  std::uint64_t left_ = 0;  // of the record; before it the length so far
  std::string_view piece_;
  std::string error_;
};

}  // namespace muster::registry::sources
