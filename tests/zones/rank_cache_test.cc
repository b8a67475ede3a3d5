// Orders of hashed sets are remembered; nobody may see it but by the time it takes.
#include "zones/rank_cache.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/zones/specs.h"
#include "zones/choice.h"
#include "zones/entry_writer.h"

namespace muster::zones {
namespace {

using namespace test;

ClientNetwork client(std::uint32_t number, std::uint8_t length = 24) {
  net::IpAddress address = *net::parse_ip("10.0.0.0");
  address.octets[1] = static_cast<std::uint8_t>(number >> 8);
  address.octets[2] = static_cast<std::uint8_t>(number);
  return {{}, network_of(address, length)};
}

using Order8 = std::vector<std::uint32_t>;
Order8 list(std::span<const std::uint32_t> members) { return {members.begin(), members.end()}; }

TEST(RankCache, KeepsWhatItHasRoomFor) {
  RankCache cache;
  const Order8 five = {4, 2, 0, 1, 3};
  EXPECT_TRUE(cache.find(1, client(1), 1).empty());
  cache.keep(1, client(1), five);
  EXPECT_EQ(list(cache.find(1, client(1), 2)), (Order8{4, 2}));
  EXPECT_EQ(list(cache.find(1, client(1), 5)), five);
  EXPECT_TRUE(cache.find(1, client(1), 6).empty()) << "it has no more";
  EXPECT_TRUE(cache.find(2, client(1), 1).empty()) << "of another set";
  EXPECT_TRUE(cache.find(1, client(2), 1).empty()) << "of another network";
  EXPECT_TRUE(cache.find(1, client(1, 16), 1).empty());
  ClientNetwork other_key = client(1);
  other_key.key[0] = 1;
  EXPECT_TRUE(cache.find(1, other_key, 1).empty());
  const Order8 nine(RankCache::kMembers + 1, 0);
  cache.keep(1, client(1), nine);
  EXPECT_EQ(list(cache.find(1, client(1), 5)), five);
}

TEST(RankCache, MostOfAsManyNetworksAsItHasPlacesForAreRemembered) {
  RankCache cache;
  const Order8 one = {7};
  for (std::uint32_t i = 0; i < RankCache::kOrders / 4; ++i) cache.keep(99, client(i), one);
  std::uint32_t known = 0;
  for (std::uint32_t i = 0; i < RankCache::kOrders / 4; ++i) known += cache.find(99, client(i), 1).size();
  EXPECT_GT(known, RankCache::kOrders / 4 * 3 / 4);
}

// Sets that change one after the other, asked by few networks, against a chooser that remembers nothing.
TEST(RankCache, NoOrderIsAnOldOne) {
  Rng rng(5);
  Choice remembers;
  std::vector<RrsetSpec> sets(4);
  std::vector<EntryPtr> entries(sets.size());
  for (int step = 0; step < 4'000; ++step) {
    const std::size_t at = rng.below(sets.size());
    RrsetSpec& set = sets[at];
    if (entries[at] == nullptr || rng.below(4) == 0) {
      set = weighted(std::vector<std::uint32_t>(2 + rng.below(12), 1));
      set.order = Order::hashed;
      set.at_most = static_cast<std::uint16_t>(rng.below(4));
      const bool differ = rng.below(2) == 0;
      for (Member& member : set.members) {
        member.id = "i" + std::to_string(rng.below(1'000));
        if (differ) member.weight = 1 + static_cast<std::uint32_t>(rng.below(3));
        member.tier = static_cast<std::uint16_t>(rng.below(8) == 0);
      }
      entries[at] = EntryWriter::build({name("web.svc.internal."), {set}}, Entry::kOwned, ZoneId{});
    }
    const RrsetView view = entries[at]->rrset(0);
    const std::size_t most = 1 + rng.below(view.count());
    const ClientNetwork asks = client(static_cast<std::uint32_t>(rng.below(5)));
    Choice forgets;
    ASSERT_EQ(list(remembers.draw(view, most, rng, &asks)), list(forgets.draw(view, most, rng, &asks)))
        << step;
  }
}

}  // namespace
}  // namespace muster::zones
