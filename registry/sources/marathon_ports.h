// The ports of one of Marathon's tasks: which number is which port, and whether it is one of the agent's or
// of the task's own addresses. That depends on the app's network.
#pragma once

#include <cstdint>
#include <vector>

#include "registry/model.h"
#include "registry/sources/marathon_state.h"

namespace muster::registry::sources {

enum class MarathonNetwork : std::uint8_t {
  host,       // the agent's own
  bridge,     // behind ports of the agent
  container,  // with addresses of its own
};
MarathonNetwork network_of(const MarathonApp& app);
// The app's own word on its ports, in whichever form.
const std::vector<MarathonPort>& definitions_of(const MarathonApp& app);

struct TaskPorts {
  std::vector<Port> ports;
  std::vector<std::uint16_t> indexes;  // of each, its place among the app's: the n of HAPROXY_n_…
  bool operator==(const TaskPorts&) const = default;
};

// Within the bounds of the registry: the first kMaxPorts; a name that is no label, or that another port of
// the same protocol has, is left out. Reasons: `bad_port`, `bad_name`, `ports_truncated`.
TaskPorts ports_of(const MarathonApp& app, const MarathonTask& task, Dropped& dropped);
TaskPorts ports_of(const MarathonPod& pod, const MarathonPodInstance& instance, Dropped& dropped);

}  // namespace muster::registry::sources
