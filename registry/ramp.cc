#include "registry/ramp.h"

#include <algorithm>
#include <cmath>

namespace muster::registry {

double share_after(net::Millis elapsed, const SlowStart& slow) {
  if (elapsed >= slow.span) return 1;
  const double part =
      static_cast<double>(std::max(elapsed, net::Millis(0)).count()) / static_cast<double>(slow.span.count());
  return std::max(slow.least, std::pow(part, 1 / slow.aggression));
}

net::Millis step_of(const SlowStart& slow) { return std::max(slow.span / 20, net::Millis(200)); }

net::SteadyTime next_step(net::SteadyTime now, const SlowStart& slow) {
  const auto passed = now.time_since_epoch();
  return now + step_of(slow) - std::chrono::duration_cast<net::Millis>(passed % step_of(slow));
}

}  // namespace muster::registry
