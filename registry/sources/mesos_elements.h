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
MesosStatus read_mesos_status(const boost::json::object& json, Dropped& dropped);

// The same as the v1 operator API writes them, where an id is {"value": …}.
struct MesosTaskV1 {
  MesosTask task;
  std::string framework_id;
};
std::optional<MesosTaskV1> read_mesos_task_v1(const boost::json::object& json, std::size_t most_ports,
                                              Dropped& dropped);
std::optional<MesosAgent> read_mesos_agent_v1(const boost::json::object& json, Dropped& dropped);
// Without its tasks, and without a pid, which that API does not tell.
std::optional<MesosFramework> read_mesos_framework_v1(const boost::json::object& json, Dropped& dropped);
// The text of `key`, which is {"value": text}; "": there is none.
std::string mesos_id_at(const boost::json::object& json, std::string_view key);

}  // namespace muster::registry::sources
