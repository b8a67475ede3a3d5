#include "zones/period.h"

namespace muster::zones {

namespace {

std::uint64_t unit_seconds(char unit) {
  switch (unit) {
    case 's':
    case 'S': return 1;
    case 'm':
    case 'M': return 60;
    case 'h':
    case 'H': return 3600;
    case 'd':
    case 'D': return 86400;
    case 'w':
    case 'W': return 604800;
    default: return 0;
  }
}

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

Period read_period(std::string_view text) {
  if (text.empty() || !is_digit(text[0])) return {0, PeriodError::not_a_period};
  std::uint64_t total = 0;
  for (std::size_t at = 0; at < text.size();) {
    if (!is_digit(text[at])) return {0, PeriodError::not_a_period};
    std::uint64_t count = 0;
    for (; at < text.size() && is_digit(text[at]); ++at) {
      count = count * 10 + static_cast<std::uint64_t>(text[at] - '0');
      if (count > kTtlMax) count = std::uint64_t{kTtlMax} + 1;
    }
    const std::uint64_t unit = at < text.size() ? unit_seconds(text[at++]) : 1;
    if (unit == 0) return {0, PeriodError::not_a_period};
    total += count * unit;
    if (total > kTtlMax) total = std::uint64_t{kTtlMax} + 1;
  }
  if (total > kTtlMax) return {0, PeriodError::too_large};
  return {static_cast<std::uint32_t>(total), std::nullopt};
}

}  // namespace muster::zones
