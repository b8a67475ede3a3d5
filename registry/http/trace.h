// W3C trace context, version 00: traceparent in, a fresh child span out. Anything malformed is ignored, as
// the recommendation asks, and never refuses a request.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "registry/http/message.h"

namespace muster::registry::http {

// `random` becomes our span id (zero, which is no id, becomes one).
Trace read_traceparent(std::string_view header, std::uint64_t random);

}  // namespace muster::registry::http
