#include "registry/http/percent.h"

#include <cstdint>

namespace muster::registry::http {

namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// One multi-octet sequence: how many octets follow its first, and the least code point that needs so many.
struct Lead {
  unsigned following;
  std::uint32_t bits;
  std::uint32_t least;
};

std::optional<Lead> read_lead(std::uint8_t octet) {
  if (octet < 0x80) return Lead{0, octet, 0};
  if ((octet & 0xe0) == 0xc0) return Lead{1, octet & 0x1fu, 0x80};
  if ((octet & 0xf0) == 0xe0) return Lead{2, octet & 0x0fu, 0x800};
  if ((octet & 0xf8) == 0xf0) return Lead{3, octet & 0x07u, 0x10000};
  return std::nullopt;
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text, Plus plus) {
  const bool is_plain = text.find('%') == text.npos && (plus != Plus::space || text.find('+') == text.npos);
  if (is_plain) return std::string(text);
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus == Plus::space) {
      decoded += ' ';
    } else if (text[i] != '%') {
      decoded += text[i];
    } else {
      if (text.size() - i < 3) return std::nullopt;
      const int high = hex_value(text[i + 1]);
      const int low = hex_value(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      decoded += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return decoded;
}

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = read_lead(static_cast<std::uint8_t>(text[i]));
    if (!lead || text.size() - i <= lead->following) return false;
    std::uint32_t point = lead->bits;
    for (unsigned k = 1; k <= lead->following; ++k) {
      const auto octet = static_cast<std::uint8_t>(text[i + k]);
      if ((octet & 0xc0) != 0x80) return false;
      point = point << 6 | (octet & 0x3fu);
    }
    if (point < lead->least || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return false;
    i += lead->following + 1;
  }
  return true;
}

}  // namespace muster::registry::http
