// Time as it is passed around: nobody below tools/ reads a clock. Steady time measures spans (leases,
// time-outs), wall time is only shown and stored.
#pragma once

#include <chrono>

namespace muster::net {

using Millis = std::chrono::milliseconds;
using SteadyTime = std::chrono::time_point<std::chrono::steady_clock, Millis>;
using WallTime = std::chrono::time_point<std::chrono::system_clock, Millis>;

// One look at both clocks.
struct Instant {
  SteadyTime steady{};
  WallTime wall{};
};

inline Instant operator+(Instant at, Millis span) { return {at.steady + span, at.wall + span}; }

// The machine's clocks, for tools/ and for threads that tools/ starts.
inline Instant machine_now() {
  return {std::chrono::time_point_cast<Millis>(std::chrono::steady_clock::now()),
          std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now())};
}

}  // namespace muster::net
