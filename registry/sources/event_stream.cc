#include "registry/sources/event_stream.h"

#include <utility>

namespace muster::registry::sources {

namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

std::vector<EventFrame> EventStreamReader::write(std::string_view piece) {
  std::vector<EventFrame> frames;
  while (!piece.empty()) {
    if (std::exchange(was_cr_, false) && piece.front() == '\n') {
      piece.remove_prefix(1);
      continue;
    }
    const std::size_t end = piece.find_first_of("\r\n");
    add(piece.substr(0, end));
    if (end == piece.npos) break;
    was_cr_ = piece[end] == '\r';
    piece.remove_prefix(end + 1);
    end_line(frames);
  }
  return frames;
}

// Of a frame that is too large nothing is kept but that it is.
void EventStreamReader::add(std::string_view part) {
  if (part.empty()) return;
  is_line_empty_ = false;
  if (octets_ > most_octets_) return;
  octets_ += part.size();
  if (octets_ <= most_octets_) {
    line_ += part;
  } else {
    line_ = std::string();
    frame_ = EventFrame();
  }
}

void EventStreamReader::end_line(std::vector<EventFrame>& frames) {
  std::string_view line = line_;
  if (std::exchange(is_first_line_, false) && line.starts_with(kByteOrderMark)) {
    line.remove_prefix(kByteOrderMark.size());
    is_line_empty_ = line.empty();
  }
  if (std::exchange(is_line_empty_, true)) {
    end_frame(frames);
  } else if (octets_ <= most_octets_) {
    const std::size_t colon = line.find(':');
    std::string_view value = colon == line.npos ? std::string_view() : line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    take_field(line.substr(0, colon), value);
  }
  line_.clear();
}

void EventStreamReader::take_field(std::string_view field, std::string_view value) {
  if (field == "event") frame_.name = value;
  if (field != "data") return;
  if (std::exchange(has_data_, true)) frame_.data += '\n';
  frame_.data += value;
}

void EventStreamReader::end_frame(std::vector<EventFrame>& frames) {
  if (octets_ > most_octets_) {
    ++too_large_;
  } else if (has_data_) {
    frames.push_back(std::move(frame_));
  }
  frame_ = EventFrame();
  has_data_ = false;
  octets_ = 0;
}

}  // namespace muster::registry::sources
