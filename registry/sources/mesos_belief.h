// What is believed of a Mesos cluster at one moment, by reference: cheap to take, and to be read on any
// thread, for what it points to does not change.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "registry/sources/mesos_state.h"

namespace muster::registry::sources {

struct MesosBelief {
  struct Framework {
    std::shared_ptr<const MesosFramework> info;           // without its tasks
    std::vector<std::shared_ptr<const MesosTask>> tasks;  // in the order in which they were first seen
  };
  std::string leader;
  std::vector<std::shared_ptr<const MesosAgent>> agents;
  std::vector<Framework> frameworks;  // by their first tasks; those without any come last
};

}  // namespace muster::registry::sources
