// What changed in what a Mesos source shows: to the Mesos-DNS view, and to the registry.
#pragma once

#include <cstddef>
#include <deque>

#include "registry/change.h"
#include "registry/scheduler.h"

namespace muster::registry::sources {

struct MesosStep {
  SchedulerChange seen;
  SourceStep native;
  bool empty() const { return seen.empty() && native.gone.empty() && native.listed.empty(); }
};

// The step as several, to be taken in their order, so that a whole cluster holds nobody up: first what tasks
// stand on (agents, frameworks, masters), then at most `most` tasks of each list and as many instances at a
// time, those that go before those that come. At least one.
std::deque<MesosStep> pieces_of(MesosStep step, std::size_t most);

}  // namespace muster::registry::sources
