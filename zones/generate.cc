#include "zones/generate.h"

#include <charconv>

namespace muster::zones {

namespace {

constexpr std::size_t kWidthMax = 255;

// Reads a number off the front of `text`.
template <class Number>
bool take_number(std::string_view& text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

bool take(std::string_view& text, char expected) {
  if (text.empty() || text[0] != expected) return false;
  text.remove_prefix(1);
  return true;
}

struct Modifier {
  std::int64_t offset = 0;
  std::size_t width = 0;
  char base = 'd';
};

// What stands between ${ and }.
std::optional<Modifier> read_modifier(std::string_view text) {
  Modifier modifier;
  take(text, '+');
  if (!take_number(text, modifier.offset)) return std::nullopt;
  if (modifier.offset > 0xffffffffLL || modifier.offset < -0xffffffffLL) return std::nullopt;
  if (take(text, ',') && !take_number(text, modifier.width)) return std::nullopt;
  if (modifier.width > kWidthMax) return std::nullopt;
  if (take(text, ',')) {
    if (text.size() != 1 || std::string_view("doxXnN").find(text[0]) == std::string_view::npos)
      return std::nullopt;
    modifier.base = text[0];
    text.remove_prefix(1);
  }
  return text.empty() ? std::optional(modifier) : std::nullopt;
}

void append_padded(std::string& out, std::uint64_t value, const Modifier& modifier) {
  const int radix = modifier.base == 'o' ? 8 : modifier.base == 'd' ? 10 : 16;
  char digits[24];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, value, radix);
  const auto size = static_cast<std::size_t>(end - digits);
  if (size < modifier.width) out.append(modifier.width - size, '0');
  for (const char* p = digits; p != end; ++p) {
    out += modifier.base == 'X' && *p >= 'a' ? static_cast<char>(*p - 32) : *p;
  }
}

// As BIND has it: the width counts the dots too, so an even one ends in a dot.
void append_nibbles(std::string& out, std::uint64_t value, const Modifier& modifier) {
  const std::string_view digits = modifier.base == 'n' ? "0123456789abcdef" : "0123456789ABCDEF";
  std::size_t left = modifier.width;
  do {
    out += digits[value & 15];
    value >>= 4;
    if (left > 0) --left;
    if (left == 0 && value == 0) break;
    out += '.';
    if (left > 0) --left;
  } while (left > 0 || value != 0);
}

bool append_value(std::string& out, std::uint32_t value, const Modifier& modifier) {
  const std::int64_t sum = std::int64_t{value} + modifier.offset;
  if (sum < 0) return false;
  const bool nibbles = modifier.base == 'n' || modifier.base == 'N';
  (nibbles ? append_nibbles : append_padded)(out, static_cast<std::uint64_t>(sum), modifier);
  return true;
}

// `rest` begins behind a $.
bool expand_dollar(std::string_view& rest, std::uint32_t value, std::string& out) {
  if (take(rest, '$')) {
    out += '$';
    return true;
  }
  if (!take(rest, '{')) return append_value(out, value, {});
  const std::size_t end = rest.find('}');
  if (end == std::string_view::npos) return false;
  const auto modifier = read_modifier(rest.substr(0, end));
  rest.remove_prefix(end + 1);
  return modifier && append_value(out, value, *modifier);
}

}  // namespace

std::optional<GenerateRange> read_generate_range(std::string_view text) {
  GenerateRange range;
  if (!take_number(text, range.low) || !take(text, '-') || !take_number(text, range.high))
    return std::nullopt;
  if (take(text, '/') && !take_number(text, range.step)) return std::nullopt;
  if (!text.empty() || range.step == 0 || range.high < range.low) return std::nullopt;
  return range;
}

bool expand_generate(std::string_view pattern, std::uint32_t value, std::string& out) {
  while (!pattern.empty()) {
    const char c = pattern[0];
    pattern.remove_prefix(1);
    if (c == '$') {
      if (!expand_dollar(pattern, value, out)) return false;
    } else if (c == '\\' && !pattern.empty()) {
      if (pattern[0] != '$') out += c;
      out += pattern[0];
      pattern.remove_prefix(1);
    } else {
      out += c;
    }
  }
  return true;
}

}  // namespace muster::zones
