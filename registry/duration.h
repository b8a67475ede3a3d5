// Durations as people write them, in the configuration and in requests: "30s", "250ms", "1h30m".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "registry/net/clock.h"

namespace muster::registry {

// One or more whole numbers, each with its unit (d, h, m, s, ms), the larger unit first and each at most
// once. nullopt: anything else ("", "5x", "30", "-1s", "1.5s", "1s1m") or more than 2^63 - 1 milliseconds.
std::optional<net::Millis> parse_duration(std::string_view text);
// The shortest text that parse_duration reads as the same span: "1h30m", "0s". Precondition: not negative.
std::string format_duration(net::Millis duration);

}  // namespace muster::registry
