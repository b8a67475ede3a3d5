// The one escape of master files (RFC 1035 §5.1): a backslash and three decimal digits, or a backslash and
// the character itself. Names and character strings share it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace muster::zones {

// One octet of `text`, its escape undone; advances `at`, which must be inside. -1: a bad escape.
inline int read_octet(std::string_view text, std::size_t& at) {
  const auto digit = [&](std::size_t i) {
    return i < text.size() && text[i] >= '0' && text[i] <= '9' ? text[i] - '0' : -1;
  };
  if (text[at] != '\\') return static_cast<unsigned char>(text[at++]);
  if (++at == text.size()) return -1;
  if (digit(at) < 0) return static_cast<unsigned char>(text[at++]);
  if (digit(at + 1) < 0 || digit(at + 2) < 0) return -1;
  const int value = digit(at) * 100 + digit(at + 1) * 10 + digit(at + 2);
  at += 3;
  return value > 255 ? -1 : value;
}

inline void append_decimal_escape(std::string& text, unsigned char octet) {
  text += '\\';
  text += static_cast<char>('0' + octet / 100);
  text += static_cast<char>('0' + octet / 10 % 10);
  text += static_cast<char>('0' + octet % 10);
}

}  // namespace muster::zones
