// What is believed of a Marathon at one moment, by reference: cheap to take, and to be read on any thread,
// for what it points to does not change.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "registry/sources/marathon_state.h"

namespace muster::registry::sources {

struct MarathonBelief {
  // A task that was routable once: it stays so while its health results are missing.
  struct Seen {
    std::string id;
    bool is_well = false;
    bool operator==(const Seen&) const = default;
  };
  std::vector<std::shared_ptr<const MarathonApp>> apps;
  std::vector<std::shared_ptr<const MarathonPod>> pods;
  std::vector<Seen> seen;
};

}  // namespace muster::registry::sources
