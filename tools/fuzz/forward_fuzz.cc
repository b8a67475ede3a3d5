// Fuzzes what comes from upstreams: the input is an answer to one question. What is taken of it goes through
// the cache into replies of several sizes, an hour later too; each of them keeps its limit and can be read
// like the answer itself.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <vector>

#include "dns/forward/cached_writer.h"
#include "dns/octets.h"

namespace {

using namespace muster::dns;
using namespace std::string_view_literals;

void require(bool holds) {
  if (!holds) std::abort();
}

// www.Example. A, RD, with an OPT.
constexpr std::uint8_t kQuery[] = {0x12, 0x34, 1, 0,   0,   1,   0,   0,   0,   0,   0, 1, 3, 'w',
                                   'w',  'w',  7, 'E', 'x', 'a', 'm', 'p', 'l', 'e', 0, 0, 1, 0,
                                   1,    0,    0, 41,  4,   208, 0,   0,   0,   0,   0, 0};

void check_reply(const CachedReply& kept, std::size_t limit, std::uint32_t tick) {
  Query query;
  require(read_query(Packet(kQuery), query).ok);
  const std::unique_ptr<std::uint8_t[]> buffer(new std::uint8_t[limit]);
  ReplyWriter writer;
  ReplyEdns edns;
  edns.present = true;
  writer.begin({buffer.get(), limit}, limit, opt_size(edns), Packet(kQuery), query);
  writer.set_forwarded(kept.authenticated());
  const bool fits = put_cached(writer, kept, tick);
  const std::size_t size = writer.finish(query, false, !fits, kept.rcode(), edns);
  require(size <= limit);
  const auto again = read_upstream_reply({buffer.get(), size}, Packet(kQuery), {});
  if (!fits) return require(!again && again.error() == ForwardError::truncated);
  require(again.has_value());
  for (std::size_t section = 0; section < 3; ++section)
    require(again->counts[section] == kept.counts()[section] || again->counts[section] == 0);
  for (std::size_t i = 0; i < again->ttls.size(); ++i)
    require(read_u32(again->records.data() + again->ttls[i]) <= kKeptMost);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > kPacketMax) return 0;
  const auto is_ours = [](std::string_view folded) { return folded.ends_with("\4ours\0"sv); };
  const auto reply = read_upstream_reply({data, size}, Packet(kQuery), is_ours);
  if (!reply) return 0;
  require(reply->lifetime <= kKeptMost);
  require(reply->ttls.size() == std::size_t{reply->counts[0]} + reply->counts[1] + reply->counts[2]);
  const CacheKey key{"\3www\7example\0"sv, muster::zones::RrType::a, false, false};
  const auto kept = CachedReply::make(key, 1, *reply, CachedReply::Kind::answer, 0, reply->lifetime);
  const auto stale = kept->as_stale(0, 30);
  for (const std::size_t limit : {std::size_t{512}, std::size_t{1232}, std::size_t{kPacketMax}}) {
    check_reply(*kept, limit, 0);
    check_reply(*kept, limit, 3'600'000);
    check_reply(*stale, limit, 10'000);
  }
  return 0;
}
