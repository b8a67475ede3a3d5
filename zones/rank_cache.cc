#include "zones/rank_cache.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace muster::zones {

namespace {

std::size_t place_of(std::uint64_t digest, const net::IpPrefix& prefix) {
  static_assert(std::has_single_bit(RankCache::kOrders));
  constexpr std::uint64_t kMix = 0x9e3779b97f4a7c15;  // 2^64 / the golden ratio
  std::array<std::uint64_t, 2> halves;
  static_assert(sizeof halves == sizeof prefix.address.octets);
  std::memcpy(halves.data(), prefix.address.octets.data(), sizeof halves);
  std::uint64_t mixed = (digest ^ halves[0] ^ prefix.length) * kMix;
  mixed = (std::rotr(mixed, 32) ^ halves[1]) * kMix;
  return mixed >> (64 - std::countr_zero(RankCache::kOrders));
}

}  // namespace

std::span<const std::uint32_t> RankCache::find(std::uint64_t digest, const ClientNetwork& client,
                                               std::size_t most) const {
  if (kept_.empty()) return {};
  const Kept& kept = kept_[place_of(digest, client.prefix)];
  if (kept.count < most || kept.digest != digest || kept.client != client) return {};
  return std::span(kept.members).first(most);
}

void RankCache::keep(std::uint64_t digest, const ClientNetwork& client, std::span<const std::uint32_t> first) {
  if (first.size() > kMembers) return;
  if (kept_.empty()) kept_.resize(kOrders);
  Kept& kept = kept_[place_of(digest, client.prefix)];
  kept.digest = digest;
  kept.client = client;
  kept.count = static_cast<std::uint32_t>(first.size());
  std::copy(first.begin(), first.end(), kept.members.begin());
}

}  // namespace muster::zones
