// From the cache into a reply.
#pragma once

#include "dns/forward/cache.h"
#include "dns/reply_writer.h"

namespace muster::dns {

inline constexpr std::uint32_t kStaleTtl = 30;  // RFC 8767 §4

// Whether the client wants to know if the answer is authenticated: it sets AD or DO (RFC 6840 §5.7).
inline bool asks_for_ad(Packet packet, const Query& query) {
  return query.edns.dnssec_ok || (packet[3] & kAuthenticData) != 0;
}

// Of a record that had `ttl` seconds when it was kept.
std::uint32_t shown_ttl(const CachedReply& reply, std::uint32_t ttl, std::uint32_t tick);

// Its records, their TTLs as much lower as they are old. Where not all have room, the additional section
// stays out, and from an answer the authority section too (RFC 2181 §9). False: the rest has none.
bool put_cached(ReplyWriter& writer, const CachedReply& reply, std::uint32_t tick);

}  // namespace muster::dns
