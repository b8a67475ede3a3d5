#include "zones/choice.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <random>
#include <set>

#include "tests/zones/specs.h"
#include "zones/entry_writer.h"

namespace muster::zones {
namespace {

using namespace test;

// Critical value of the chi-square distribution at alpha = 1e-6 (Wilson, Hilferty: good to 1 % from 2 degrees
// on).
double critical(std::size_t degrees) {
  const double z = 4.753424;
  const double d = static_cast<double>(degrees);
  return d * std::pow(1 - 2 / (9 * d) + z * std::sqrt(2 / (9 * d)), 3);
}

struct Set {
  explicit Set(const RrsetSpec& spec) : entry(EntryWriter::build({name("x."), {spec}}, 0, 0)) {}
  RrsetView view() const { return entry->rrset(0); }
  EntryPtr entry;
};

class ChoiceTest : public testing::Test {
 protected:
  ChoiceTest() : seed_(std::random_device{}()), rng_(seed_) {}
  void SetUp() override { RecordProperty("seed", std::to_string(seed_)); }
  void TearDown() override {
    if (HasFailure()) std::cerr << "seed " << seed_ << "\n";
  }

  double chi_square(const std::vector<double>& seen, const std::vector<double>& share, double draws) {
    double sum = 0;
    for (std::size_t i = 0; i < seen.size(); ++i) {
      sum += (seen[i] - share[i] * draws) * (seen[i] - share[i] * draws) / (share[i] * draws);
    }
    return sum;
  }
  // How often each member was drawn first.
  std::vector<double> firsts(const Set& set, std::size_t most, int draws) {
    std::vector<double> seen(set.view().count());
    for (int i = 0; i < draws; ++i) seen[choice_.draw(set.view(), most, rng_)[0]]++;
    return seen;
  }
  // How often each was second, given the first.
  std::vector<std::vector<double>> pairs(const Set& set, std::size_t most, int draws) {
    std::vector<std::vector<double>> seen(set.view().count(), std::vector<double>(set.view().count()));
    for (int i = 0; i < draws; ++i) {
      const auto drawn = choice_.draw(set.view(), most, rng_);
      seen[drawn[0]][drawn[1]]++;
    }
    return seen;
  }
  std::vector<double> shares(const Set& set) {
    std::vector<double> share;
    double total = 0;
    for (std::uint32_t i = 0; i < set.view().count(); ++i) total += set.view().weight(i);
    for (std::uint32_t i = 0; i < set.view().count(); ++i) share.push_back(set.view().weight(i) / total);
    return share;
  }

