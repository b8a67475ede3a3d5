// One element of the state of Mesos, from JSON. Members of a wrong type or value cost what they stand in, and
// no more: a port, a label, a status, a task.
#pragma once

#include <boost/json/object.hpp>
#include <optional>

#include "registry/sources/mesos_state.h"

namespace muster::registry::sources {

// Nothing: without a usable id; counted as `bad_task`, `bad_agent`. At most `most_ports` of a task's
// resources are kept, the lowest.
std::optional<MesosTask> read_mesos_task(const boost::json::object& json, std::size_t most_ports,
                                         Dropped& dropped);
std::optional<MesosAgent> read_mesos_agent(const boost::json::object& json, Dropped& dropped);

}  // namespace muster::registry::sources
