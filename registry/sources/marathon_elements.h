// One element of what Marathon says, from JSON: a member of an app, a task, a pod's instance. What is of a
// wrong type or value costs what it stands in, and no more: a port, a label, an address, a task.
#pragma once

#include <boost/json/fwd.hpp>
#include <optional>
#include <string_view>

#include "registry/sources/marathon_state.h"

namespace muster::registry::sources {

// What is kept of an app's member other than its tasks.
void read_app_member(std::string_view key, const boost::json::value& value, std::size_t most_ports,
                     MarathonApp& app, Dropped& dropped);
bool is_app_member(std::string_view key);  // one that read_app_member knows

struct MarathonReadTask {
  std::string app;  // its appId, "" when it says none
  MarathonTask task;
};
// Nothing: without a usable id or host; counted as `bad_task`, `no_host`, `name_too_long`.
std::optional<MarathonReadTask> read_marathon_task(const boost::json::object& json, std::size_t most_ports,
                                                   Dropped& dropped);

void read_pod_spec(const boost::json::object& json, std::size_t most_ports, MarathonPod& pod,
                   Dropped& dropped);
std::optional<MarathonPodInstance> read_pod_instance(const boost::json::object& json, std::size_t most_ports,
                                                     Dropped& dropped);

}  // namespace muster::registry::sources
