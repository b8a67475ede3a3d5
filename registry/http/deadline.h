// How long the caller is willing to wait, as gRPC and Envoy say it. Malformed values count as absent.
#pragma once

#include <optional>
#include <string_view>

#include "registry/net/clock.h"

namespace muster::registry::http {

// "250m": at most eight digits and one of H M S m u n; less than a millisecond is one.
std::optional<net::Millis> read_grpc_timeout(std::string_view header);
// "250": whole milliseconds, at most ten digits.
std::optional<net::Millis> read_envoy_timeout(std::string_view header);

}  // namespace muster::registry::http
