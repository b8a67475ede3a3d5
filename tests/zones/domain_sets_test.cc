#include "zones/domain_sets.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/zones/support/instances.h"

namespace muster::zones {
namespace {

using Numbers = HeadedSet<int, std::less<>>;

std::vector<int> published(const Numbers& set) {
  std::vector<int> head;
  set.for_each_published([&](int value) { head.push_back(value); });
  return head;
}

TEST(HeadedSet, SaysExactlyWhenThePublishedHeadChanges) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  Numbers set;
  std::set<int> all;
  std::size_t quiet = 0;
  for (int step = 0; step < 12'000; ++step) {
    // It grows well beyond the head first and shrinks below it afterwards.
    const int value = static_cast<int>(random() % 3000);
    const bool add = random() % 10 < (step < 6000 ? 7u : 3u);
    const auto before = published(set);
    const bool changed = add ? set.insert(value) : set.erase(value);
    if (add)
      all.insert(value);
    else
      all.erase(value);
    const auto after = published(set);
    ASSERT_EQ(changed, before != after) << "step " << step;
    ASSERT_EQ(set.size(), all.size());
    ASSERT_EQ(after, std::vector<int>(all.begin(),
                                      std::next(all.begin(), static_cast<std::ptrdiff_t>(after.size()))));
    ASSERT_EQ(after.size(), std::min<std::size_t>(all.size(), Numbers::kPublished));
    quiet += !changed && all.size() > Numbers::kPublished;
  }
  EXPECT_GT(quiet, 500u) << "the head was full and changes behind it stayed quiet";
}

TEST(DomainSets, KeepRegistrationOrderWhicheverPictureIsTheNewest) {
  DomainSets<int> sets;
  Registered a{test::Make("web", "a").sequence(2).get()};
  Registered b{test::Make("web", "b").sequence(1).get()};
  Registered c{test::Make("web", "c").sequence(1).get()};
  EXPECT_TRUE(sets.add(80, {2, &a}));
  EXPECT_TRUE(sets.add(80, {1, &c}));
  EXPECT_TRUE(sets.add(80, {1, &b}));
  EXPECT_FALSE(sets.add(80, {1, &b}));
  b.instance = test::Make("web", "b").sequence(1).weight(9).get();
  ASSERT_NE(sets.find(80), nullptr);
  std::vector<const Registered*> order;
  sets.find(80)->for_each_published([&](const Place& place) { order.push_back(place.who); });
  EXPECT_EQ(order, (std::vector<const Registered*>{&b, &c, &a}));
  EXPECT_TRUE(sets.remove(80, {1, &b}));
  EXPECT_TRUE(sets.remove(80, {1, &c}));
  EXPECT_TRUE(sets.remove(80, {2, &a}));
  EXPECT_EQ(sets.find(80), nullptr) << "no empty set stays behind";
  EXPECT_FALSE(sets.remove(80, {2, &a}));
}

}  // namespace
}  // namespace muster::zones
