#include "dns/timing.h"

#include <gtest/gtest.h>

namespace muster::dns {
namespace {

TEST(Sampler, TimesOneQueryIn1024WhateverTheBatches) {
  constexpr struct {
    const char* why;
    std::size_t batch;
  } kRows[] = {{"TCP", 1}, {"light load", 3}, {"no divisor", 37}, {"full batches", 64}};
  for (const auto& row : kRows) {
    SCOPED_TRACE(row.why);
    Sampler sampler;
    std::size_t due = 0;
    constexpr std::size_t kQueries = 1024 * 50;
    for (std::size_t seen = 0; seen < kQueries; seen += row.batch) due += sampler.is_due(row.batch) ? 1 : 0;
    EXPECT_EQ(due, 50U);
  }
}

TEST(Sampler, NeedsNoClockBeforeItIsDue) {
  Sampler sampler;
  for (int i = 0; i < 1023; ++i) EXPECT_FALSE(sampler.is_due(1));
  EXPECT_TRUE(sampler.is_due(1));
  EXPECT_FALSE(sampler.is_due(1));
}

}  // namespace
}  // namespace muster::dns
