// When an open-loop load sends: at even distances, whatever becomes of the replies.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

namespace muster::load {

class Pace {
 public:
  using Clock = std::chrono::steady_clock;

  // So many a second; 0: no pace, the load is a closed loop.
  explicit Pace(double rate);

  explicit operator bool() const { return period_ > Clock::duration::zero(); }

  void start(Clock::time_point now);
  bool is_due(Clock::time_point now) const { return now >= next_; }

  // What was missed, because the program did not run or had too much outstanding, is made up for at twice the
  // pace: at once it would be a burst that nobody asked for.
  void sent(Clock::time_point now);

  // Until the next is due. A reply does not end it: to wake the program for each would be work of the
  // server's core, which a client on another machine does not ask of it.
  void sleep() const;

  // Of 100 sends 99 were at most so late, in microseconds.
  std::uint32_t late_p99_us() const;

 private:
  Clock::duration period_;
  Clock::time_point schedule_{};  // of the next, had nothing been missed
  Clock::time_point next_{};
  std::vector<std::uint32_t> late_us_;
};

// Asks for real-time priority for this process: on a core that another load keeps busy, a program that wakes
// waits for the scheduler's next tick, milliseconds, and what it then sends is a burst. Where it is refused,
// Pace::late_p99_us() shows it.
void become_punctual();

}  // namespace muster::load
