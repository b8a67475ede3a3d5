// Points in time as RFC 3339 text, UTC with milliseconds: "2026-11-20T22:14:33.120Z". What is written can be
// read back; reading also takes a time without a fraction, and no other zone than Z.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "registry/net/clock.h"

namespace muster::registry {

void append_rfc3339(std::string& out, net::WallTime time);
std::optional<net::WallTime> parse_rfc3339(std::string_view text);

}  // namespace muster::registry
