#include "registry/duration.h"

#include <charconv>
#include <cstdint>

namespace muster::registry {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t millis;
};

constexpr Unit kUnits[] = {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}};
constexpr const Unit* kNoUnit = std::end(kUnits);

const Unit* find_unit(std::string_view name) {
  const Unit* unit = std::begin(kUnits);
  while (unit != kNoUnit && unit->name != name) ++unit;
  return unit;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Cuts the leading characters that are (or are not) digits off `text`.
std::string_view cut(std::string_view& text, bool digits) {
  std::size_t length = 0;
  while (length < text.size() && is_digit(text[length]) == digits) ++length;
  const std::string_view head = text.substr(0, length);
  text.remove_prefix(length);
  return head;
}

}  // namespace

std::optional<net::Millis> parse_duration(std::string_view text) {
  if (text.empty()) return std::nullopt;
  std::int64_t total = 0;
  for (const Unit* smallest = nullptr; !text.empty();) {
    const std::string_view digits = cut(text, true);
    const Unit* unit = find_unit(cut(text, false));
    std::int64_t count = 0, part = 0;
    if (std::from_chars(digits.data(), digits.data() + digits.size(), count).ec != std::errc{})
      return std::nullopt;
    if (unit == kNoUnit || (smallest != nullptr && unit <= smallest)) return std::nullopt;
    if (__builtin_mul_overflow(count, unit->millis, &part)) return std::nullopt;
    if (__builtin_add_overflow(total, part, &total)) return std::nullopt;
    smallest = unit;
  }
  return net::Millis{total};
}

std::string format_duration(net::Millis duration) {
  std::int64_t rest = duration.count();
  if (rest == 0) return "0s";
  std::string text;
  for (const Unit& unit : kUnits) {
    if (rest >= unit.millis) text += std::to_string(rest / unit.millis) + std::string(unit.name);
    rest %= unit.millis;
  }
  return text;
}

}  // namespace muster::registry
