#include "registry/sources/mesos_elements.h"

#include <algorithm>

#include "registry/sources/json_element.h"

namespace muster::registry::sources {

namespace {

namespace json = boost::json;

MesosLabels read_labels(const json::array* list, Dropped& dropped) {
  MesosLabels labels;
  for_each_object(list, "bad_label", dropped, [&](const json::object& object) {
    MesosLabel label;
    if (take_text(object, "key", label.key) && take_text(object, "value", label.value) &&
        !label.key.empty()) {
      labels.push_back(std::move(label));
    } else {
      drop(dropped, "bad_label");
    }
  });
  return labels;
}

// A list here, {"labels": […]} inside of discovery.
MesosLabels labels_of(const json::object& object, Dropped& dropped) {
  if (const json::object* wrapped = object_at(object, "labels"))
    return read_labels(array_at(*wrapped, "labels"), dropped);
  return read_labels(array_at(object, "labels"), dropped);
}

// `ip_address` of the network itself is of Mesos 0.25, where there is no list.
MesosNetwork read_network(const json::object& object, Dropped& dropped) {
  MesosNetwork network;
  take_text(object, "name", network.name);
  const auto add = [&](const json::object& holder) {
    std::string address;
    if (!take_text(holder, "ip_address", address)) return drop(dropped, "bad_address");
    if (!address.empty()) network.addresses.push_back(std::move(address));
  };
  for_each_object(array_at(object, "ip_addresses"), "bad_address", dropped, add);
  if (network.addresses.empty()) add(object);
  return network;
}

MesosStatus read_status(const json::object& object, Dropped& dropped) {
  MesosStatus status;
  take_text(object, "state", status.state);
  status.timestamp = number_at(object, "timestamp").value_or(0);
  status.healthy = flag_at(object, "healthy");
  status.labels = labels_of(object, dropped);
  if (const json::object* container = object_at(object, "container_status")) {
    for_each_object(
        array_at(*container, "network_infos"), "bad_address", dropped,
        [&](const json::object& network) { status.networks.push_back(read_network(network, dropped)); });
  }
  return status;
}

std::optional<MesosDiscoveryPort> read_discovery_port(const json::object& object, Dropped& dropped) {
  MesosDiscoveryPort port;
  const json::value* number = member(object, "number");
  const std::int64_t* value = number == nullptr ? nullptr : number->if_int64();
  if (value == nullptr || *value < 1 || *value > 65535 || !take_text(object, "name", port.name) ||
      !take_text(object, "protocol", port.protocol)) {
    return std::nullopt;
  }
  port.number = static_cast<std::uint16_t>(*value);
  take_text(object, "visibility", port.visibility);
  port.labels = labels_of(object, dropped);
  return port;
}

MesosDiscovery read_discovery(const json::object& object, Dropped& dropped) {
  MesosDiscovery discovery;
  take_text(object, "name", discovery.name);
  take_text(object, "visibility", discovery.visibility);
  discovery.labels = labels_of(object, dropped);
  if (const json::object* ports = object_at(object, "ports")) {
    for_each_object(array_at(*ports, "ports"), "bad_port", dropped, [&](const json::object& one) {
      if (auto port = read_discovery_port(one, dropped)) {
        discovery.ports.push_back(std::move(*port));
      } else {
        drop(dropped, "bad_port");
      }
    });
  }
  return discovery;
}

MesosPorts read_ports(const json::object& task, std::size_t most, Dropped& dropped) {
  const json::object* resources = object_at(task, "resources");
  std::string text;
  if (resources == nullptr) return {};
  MesosPorts ports;
  if (take_text(*resources, "ports", text)) {
    ports = read_mesos_ports(text, most);
  } else {
    ports.bad = true;
  }
  if (ports.bad) drop(dropped, "bad_port");
  if (ports.cut) drop(dropped, "ports_truncated");
  return ports;
}

constexpr double kGraceSeconds = 10;  // of a health check that names none

// What both forms of a task have.
void read_common(const json::object& object, MesosTask& task, Dropped& dropped) {
  for_each_object(array_at(object, "statuses"), "bad_status", dropped,
                  [&](const json::object& status) { task.statuses.push_back(read_status(status, dropped)); });
  task.labels = labels_of(object, dropped);
  if (const json::object* discovery = object_at(object, "discovery"))
    task.discovery = read_discovery(*discovery, dropped);
  if (const json::object* check = object_at(object, "health_check"))
    task.grace_seconds = number_at(*check, "grace_period_seconds").value_or(kGraceSeconds);
}

bool has_long_name(const MesosTask& task) {
  const std::size_t discovery = task.discovery ? task.discovery->name.size() : 0;
  return std::max({task.id.size(), task.name.size(), task.agent_id.size(), discovery}) > kLongestName;
}

// Ranges of one resource; what is no range of ports is left out.
void add_ranges(const json::object& resource, std::string& text, bool& is_bad) {
  const json::object* ranges = object_at(resource, "ranges");
  const json::array* list = ranges == nullptr ? nullptr : array_at(*ranges, "range");
  if (list == nullptr) {
    is_bad = true;
    return;
  }
  for (const json::value& range : *list) {
    const json::object* limits = range.if_object();
    const auto begin = limits == nullptr ? std::nullopt : number_at(*limits, "begin");
    const auto end = limits == nullptr ? std::nullopt : number_at(*limits, "end");
    if (!begin || !end || !(*begin >= 0) || !(*end >= 0) || *begin > 65535 || *end > 65535) {
      is_bad = true;
      continue;
    }
    if (!text.empty()) text += ',';
    text += std::to_string(static_cast<unsigned>(*begin)) + "-" + std::to_string(static_cast<unsigned>(*end));
  }
}

// Resources of v1: a list, of which those named `ports` are ranges. As text, so that both forms are read
// alike.
std::string ranges_text(const json::object& task, bool& is_bad) {
  std::string text;
  const json::array* resources = array_at(task, "resources");
  if (resources == nullptr) return text;
  for (const json::value& one : *resources) {
    const json::object* resource = one.if_object();
    if (resource != nullptr && text_at(*resource, "name") == "ports") add_ranges(*resource, text, is_bad);
  }
  return text;
}

// {"nanoseconds": …} since 1970, as seconds.
double seconds_at(const json::object& object, std::string_view key) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  const json::object* time = object_at(object, key);
  const json::value* value = time == nullptr ? nullptr : member(*time, "nanoseconds");
  const std::int64_t* nanoseconds = value == nullptr ? nullptr : value->if_int64();
  if (nanoseconds == nullptr || *nanoseconds < 0) return 0;
  return static_cast<double>(*nanoseconds / kSecond) + static_cast<double>(*nanoseconds % kSecond) / 1e9;
}

void read_domain(const json::object& object, MesosAgent& agent) {
  const json::object* domain = object_at(object, "domain");
  const json::object* faults = domain == nullptr ? nullptr : object_at(*domain, "fault_domain");
  if (faults == nullptr) return;
  if (const json::object* region = object_at(*faults, "region")) agent.region = text_at(*region, "name");
  if (const json::object* zone = object_at(*faults, "zone")) agent.zone = text_at(*zone, "name");
}

}  // namespace

