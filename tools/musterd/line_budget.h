// How many lines of one kind may go into the log in a second; what is over is counted and told in one line
// afterwards, so that a storm of changes costs the log a few lines a second and is seen all the same. One
// thread's.
#pragma once

#include <cstdint>

#include "registry/net/clock.h"

namespace muster::tools {

class LineBudget {
 public:
  static constexpr net::Millis kWindow{1'000};

  explicit LineBudget(std::uint32_t most) : most_(most) {}

  // True: write the line.
  bool take(net::SteadyTime now) {
    if (now >= window_end_ && suppressed_ == 0) begin(now);
    if (written_ < most_) return ++written_, true;
    ++suppressed_;
    return false;
  }

  // What was suppressed in a window that is over; 0: nothing, or it still runs.
  std::uint64_t settle(net::SteadyTime now) {
    if (now < window_end_ || suppressed_ == 0) return 0;
    const std::uint64_t count = suppressed_;
    begin(now);
    return count;
  }

 private:
  void begin(net::SteadyTime now) {
    window_end_ = now + kWindow;
    written_ = 0;
    suppressed_ = 0;
  }

  std::uint32_t most_;
  std::uint32_t written_ = 0;
  std::uint64_t suppressed_ = 0;
  net::SteadyTime window_end_{};
};

}  // namespace muster::tools
