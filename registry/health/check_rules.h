// How often a check looks and how what it finds counts, as people say it: the same keys stand in a check, in
// its service and in the defaults for all, and what is said nearer counts.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "registry/health/check.h"

namespace muster::registry::health {

struct CheckRules {
  Millis interval{10'000};
  Millis timeout{2'000};
  bool waits_on = false;       // action = "report"
  bool begins_active = false;  // initial = "passing"
  MachineRules machine;
  std::optional<unsigned> fall;  // classic style
  Moved moved;
  bool operator==(const CheckRules&) const = default;
};

// As the state machine wants them: `fast_interval`, and the classic style in its terms.
MachineRules machine_rules(const CheckRules& rules);

// Bounds, whoever asks.
struct SpanBounds {
  Millis least;
  Millis most;
};
inline constexpr SpanBounds kIntervalBounds{Millis(200), Millis(3'600'000)};
inline constexpr SpanBounds kTimeoutBounds{Millis(10), Millis(300'000)};
inline constexpr SpanBounds kRetryDelayBounds{Millis(50), Millis(3'600'000)};
inline constexpr SpanBounds kSuspensionBounds{Millis(100), Millis(86'400'000)};
inline constexpr SpanBounds kLongBounds{Millis(0), Millis(86'400'000)};  // grace_period, reset_after
inline constexpr unsigned kMostRetries = 100;
// What is said of a check with `fall` and suspend_on_failure.
inline constexpr std::string_view kFallSuspends =
    "suspends for one interval at a time: take suspend_on_failure out, or say mark_as_timedout instead of "
    "fall";
inline constexpr unsigned kMostInARow = 100;  // rise, fall
inline constexpr double kMostProgression = 1'000;
inline constexpr std::size_t kMaxCheckPath = 2'048;  // octets
inline constexpr std::size_t kMaxCheckHost = 255;
inline constexpr std::size_t kMaxCheckHeaders = 16;
inline constexpr std::size_t kMaxCheckHeader = 1'024;  // octets of a value
inline constexpr std::size_t kMaxCheckBody = 1'024;
inline constexpr std::size_t kMaxCheckStatuses = 16;

// 304 or "200-299", from 200 to 599.
std::optional<StatusRange> parse_statuses(std::string_view text);
// What is wrong with a part of a look, to be said after the part's name; "": nothing.
std::string fault_of_check_id(std::string_view id);
std::string fault_of_path(std::string_view path);
std::string fault_of_host(std::string_view host);
std::string fault_of_header(std::string_view name, std::string_view value);
std::string fault_of_body(const Look& look);
// The class that both lists move, as text; "": none.
std::string moved_both_ways(const Moved& moved);

}  // namespace muster::registry::health
