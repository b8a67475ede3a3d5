#include "registry/sources/marathon_ports.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "registry/label.h"
#include "registry/limits.h"

namespace muster::registry::sources {

namespace {

struct Protocols {
  bool tcp = false;
  bool udp = false;
};

// "" is tcp; nothing: another word.
std::optional<Protocols> protocols_of(std::string_view text) {
  if (text.empty()) return Protocols{true, false};
  const std::string lowered = ascii_lower(text);
  Protocols protocols;
  for (std::string_view rest = lowered; !rest.empty();) {
    const auto comma = rest.find(',');
    const std::string_view word = rest.substr(0, comma);
    rest.remove_prefix(comma == rest.npos ? rest.size() : comma + 1);
    if (word == "tcp") {
      protocols.tcp = true;
    } else if (word == "udp") {
      protocols.udp = true;
    } else {
      return std::nullopt;
    }
  }
  return protocols;
}

// One port as it is said, before it is held against the bounds.
struct Said {
  std::size_t index = 0;
  std::string_view name;
  std::string_view protocol;
  std::uint16_t number = 0;
  PortScope scope = PortScope::host;
  std::uint16_t service_port = 0;
};

class PortList {
 public:
  explicit PortList(Dropped& dropped) : dropped_(dropped) {}

  TaskPorts take() { return std::move(list_); }

  void add(const Said& said) {
    const auto protocols = protocols_of(said.protocol);
    if (!protocols || said.number == 0) return drop(dropped_, "bad_port");
    const std::string name = name_of(said.name);
    if (protocols->tcp) add(said, name, Protocol::tcp);
    if (protocols->udp) add(said, name, Protocol::udp);
  }

 private:
  // As Mesos names it in DNS: dots and underscores are hyphens.
  std::string name_of(std::string_view text) {
    std::string name = ascii_lower(text);
    std::ranges::replace_if(
        name, [](char c) { return c == '.' || c == '_'; }, '-');
    if (name.empty() || is_label(name, kMaxPortName)) return name;
    drop(dropped_, "bad_name");
    return "";
  }

  bool is_taken(const std::string& name, Protocol protocol) const {
    return std::ranges::any_of(
        list_.ports, [&](const Port& port) { return port.name == name && port.protocol == protocol; });
  }

  void add(const Said& said, std::string name, Protocol protocol) {
    if (list_.ports.size() == kMaxPorts) return drop(dropped_, "ports_truncated");
    if (!name.empty() && is_taken(name, protocol)) {
      drop(dropped_, "bad_name");
      name.clear();
    }
    list_.ports.push_back({std::move(name), said.number, protocol, said.scope, said.service_port, {}});
    list_.indexes.push_back(static_cast<std::uint16_t>(said.index));
  }

  TaskPorts list_;
  Dropped& dropped_;
};

// The port on the agent at this place, 0 when there is none.
std::uint16_t agent_port(const MarathonTask& task, std::size_t place) {
  return place < task.ports.size() ? task.ports[place] : 0;
}

std::uint16_t service_port(const MarathonTask& task, std::size_t index, const MarathonPort* definition) {
  if (index < task.service_ports.size() && task.service_ports[index] != 0) return task.service_ports[index];
  return definition == nullptr ? 0 : definition->service_port;
}

// Each port that the task has; what the app says of it is but its name.
void add_host_ports(const std::vector<MarathonPort>& definitions, const MarathonTask& task, PortList& list) {
  for (std::size_t i = 0; i < task.ports.size(); ++i) {
    const MarathonPort* definition = i < definitions.size() ? &definitions[i] : nullptr;
    if (task.ports[i] == 0 || (definition != nullptr && definition->is_bad))
      continue;  // counted where it was read
    Said said{i, "", "", task.ports[i], PortScope::host, service_port(task, i, definition)};
    if (definition != nullptr) {
      said.name = definition->name;
      said.protocol = definition->protocol;
    }
    list.add(said);
  }
}

// Of a mapping that could not be read at all nobody knows whether it has a port on the agent. It has if the
// task has more of these than the others need.
bool unknown_have_ports(const std::vector<MarathonPort>& mappings, const MarathonTask& task) {
  const auto known =
      std::ranges::count_if(mappings, [](const MarathonPort& p) { return p.host_port.has_value(); });
  return task.ports.size() > static_cast<std::size_t>(known);
}

void add_mapped_ports(const std::vector<MarathonPort>& mappings, bool all_on_agent, const MarathonTask& task,
                      PortList& list) {
  const bool unknown_too = unknown_have_ports(mappings, task);
  std::size_t place = 0;  // among the agent's ports
  for (std::size_t i = 0; i < mappings.size(); ++i) {
    const MarathonPort& mapping = mappings[i];
    const bool on_agent = all_on_agent || mapping.host_port || (mapping.is_bad && unknown_too);
    const std::size_t at = place;
    if (on_agent) ++place;
    if (mapping.is_bad) continue;
    const std::uint16_t number = on_agent ? agent_port(task, at) : mapping.number;
    if (on_agent && number == 0) continue;  // fewer than are defined
    list.add({i, mapping.name, mapping.protocol, number, on_agent ? PortScope::host : PortScope::container,
              service_port(task, i, &mapping)});
  }
}

const MarathonEndpoint* find_endpoint(const MarathonPod& pod, const MarathonEndpoint& wanted) {
  const auto found = std::ranges::find_if(pod.endpoints, [&](const MarathonEndpoint& one) {
    return one.container == wanted.container && one.name == wanted.name;
  });
  return found == pod.endpoints.end() ? nullptr : &*found;
}

}  // namespace

MarathonNetwork network_of(const MarathonApp& app) {
  const std::string mode = ascii_lower(app.networks.empty() ? app.docker_network : app.networks.front());
  if (mode == "container/bridge" || mode == "bridge") return MarathonNetwork::bridge;
  if (mode == "container" || mode == "user") return MarathonNetwork::container;
  return mode.empty() && app.has_ip_address ? MarathonNetwork::container : MarathonNetwork::host;
}

const std::vector<MarathonPort>& definitions_of(const MarathonApp& app) {
  if (network_of(app) != MarathonNetwork::host) {
    return app.mappings.empty() ? app.discovery_ports : app.mappings;
  }
  return app.definitions.empty() ? app.ports : app.definitions;
}

TaskPorts ports_of(const MarathonApp& app, const MarathonTask& task, Dropped& dropped) {
  PortList list(dropped);
  const MarathonNetwork network = network_of(app);
  if (network == MarathonNetwork::host) {
    add_host_ports(definitions_of(app), task, list);
  } else {
    add_mapped_ports(definitions_of(app), network == MarathonNetwork::bridge, task, list);
  }
  return list.take();
}

TaskPorts ports_of(const MarathonPod& pod, const MarathonPodInstance& instance, Dropped& dropped) {
  PortList list(dropped);
  for (std::size_t i = 0; i < instance.endpoints.size(); ++i) {
    const MarathonEndpoint& endpoint = instance.endpoints[i];
    const MarathonEndpoint* spec = find_endpoint(pod, endpoint);
    const bool on_agent = endpoint.host_port != 0;
    const std::uint16_t number = on_agent ? endpoint.host_port : spec == nullptr ? 0 : spec->number;
    list.add({i, endpoint.name, spec == nullptr ? std::string_view() : spec->protocol, number,
              on_agent ? PortScope::host : PortScope::container, 0});
  }
  return list.take();
}

}  // namespace muster::registry::sources
