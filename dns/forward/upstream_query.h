// The query that goes to an upstream: a fresh id, the question in letters of random case (which the answer
// must repeat), and an OPT of our own; nothing of the client but what it asks, DO and CD.
#pragma once

#include "dns/desk.h"
#include "dns/forward/cache.h"
#include "dns/forward/secure_bits.h"

namespace muster::dns {

inline constexpr std::uint16_t kUpstreamUdpSize = 1232;

// `has_opt`: with an OPT at its end.
Octets write_upstream_query(const CacheKey& key, bool has_opt, SecureBits& bits);

}  // namespace muster::dns
