// A state of Mesos as JSON again, in the form of /master/state: what the store keeps for a start without a
// master.
#pragma once

#include <string>

#include "registry/sources/mesos_state.h"

namespace muster::registry::sources {

// MesosStateParser reads back the same state, but for what was dropped of it and lists that were none.
std::string write_mesos_state(const MesosState& state);

}  // namespace muster::registry::sources
