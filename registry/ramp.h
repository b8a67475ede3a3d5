// A slow start: an instance that comes back gets a small share of its weight first and the whole of it bit by
// bit, so that an empty cache or a cold process is not run over.
#pragma once

#include "registry/lease_wheel.h"

namespace muster::registry {

struct Entry;

struct SlowStart {
  net::Millis span{0};    // 0: none
  double least = 0.1;     // the share it begins with
  double aggression = 1;  // over 1: grows fast at first
  bool operator==(const SlowStart&) const = default;
};

// One under way, armed for its next step.
struct Ramp : Timer {
  Ramp(Entry& of, net::SteadyTime now) : entry(&of), since(now) {}
  Entry* entry;
  net::SteadyTime since;
  double share = 0;
};

// max(least, (elapsed / span)^(1 / aggression)); 1 once the span is over.
double share_after(net::Millis elapsed, const SlowStart& slow);
// A twentieth of the span, not under 200 ms: each step changes answers.
net::Millis step_of(const SlowStart& slow);
// When the next step is: all of one service at the same moments, so that their answers are made anew once for
// all.
net::SteadyTime next_step(net::SteadyTime now, const SlowStart& slow);

}  // namespace muster::registry
