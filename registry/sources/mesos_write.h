// What is believed of a Mesos cluster as JSON, in the form of /master/state: what the store keeps for a start
// without a master.
#pragma once

#include "registry/sources/mesos_belief.h"
#include "registry/sources/source_picture.h"

namespace muster::registry::sources {

// MesosStateParser reads back the same state. It comes in pieces of some 64 KiB.
void write_mesos_state(const MesosBelief& belief, const TextSink& sink);

}  // namespace muster::registry::sources
