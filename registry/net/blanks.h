// Blanks around a text.
#pragma once

#include <string_view>

namespace muster::net {

// Without the octets of `blanks` before and behind it; spaces and tabs are those of HTTP (RFC 9110 §5.6.3).
inline std::string_view trimmed(std::string_view text, std::string_view blanks = " \t") {
  const auto first = text.find_first_not_of(blanks);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

}  // namespace muster::net
