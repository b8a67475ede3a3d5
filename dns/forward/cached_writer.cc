#include "dns/forward/cached_writer.h"

#include "dns/octets.h"

namespace muster::dns {

std::uint32_t shown_ttl(const CachedReply& reply, std::uint32_t ttl, std::uint32_t tick) {
  if (reply.kind() == CachedReply::Kind::stale) return kStaleTtl;
  const std::uint32_t age = reply.age_ms(tick) / 1000;
  return ttl > age ? ttl - age : 0;
}

bool put_cached(ReplyWriter& writer, const CachedReply& reply, std::uint32_t tick) {
  std::array<std::uint16_t, 3> counts = reply.counts();
  std::size_t sections = 3;
  const std::size_t needed = counts[0] > 0 ? 1 : 2;  // an answer, or why there is none
  while (sections > needed && reply.ends()[sections - 1] > writer.room()) counts[--sections] = 0;
  const std::size_t size = reply.ends()[sections - 1];
  const std::size_t at = writer.at();
  if (!writer.put_sections(reply.records().first(size), counts)) return false;
  for (const std::uint16_t ttl_at : reply.ttls()) {
    if (ttl_at >= size) break;
    writer.set_u32(at + ttl_at, shown_ttl(reply, read_u32(reply.records().data() + ttl_at), tick));
  }
  return true;
}

}  // namespace muster::dns
