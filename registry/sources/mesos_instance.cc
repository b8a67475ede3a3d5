#include "registry/sources/mesos_instance.h"

#include <algorithm>
#include <utility>

#include "registry/glob.h"
#include "registry/limits.h"
#include "registry/sources/marathon_labels.h"
#include "registry/sources/task_state.h"

namespace muster::registry::sources {

namespace {

constexpr std::string_view kScope = "network-scope";
constexpr std::string_view kNetworkName = "network-name";
constexpr std::string_view kDockerAddress = "Docker.NetworkSettings.IPAddress";
constexpr std::string_view kMesosAddress = "MesosContainerizer.NetworkSettings.IPAddress";

const std::string* label_of(const MesosLabels& labels, std::string_view key) {
  const auto found = std::ranges::find(labels, key, &MesosLabel::key);
  return found == labels.end() ? nullptr : &found->value;
}

bool is_of_agent(const MesosDiscoveryPort& port) {
  const std::string* scope = label_of(port.labels, kScope);
  return scope != nullptr && *scope == "host";
}

const MesosDiscovery* discovery_of(const MesosTask& task) {
  return task.discovery && !task.discovery->name.empty() ? &*task.discovery : nullptr;
}

std::vector<std::string> values_of(const MesosLabels& labels, std::string_view key) {
  std::vector<std::string> values;
  for (const MesosLabel& label : labels) {
    if (label.key == key) values.push_back(label.value);
  }
  return values;
}

// Networks that a port names; none: all count.
std::vector<std::string> wanted_networks(const MesosTask& task, const MesosRules& rules) {
  std::vector<std::string> names;
  const MesosDiscovery* discovery = rules.port_scope ? discovery_of(task) : nullptr;
  if (discovery == nullptr) return names;
  for (const MesosDiscoveryPort& port : discovery->ports) {
    const std::string* scope = label_of(port.labels, kScope);
    const std::string* name = label_of(port.labels, kNetworkName);
    if (scope != nullptr && *scope == "container" && name != nullptr && !name->empty())
      names.push_back(*name);
  }
  return names;
}

std::vector<std::string> literals_of(const MesosStatus& status, IpSource source,
                                     const std::vector<std::string>& networks) {
  if (source == IpSource::docker) return values_of(status.labels, kDockerAddress);
  if (source == IpSource::mesos) return values_of(status.labels, kMesosAddress);
  std::vector<std::string> literals;
  for (const MesosNetwork& network : status.networks) {
    if (!networks.empty() && std::ranges::find(networks, network.name) == networks.end()) continue;
    literals.insert(literals.end(), network.addresses.begin(), network.addresses.end());
  }
  return literals;
}

// Of the newest report of a running task that has something for this source: a report on its health may have
// nothing.
std::vector<IpAddress> addresses_from(const MesosTask& task, IpSource source,
                                      const std::vector<std::string>& networks) {
  std::vector<IpAddress> best;
  double newest = 0;
  for (const MesosStatus& status : task.statuses) {
    if (parse_task_state(status.state) != TaskState::running) continue;
    if (!best.empty() && status.timestamp <= newest) continue;
    auto addresses = usable_addresses(literals_of(status, source, networks));
    if (addresses.empty()) continue;
    best = std::move(addresses);
    newest = status.timestamp;
  }
  return best;
}

bool are_all_of_agent(const MesosTask& task) {
  const MesosDiscovery* discovery = discovery_of(task);
  return discovery != nullptr && !discovery->ports.empty() &&
         std::ranges::all_of(discovery->ports, is_of_agent);
}

MarathonLabels as_map(const MesosLabels& labels) {
  MarathonLabels map;
  for (const MesosLabel& label : labels) map.try_emplace(label.key, label.value);
  return map;
}

// The labels of the task, of its DiscoveryInfo, of its ports, in this order.
std::vector<MarathonLabels> labels_of(const MesosTask& task) {
  std::vector<MarathonLabels> maps = {as_map(task.labels)};
  if (task.discovery) {
    maps.push_back(as_map(task.discovery->labels));
    for (const MesosDiscoveryPort& port : task.discovery->ports) maps.push_back(as_map(port.labels));
  }
  return maps;
}

LabelWords words_of(const MesosTask& task, const MesosRules& rules, Dropped& dropped) {
  const std::vector<MarathonLabels> maps = labels_of(task);
  LabelPlaces places;
  for (const MarathonLabels& map : maps) places.push_back(&map);
  return read_label_words(places, rules.weight_labels, dropped);
}

void add_port(InstanceBody& body, Port port, Dropped& dropped) {
  const bool is_there = std::ranges::any_of(body.ports, [&](const Port& other) {
    return other.number == port.number && other.protocol == port.protocol;
  });
  if (is_there) return;
  if (body.ports.size() == kMaxPorts) return drop(dropped, "ports_truncated");
  const bool is_named = std::ranges::any_of(body.ports, [&](const Port& other) {
    return !port.name.empty() && other.name == port.name && other.protocol == port.protocol;
  });
  if (is_named) port.name.clear();
  body.ports.push_back(std::move(port));
}

// `is_on_agent`: the task has no addresses but its agent's, so a port whose labels do not say is one there.
void add_ports(InstanceBody& body, const MesosTask& task, bool is_on_agent, const MesosRules& rules,
               Dropped& dropped) {
  const MesosDiscovery* discovery = discovery_of(task);
  if (discovery == nullptr || discovery->ports.empty()) {
    for (const std::uint16_t number : task.ports.numbers)
      add_port(body, {"", number, Protocol::tcp, PortScope::host, 0, {}}, dropped);
    return;
  }
  for (const MesosDiscoveryPort& port : discovery->ports) {
    std::string name = mesos_label(port.name, rules.label_rule());
    if (name.size() > kMaxPortName) name.clear();
    const bool is_host = is_of_agent(port) || (is_on_agent && label_of(port.labels, kScope) == nullptr);
    const PortScope scope = is_host ? PortScope::host : PortScope::container;
    const auto protocols = mesos_protocols(port.protocol, rules.label_rule());
    const bool has_udp = std::ranges::find(protocols, "udp") != protocols.end();
    const bool has_tcp = std::ranges::find(protocols, "tcp") != protocols.end();
    if (has_tcp || !has_udp) add_port(body, {name, port.number, Protocol::tcp, scope, 0, {}}, dropped);
    if (has_udp) add_port(body, {name, port.number, Protocol::udp, scope, 0, {}}, dropped);
  }
}

void replace(std::string& text, std::string_view what, std::string_view by) {
  if (const auto at = text.find(what); at != text.npos) text.replace(at, what.size(), by);
}

std::string service_of(const SchedulerTask& seen, const LabelWords& words, const MesosRules& rules) {
  if (!words.is_enabled || rules.service_name.empty()) return "";
  if (!words.service.empty()) return words.service;
  const std::string name = mesos_label(seen.name, rules.label_rule());
  if (name.empty()) return "";
  std::string service = rules.service_name;
  std::string framework = mesos_framework(seen.framework, rules.label_rule());
  std::ranges::replace(framework, '.', '-');
  replace(service, "{name}", name);
  replace(service, "{framework}", framework);
  replace(service, "{source}", rules.source);
  return service.size() <= kMaxForeignName ? service : "";
}

}  // namespace

std::vector<IpAddress> usable_addresses(const std::vector<IpAddress>& addresses) {
  std::vector<IpAddress> usable;
  for (const IpAddress& address : addresses) {
    if (usable.size() == kMaxAddresses) break;
    if (address.is_unspecified() || address.is_multicast() || address.is_broadcast()) continue;
    if (std::ranges::find(usable, address) == usable.end()) usable.push_back(address);
  }
  return usable;
}

std::vector<IpAddress> usable_addresses(const std::vector<std::string>& literals) {
  std::vector<IpAddress> addresses;
  for (const std::string& literal : literals) {
    if (const auto address = net::parse_ip(literal)) addresses.push_back(*address);
  }
  return usable_addresses(addresses);
}

std::vector<IpAddress> mesos_addresses(const MesosTask& task, const std::vector<IpAddress>& agent,
                                       const MesosRules& rules) {
  if (rules.port_scope && are_all_of_agent(task)) return agent;
  const std::vector<std::string> networks = wanted_networks(task, rules);
  for (const IpSource source : rules.ip_sources) {
    if (source == IpSource::host) {
      if (!agent.empty()) return agent;
      continue;
    }
    if (auto addresses = addresses_from(task, source, networks); !addresses.empty()) return addresses;
  }
  return {};
}

SchedulerTask scheduler_task(const MesosTracked& tracked, const std::vector<IpAddress>& agent, bool is_ready,
                             const MesosRules& rules) {
  const MesosTask& task = *tracked.task;
  SchedulerTask seen;
  seen.id = task.id;
  seen.framework = tracked.framework->name;
  seen.agent_id = task.agent_id;
  seen.is_ready = is_ready;
  seen.agent_addresses = agent;
  seen.host_ports = task.ports.numbers;
  seen.addresses = mesos_addresses(task, agent, rules);
  const MesosDiscovery* discovery = discovery_of(task);
  seen.has_discovery = discovery != nullptr;
  seen.name = discovery == nullptr ? task.name : discovery->name;
  Dropped passed_over;  // told once, by the instance
  seen.weight = words_of(task, rules, passed_over).weight;
  if (discovery == nullptr) return seen;
  for (const MesosDiscoveryPort& port : discovery->ports)
    seen.discovery_ports.push_back(
        {port.number, port.name, port.protocol, rules.port_scope && is_of_agent(port)});
  return seen;
}

MesosInstance mesos_instance_of(const MesosTracked& tracked, const SchedulerTask& seen,
                                const MesosRules& rules, Dropped& dropped) {
  const LabelWords words = words_of(*tracked.task, rules, dropped);
  MesosInstance instance;
  instance.service = service_of(seen, words, rules);
  instance.is_enabled = words.is_enabled;
  InstanceBody& body = instance.body;
  add_ports(body, *tracked.task, seen.addresses == seen.agent_addresses, rules, dropped);
  const bool has_own =
      std::ranges::any_of(body.ports, [](const Port& port) { return port.scope == PortScope::container; });
  const bool has_host =
      std::ranges::any_of(body.ports, [](const Port& port) { return port.scope == PortScope::host; });
  // Only pairs that can be reached: a port of the agent's with its addresses.
  body.addresses = has_host && !has_own ? seen.agent_addresses : seen.addresses;
  if (has_host && has_own && seen.agent_addresses != seen.addresses)
    body.host_addresses = seen.agent_addresses;
  body.weight = words.weight;
  body.priority = words.priority;
  body.tags = words.tags;
  body.task = seen.id;
  add_tag(body.tags, "framework", seen.framework);
  add_tag(body.tags, "agent", seen.agent_id);
  if (tracked.agent) {
    add_tag(body.tags, "zone", tracked.agent->zone);
    add_tag(body.tags, "region", tracked.agent->region);
  }
  return instance;
}

std::string mesos_service_of(const MesosTracked& tracked, const SchedulerTask& seen,
                             const MesosRules& rules) {
  Dropped told_once_it_is_served;
  return service_of(seen, words_of(*tracked.task, rules, told_once_it_is_served), rules);
}

SchedulerFacts facts_of(const MesosTracked& tracked, const SchedulerTask& seen, const MesosRules& rules) {
  MarathonLabels labels;
  for (MarathonLabels& place : labels_of(*tracked.task)) labels.merge(place);
  return {rules.source, seen.name, {labels.begin(), labels.end()}};
}

bool is_wanted(std::string_view framework, const MesosRules& rules) {
  // Of a list that begins with what is left out, the rest is wanted.
  bool wanted = !rules.frameworks.empty() && rules.frameworks.front().starts_with('!');
  for (const std::string& glob : rules.frameworks) {
    const bool leaves_out = glob.starts_with('!');
    if (glob_matches(std::string_view(glob).substr(leaves_out ? 1 : 0), framework)) wanted = !leaves_out;
  }
  return wanted;
}

bool is_visible(const MesosTask& task, const MesosRules& rules) {
  const MesosDiscovery* discovery = discovery_of(task);
  if (discovery == nullptr || discovery->visibility.empty()) return true;
  return std::ranges::find(rules.visibility, discovery->visibility) != rules.visibility.end();
}

}  // namespace muster::registry::sources