  std::uint64_t seed_;
  Rng rng_;
  Choice choice_;
};

constexpr int kDraws = 20'000;

TEST_F(ChoiceTest, AllOrdersOfThreeComeAsOftenAsPlackettAndLuceSay) {
  const Set set(weighted({1, 2, 3}));
  std::map<std::string, double> seen;
  for (int i = 0; i < kDraws; ++i) {
    std::string order;
    for (const std::uint32_t member : choice_.draw(set.view(), 3, rng_))
      order += static_cast<char>('a' + member);
    seen[order]++;
  }
  const std::map<std::string, double> shares = {{"abc", 1. / 15}, {"acb", 1. / 10}, {"bac", 1. / 12},
                                                {"bca", 1. / 4},  {"cab", 1. / 6},  {"cba", 1. / 3}};
  ASSERT_EQ(seen.size(), shares.size());
  double sum = 0;
  for (const auto& [order, share] : shares) {
    sum += std::pow(seen[order] - share * kDraws, 2) / (share * kDraws);
  }
  EXPECT_LT(sum, critical(5));
}

TEST_F(ChoiceTest, TheFirstTwoOfFourHoldEachAsOftenAsTheyShould) {
  const Set set(weighted({1, 2, 3, 4}));
  std::vector<double> held(4);
  for (int i = 0; i < kDraws; ++i) {
    for (const std::uint32_t member : choice_.draw(set.view(), 2, rng_)) held[member]++;
  }
  const double wanted[] = {.2345, .4413, .6083, .7159};
  for (std::size_t i = 0; i < 4; ++i) {
    const double deviation = std::sqrt(kDraws * wanted[i] * (1 - wanted[i]));
    EXPECT_NEAR(held[i], wanted[i] * kDraws, 5 * deviation) << i;
  }
}

// The control: a weight of 10 that is served as 15 must be seen with so many draws.
TEST_F(ChoiceTest, AWrongWeightWouldBeSeen) {
  const Set served(weighted({15, 20, 30}));
  const std::vector<double> meant = {10. / 60, 20. / 60, 30. / 60};
  EXPECT_GT(chi_square(firsts(served, 3, kDraws), meant, kDraws), critical(2));
}

// Each road through the draw: the first and, given the heaviest, the second member.
TEST_F(ChoiceTest, EveryRoadKeepsTheWeights) {
  struct Row {
    const char* why;
    std::size_t members;
    std::size_t most;
    bool equal;
    std::uint32_t heaviest;
  };
  const Row rows[] = {
      {"few, scanned", 5, 5, false, 9},
      {"few, equal: shuffled", 5, 5, true, 1},
      {"alias and rejection", 40, 5, false, 9},
      {"alias and rejection of very many repeats: exact draw over the rest", 40, 5, false, 1'000'000},
      {"uniform and rejection", 40, 5, true, 1},
      {"one by one over an alias table's limit", 40, 40, false, 9},
      {"keys and a sort, the whole order", 300, 300, false, 9},
      {"keys and a sort, the first half", 300, 150, false, 9},
      {"keys and a sort, one that nearly always comes first", 300, 150, false, 1'000'000},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    std::vector<std::uint32_t> weights(row.members, 1);
    if (!row.equal) {
      for (std::size_t i = 0; i < row.members; ++i) weights[i] = 1 + i % 3;
      weights[1] = row.heaviest;
    }
    const Set set(weighted(weights));
    const std::vector<double> share = shares(set);
    const auto seen = pairs(set, row.most, kDraws);
    std::vector<double> first(row.members);
    for (std::size_t i = 0; i < row.members; ++i)
      first[i] = std::accumulate(seen[i].begin(), seen[i].end(), 0.);
    if (row.heaviest < 1000) {
      EXPECT_LT(chi_square(first, share, kDraws), critical(row.members - 1));
    }

    std::vector<double> second = seen[1];
    std::vector<double> second_share = share;
    second.erase(second.begin() + 1);
    second_share.erase(second_share.begin() + 1);
    for (double& one : second_share) one /= 1 - share[1];
    if (first[1] >= 5.0 * static_cast<double>(row.members)) {
      EXPECT_LT(chi_square(second, second_share, first[1]), critical(row.members - 2));
    }
  }
}

TEST_F(ChoiceTest, NobodyIsDrawnTwiceAndNobodyIsMissing) {
  for (const std::size_t members : {1, 2, 3, 16, 17, 64, 256, 257, 1000}) {
    for (const bool equal : {true, false}) {
      std::vector<std::uint32_t> weights(members, 7);
      if (!equal) weights[0] = 100'000;
      const Set set(weighted(weights));
      for (const std::size_t most :
           {std::size_t{1}, members / 8, members / 4, members / 2, members, members + 5}) {
        SCOPED_TRACE(std::to_string(most) + " of " + std::to_string(members));
        const auto drawn = choice_.draw(set.view(), most, rng_);
        EXPECT_EQ(drawn.size(), std::min(most, members));
        const std::set<std::uint32_t> different(drawn.begin(), drawn.end());
        EXPECT_EQ(different.size(), drawn.size());
        if (!different.empty()) {
          EXPECT_LT(*different.rbegin(), members);
        }
      }
    }
  }
}

TEST_F(ChoiceTest, LowerTiersComeFirst) {
  RrsetSpec spec = weighted({5, 1, 1, 9, 2});
  const std::uint16_t tiers[] = {20, 10, 10, 20, 10};
  for (std::size_t i = 0; i < 5; ++i) spec.members[i].tier = tiers[i];
  const Set set(spec);
  std::set<std::string> firsts;
  for (int i = 0; i < 200; ++i) {
    const auto drawn = choice_.draw(set.view(), 5, rng_);
    std::set<std::string> low;
    for (std::size_t k = 0; k < 3; ++k) low.emplace(set.view().rdata(drawn[k]));
    EXPECT_EQ(low, (std::set{spec.members[1].rdata, spec.members[2].rdata, spec.members[4].rdata}));
    firsts.emplace(set.view().rdata(drawn[0]));
  }
  EXPECT_EQ(firsts.size(), 3U);
  EXPECT_EQ(choice_.draw(set.view(), 2, rng_).size(), 2U);
}

TEST_F(ChoiceTest, FixedSetsStayInOrderAndEndAtTheirMost) {
  RrsetSpec spec = weighted({1, 2, 3, 4});
  spec.order = Order::fixed;
  spec.at_most = 3;
  const auto drawn = choice_.draw(Set(spec).view(), 100, rng_);
  EXPECT_EQ(std::vector(drawn.begin(), drawn.end()), (std::vector<std::uint32_t>{0, 1, 2}));
  spec.order = Order::weighted;
  EXPECT_EQ(choice_.draw(Set(spec).view(), 100, rng_).size(), 3U);
  EXPECT_EQ(choice_.draw(Set(spec).view(), 2, rng_).size(), 2U);
}

TEST_F(ChoiceTest, WeightZeroIsDrawnOnlyAmongItsLike) {
  const Set mixed(weighted({0, 1, 0, 1}));
  for (int i = 0; i < 100; ++i) {
    for (const std::uint32_t member : choice_.draw(mixed.view(), 4, rng_)) {
      const char index = mixed.view().rdata(member)[3];
      EXPECT_TRUE(index == 1 || index == 3);
    }
  }
  const Set zeros(weighted({0, 0, 0}));
  EXPECT_LT(chi_square(firsts(zeros, 1, kDraws), {1. / 3, 1. / 3, 1. / 3}, kDraws), critical(2));
}

TEST_F(ChoiceTest, OneSeedGivesOneSequence) {
  const Set set(weighted({1, 2, 3, 4, 5, 6, 7, 8}));
  Rng one(5);
  Rng other(5);
  Choice second;
  for (int i = 0; i < 10; ++i) {
    const auto a = choice_.draw(set.view(), 8, one);
    const auto b = second.draw(set.view(), 8, other);
    EXPECT_TRUE(std::equal(a.begin(), a.end(), b.begin(), b.end()));
  }
}

TEST(Rng, BoundedDrawsAreUniformAndReachBothEnds) {
  Rng rng(1);
  std::vector<double> seen(7);
  for (int i = 0; i < 70'000; ++i) seen[rng.below(7)]++;
  for (const double count : seen) EXPECT_NEAR(count, 10'000, 500);
  EXPECT_EQ(rng.below(1), 0U);
  EXPECT_LT(rng.below(~std::uint64_t{0}), ~std::uint64_t{0});
}

// The authors' own program gives these for the state 1 2 3 4.
TEST(Rng, GivesTheReferenceSequence) {
  Rng rng(std::array<std::uint64_t, 4>{1, 2, 3, 4});
  for (const std::uint64_t value : {11520ULL, 0ULL, 1509978240ULL, 1215971899390074240ULL}) {
    EXPECT_EQ(rng.next(), value);
  }
}

}  // namespace
}  // namespace muster::zones
