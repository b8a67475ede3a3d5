// The values of a JSON document as the text they were sent as: what is opaque to us goes back digit for digit,
// where a parsed number would come out as another one (1.10, or an integer of 30 digits).
//
// The text must have been parsed before: here it is only walked. Elements of a list are asked for in order, so
// the last one found is remembered and a long batch is walked once.
#pragma once

#include <string>
#include <string_view>

#include "registry/api/place.h"

namespace muster::registry::api {

// What may stand between the parts of a JSON text (RFC 8259 §2).
inline constexpr std::string_view kJsonBlanks = " \t\r\n";

class RawText {
 public:
  explicit RawText(std::string_view text) : text_(text) {}
  std::string_view at(const Place& place);

 private:
  std::size_t start_of(const Place& place);
  std::size_t member(std::size_t object, std::string_view key) const;
  std::size_t element(std::size_t array, std::size_t index);

  const std::string_view text_;
  std::size_t array_ = std::string_view::npos;  // whose element was found last
  std::size_t index_ = 0;
  std::size_t element_ = 0;
};

// Without the blanks between its parts, so that it is one line.
void append_compact(std::string& out, std::string_view json);

}  // namespace muster::registry::api
