// The distances at which the benchmark's open-loop loads send.
#include "tools/load/pace.h"

#include <gtest/gtest.h>

#include <chrono>
#include <vector>

namespace muster::load {
namespace {

using namespace std::chrono_literals;

const Pace::Clock::time_point kStart{1h};

// When it sends, in microseconds from the start, if it looks every 10 us, but from `blind` on for
// `for_so_long`.
std::vector<long> sends(double rate, std::chrono::microseconds blind, std::chrono::microseconds for_so_long) {
  Pace pace(rate);
  pace.start(kStart);
  std::vector<long> at;
  for (auto now = 0us; now < 10ms; now += 10us) {
    if (now >= blind && now < blind + for_so_long) continue;
    if (!pace.is_due(kStart + now)) continue;
    pace.sent(kStart + now);
    at.push_back(now.count());
  }
  return at;
}

TEST(Pace, IsEven) {
  EXPECT_EQ(sends(1000, 0us, 0us),
            (std::vector<long>{0, 1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 9000}));
}

TEST(Pace, MakesUpForWhatWasMissedAtTwiceThePace) {
  EXPECT_EQ(sends(1000, 2500us, 2000us),
            (std::vector<long>{0, 1000, 2000, 4500, 5000, 5500, 6000, 7000, 8000, 9000}));
}

TEST(Pace, TellsHowLateItWas) {
  Pace pace(1000);
  pace.start(kStart);
  EXPECT_EQ(pace.late_p99_us(), 0u);
  for (int i = 0; i < 100; ++i) pace.sent(kStart + i * 1ms + 7us);
  EXPECT_EQ(pace.late_p99_us(), 7u);
  for (int i = 100; i < 103; ++i) pace.sent(kStart + i * 1ms + 900us);
  EXPECT_EQ(pace.late_p99_us(), 900u);
}

TEST(Pace, IsNoneWithoutARate) {
  EXPECT_FALSE(Pace(0));
  EXPECT_TRUE(Pace(0.5));
}

}  // namespace
}  // namespace muster::load
