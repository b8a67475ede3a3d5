// What stays of a deregistered instance for a while: its generation, so that a heartbeat which was under way
// cannot bring it back.
#pragma once

#include <string>

#include "registry/lease_wheel.h"
#include "registry/model.h"

namespace muster::registry {

struct Tombstone : Timer {
  std::string service;
  std::string id;
  std::uint64_t generation = 0;
  Cause cause = Cause::deregistered;
  SteadyTime until{};
};

// 2 × lease, within [shortest, 10 min].
Millis tombstone_span(Millis lease, Millis shortest);

}  // namespace muster::registry
