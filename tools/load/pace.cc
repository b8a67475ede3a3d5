#include "tools/load/pace.h"

#include <sched.h>

#include <algorithm>
#include <thread>

namespace muster::load {

Pace::Pace(double rate)
    : period_(rate > 0 ? std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(1 / rate))
                       : Clock::duration::zero()) {}

void Pace::start(Clock::time_point now) { schedule_ = next_ = now; }

void Pace::sent(Clock::time_point now) {
  late_us_.push_back(static_cast<std::uint32_t>((now - schedule_) / std::chrono::microseconds(1)));
  schedule_ += period_;
  next_ = std::max(schedule_, now + period_ / 2);
}

void Pace::sleep() const { std::this_thread::sleep_until(next_); }

std::uint32_t Pace::late_p99_us() const {
  if (late_us_.empty()) return 0;
  std::vector<std::uint32_t> sorted = late_us_;
  const auto at = sorted.begin() + static_cast<std::ptrdiff_t>((sorted.size() - 1) * 99 / 100);
  std::nth_element(sorted.begin(), at, sorted.end());
  return *at;
}

void become_punctual() {
  const sched_param lowest{sched_get_priority_min(SCHED_FIFO)};
  sched_setscheduler(0, SCHED_FIFO, &lowest);
}

}  // namespace muster::load
