// Seconds as master files write them: "3600", or "1h30m" with w d h m s (RFC 2308 §4's examples, every
// server's habit). At most 2^31-1 (RFC 2181 §8).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace muster::zones {

constexpr std::uint32_t kTtlMax = 0x7fffffff;

enum class PeriodError : std::uint8_t { not_a_period, too_large };

// Either the seconds, or why not.
struct Period {
  std::uint32_t seconds = 0;
  std::optional<PeriodError> error;
};
Period read_period(std::string_view text);

}  // namespace muster::zones
