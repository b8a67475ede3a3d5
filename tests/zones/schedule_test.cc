#include "zones/schedule.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <string>

namespace muster::zones {
namespace {

std::string letters(std::span<const std::uint32_t> weights) {
  std::string text;
  for (const std::uint32_t member : smooth_schedule(weights)) text += static_cast<char>('a' + member);
  return text;
}

TEST(Schedule, KnownRounds) {
  struct Row {
    std::vector<std::uint32_t> weights;
    const char* round;
  };
  const Row rows[] = {
      {{5, 1, 1}, "aabacaa"},
      {{4, 2, 1}, "abacaba"},
      {{3, 2}, "ababa"},
      {{1}, "a"},
      {{}, ""},
      {{1, 1, 1}, "abc"},
      {{80000, 16000, 16000}, "aabacaa"},
  };
  for (const Row& row : rows) EXPECT_EQ(letters(row.weights), row.round);
}

// By the definition, one step after the other: the richest is next and pays all.
std::vector<std::uint32_t> plainly(const std::vector<std::uint32_t>& weights) {
  const std::int64_t sum = std::accumulate(weights.begin(), weights.end(), std::int64_t{0});
  std::vector<std::int64_t> has(weights.size());
  std::vector<std::uint32_t> steps;
  for (std::int64_t step = 0; step < sum; ++step) {
    for (std::size_t i = 0; i < has.size(); ++i) has[i] += weights[i];
    const auto richest = std::max_element(has.begin(), has.end());  // the first of equals
    *richest -= sum;
    steps.push_back(static_cast<std::uint32_t>(richest - has.begin()));
  }
  return steps;
}

TEST(Schedule, IsWhatTheDefinitionSays) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 300; ++round) {
    std::vector<std::uint32_t> weights(1 + random() % 12);
    for (std::uint32_t& weight : weights) weight = 1 + random() % (round % 3 == 0 ? 4 : 60);
    weights.push_back(1);  // so that nothing can be reduced
    EXPECT_EQ(smooth_schedule(weights), plainly(weights));
  }
}

TEST(Schedule, EachHasItsTurnsAndLongRoundsAreScaled) {
  const std::vector<std::uint32_t> weights = {65535, 32768, 1, 7};
  const auto steps = smooth_schedule(weights);
  EXPECT_LE(steps.size(), kScheduleMost + weights.size());
  std::vector<double> turns(weights.size());
  for (const std::uint32_t member : steps) ++turns[member];
  EXPECT_NEAR(turns[0] / turns[1], 2, 0.01);
  EXPECT_EQ(turns[2], 1) << "never nothing";
  EXPECT_EQ(turns[3], 1);
  const std::vector<std::uint32_t> many(10'000, 3);
  EXPECT_EQ(smooth_schedule(many).size(), many.size());
}

}  // namespace
}  // namespace muster::zones