std::optional<MesosTask> read_mesos_task(const json::object& object, std::size_t most_ports,
                                         Dropped& dropped) {
  MesosTask task;
  const bool usable = take_text(object, "id", task.id) && take_text(object, "name", task.name) &&
                      take_text(object, "slave_id", task.agent_id) && take_text(object, "state", task.state);
  if (!usable || task.id.empty()) {
    drop(dropped, "bad_task");
    return std::nullopt;
  }
  task.ports = read_ports(object, most_ports, dropped);
  read_common(object, task, dropped);
  if (has_long_name(task)) return drop(dropped, "name_too_long"), std::nullopt;
  return task;
}

std::optional<MesosAgent> read_mesos_agent(const json::object& object, Dropped& dropped) {
  MesosAgent agent;
  if (!take_text(object, "id", agent.id) || agent.id.empty()) {
    drop(dropped, "bad_agent");
    return std::nullopt;
  }
  agent.hostname = text_at(object, "hostname");
  agent.pid = text_at(object, "pid");
  agent.active = flag_at(object, "active").value_or(true);
  read_domain(object, agent);
  return agent;
}

MesosStatus read_mesos_status(const json::object& object, Dropped& dropped) {
  return read_status(object, dropped);
}

std::string mesos_id_at(const json::object& object, std::string_view key) {
  const json::object* id = object_at(object, key);
  return id == nullptr ? std::string() : text_at(*id, "value");
}

std::optional<MesosTaskV1> read_mesos_task_v1(const json::object& object, std::size_t most_ports,
                                              Dropped& dropped) {
  MesosTaskV1 read;
  MesosTask& task = read.task;
  task.id = mesos_id_at(object, "task_id");
  task.agent_id = mesos_id_at(object, "agent_id");
  read.framework_id = mesos_id_at(object, "framework_id");
  if (task.id.empty() || read.framework_id.empty() || !take_text(object, "name", task.name) ||
      !take_text(object, "state", task.state)) {
    drop(dropped, "bad_task");
    return std::nullopt;
  }
  bool is_bad = false;
  task.ports = read_mesos_ports(ranges_text(object, is_bad), most_ports);
  task.ports.bad |= is_bad;
  if (task.ports.bad) drop(dropped, "bad_port");
  if (task.ports.cut) drop(dropped, "ports_truncated");
  read_common(object, task, dropped);
  if (has_long_name(task)) return drop(dropped, "name_too_long"), std::nullopt;
  return read;
}

std::optional<MesosAgent> read_mesos_agent_v1(const json::object& object, Dropped& dropped) {
  const json::object* info = object_at(object, "agent_info");
  MesosAgent agent;
  if (info != nullptr) agent.id = mesos_id_at(*info, "id");
  if (agent.id.empty()) {
    drop(dropped, "bad_agent");
    return std::nullopt;
  }
  agent.hostname = text_at(*info, "hostname");
  agent.pid = text_at(object, "pid");
  agent.active = flag_at(object, "active").value_or(true);
  read_domain(*info, agent);
  return agent;
}

std::optional<MesosFramework> read_mesos_framework_v1(const json::object& object, Dropped& dropped) {
  const json::object* info = object_at(object, "framework_info");
  MesosFramework framework;
  if (info != nullptr) framework.id = mesos_id_at(*info, "id");
  if (framework.id.empty()) {
    drop(dropped, "bad_framework");
    return std::nullopt;
  }
  framework.name = text_at(*info, "name");
  framework.hostname = text_at(*info, "hostname");
  framework.active = flag_at(object, "active").value_or(true);
  framework.connected = flag_at(object, "connected").value_or(true);
  framework.recovered = flag_at(object, "recovered").value_or(false);
  framework.registered_time = seconds_at(object, "registered_time");
  return framework;
}

}  // namespace muster::registry::sources
