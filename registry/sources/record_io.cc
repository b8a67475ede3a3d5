#include "registry/sources/record_io.h"

#include <algorithm>

namespace muster::registry::sources {

RecordIo::Step RecordIo::next(std::string_view& input) {
  if (!error_.empty()) return Step::fault;
  if (!in_record_) {
    const Step step = read_length(input);
    if (!in_record_) return step;
  }
  if (left_ == 0) {
    in_record_ = false;
    return Step::end;
  }
  if (input.empty()) return Step::need_more;
  piece_ = input.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size())));
  input.remove_prefix(piece_.size());
  left_ -= piece_.size();
  return Step::piece;
}

// Empty lines before a length are passed over.
RecordIo::Step RecordIo::read_length(std::string_view& input) {
  while (!input.empty()) {
    const char c = input.front();
    input.remove_prefix(1);
    if (c == '\n' || c == '\r') {
      if (c == '\r' || !has_digits_) continue;
      has_digits_ = false;
      in_record_ = true;
      return Step::piece;
    }
    if (c < '0' || c > '9') return fail("a record's length must be a decimal number and a line feed");
    left_ = (has_digits_ ? left_ * 10 : 0) + static_cast<std::uint64_t>(c - '0');
    has_digits_ = true;
    if (left_ > most_octets_)
      return fail("a record of more than " + std::to_string(most_octets_) + " octets");
  }
  return Step::need_more;
}

RecordIo::Step RecordIo::fail(std::string message) {
  error_ = std::move(message);
  return Step::fault;
}

}  // namespace muster::registry::sources
