// A timing wheel of 10 ms ticks. Moving a deadline is free: whoever owns a timer keeps the true deadline, and
// when the timer fires too soon for it, arms it again. So heartbeats never touch the wheel, and one ring is
// enough: what is due beyond its end waits in the last slot and is armed again from there, once in 82
// seconds.
//
// Never early: a timer fires in the first tick at or after its due time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "registry/net/clock.h"

namespace muster::registry {

// Base of what can be armed. Unlinks itself when destroyed.
class Timer {
 public:
  Timer() = default;
  ~Timer() { disarm(); }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  bool armed() const { return next_ != nullptr; }
  void disarm();

 private:
  friend class LeaseWheel;
  Timer* next_ = nullptr;
  Timer* previous_ = nullptr;
};

class LeaseWheel {
 public:
  static constexpr net::Millis kTick{10};
  static constexpr std::int64_t kSlots = 8192;  // 81.92 s

  explicit LeaseWheel(net::SteadyTime now);
  // Arms, or moves, a timer.
  void arm(Timer& timer, net::SteadyTime due);
  // The next timer whose tick has come, unlinked; null: none is due at `now`.
  Timer* pop(net::SteadyTime now);
  // The timer due first, whenever that is; null: none is armed. Costs a walk over the ring.
  Timer* pop_soonest();

 private:
  Timer& slot(std::int64_t tick) { return slots_[static_cast<std::size_t>(tick % kSlots)]; }
  std::vector<Timer> slots_;  // heads of rings
  std::int64_t next_tick_;    // all before it are empty
};

}  // namespace muster::registry
