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

}  // namespace muster::registry
