#include "registry/sources/marathon_elements.h"

#include <algorithm>
#include <utility>

#include "registry/rfc3339.h"
#include "registry/sources/json_element.h"

namespace muster::registry::sources {

namespace {

namespace json = boost::json;

std::optional<std::uint16_t> json_port(const json::value& value) {
  const std::int64_t* number = value.if_int64();
  if (number == nullptr || *number < 0 || *number > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(*number);
}

// False: there is something, and it is no port. `to` stays where there is none.
bool take_port(const json::object& object, std::string_view key, std::uint16_t& to) {
  const json::value* value = member(object, key);
  if (value == nullptr) return true;
  const auto port = json_port(*value);
  if (port) to = *port;
  return port.has_value();
}

bool take_name(const json::object& object, std::string_view key, std::string& to) {
  return take_text(object, key, to) && to.size() <= kLongestName;
}

MarathonLabels read_labels(const json::value* value, Dropped& dropped) {
  MarathonLabels labels;
  if (value == nullptr || value->is_null()) return labels;
  const json::object* object = value->if_object();
  if (object == nullptr) {
    drop(dropped, "bad_label");
    return labels;
  }
  for (const auto& pair : *object) {
    if (pair.value().is_null()) continue;
    const json::string* text = pair.value().if_string();
    if (text == nullptr || pair.key().empty() || pair.key().size() > kLongestName) {
      drop(dropped, "bad_label");
    } else {
      labels.emplace(std::string(pair.key()), std::string(text->data(), text->size()));
    }
  }
  return labels;
}

// The array, or null: absent, or of another type, which is counted.
const json::array* list_of(const json::value* value, std::string_view reason, Dropped& dropped) {
  if (value == nullptr || value->is_null()) return nullptr;
  if (const json::array* list = value->if_array()) return list;
  drop(dropped, reason);
  return nullptr;
}

// One place for each element, the first `most` of them.
template <class Each, class Read>
std::vector<Each> read_places(const json::array* list, std::size_t most, Dropped& dropped, const Read& read) {
  std::vector<Each> places;
  if (list == nullptr) return places;
  if (list->size() > most) drop(dropped, "ports_truncated");
  const std::size_t count = std::min(list->size(), most);
  places.reserve(count);
  for (std::size_t i = 0; i < count; ++i) places.push_back(read((*list)[i]));
  return places;
}

std::vector<std::uint16_t> read_numbers(const json::value* value, std::size_t most, Dropped& dropped) {
  return read_places<std::uint16_t>(list_of(value, "bad_port", dropped), most, dropped,
                                    [&](const json::value& one) {
                                      const auto port = json_port(one);
                                      if (!port) drop(dropped, "bad_port");
                                      return port.value_or(0);
                                    });
}

enum class PortForm : std::uint8_t { definition, mapping, discovery };

bool read_port_members(const json::object& object, PortForm form, MarathonPort& port) {
  if (!take_name(object, "name", port.name) || !take_text(object, "protocol", port.protocol)) return false;
  switch (form) {
    case PortForm::definition: return take_port(object, "port", port.service_port);
    case PortForm::discovery: return take_port(object, "number", port.number);
    case PortForm::mapping: break;
  }
  if (member(object, "hostPort") != nullptr) port.host_port = 0;
  return (!port.host_port || take_port(object, "hostPort", *port.host_port)) &&
         take_port(object, "containerPort", port.number) &&
         take_port(object, "servicePort", port.service_port);
}

// What is bad of a mapping may be the host port: whether it has one is known all the same, and with it the
// places of the others.
MarathonPort bad_port(std::optional<std::uint16_t> host_port, Dropped& dropped) {
  drop(dropped, "bad_port");
  MarathonPort port;
  port.is_bad = true;
  if (host_port) port.host_port = 0;
  return port;
}

std::vector<MarathonPort> read_ports(const json::value* value, PortForm form, std::size_t most,
                                     Dropped& dropped) {
  return read_places<MarathonPort>(
      list_of(value, "bad_port", dropped), most, dropped, [&](const json::value& one) {
        MarathonPort port;
        const json::object* object = one.if_object();
        if (object == nullptr) return bad_port(std::nullopt, dropped);
        if (!read_port_members(*object, form, port))
          return bad_port(member(*object, "hostPort") ? std::optional<std::uint16_t>(0) : std::nullopt,
                          dropped);
        port.labels = read_labels(object->if_contains("labels"), dropped);
        return port;
      });
}

std::vector<MarathonPort> read_service_ports(const json::value& list, std::size_t most, Dropped& dropped) {
  std::vector<MarathonPort> ports;
  for (const std::uint16_t number : read_numbers(&list, most, dropped)) {
    MarathonPort& port = ports.emplace_back();
    port.service_port = number;
  }
  return ports;
}

std::vector<MarathonHealthCheck> read_health_checks(const json::array& list, Dropped& dropped) {
  std::vector<MarathonHealthCheck> checks;
  for (const json::value& one : list) {
    // Each counts, whatever it says: who is routable goes by their number.
    MarathonHealthCheck& check = checks.emplace_back();
    const json::object* object = one.if_object();
    std::uint16_t index = 0;
    if (object == nullptr || !take_text(*object, "protocol", check.protocol) ||
        !take_text(*object, "path", check.path) || !take_port(*object, "portIndex", index) ||
        !take_port(*object, "port", check.port)) {
      drop(dropped, "bad_check");
      check = MarathonHealthCheck();
      continue;
    }
    if (member(*object, "portIndex") != nullptr) check.port_index = index;
    check.grace_seconds = number_at(*object, "gracePeriodSeconds").value_or(check.grace_seconds);
  }
  return checks;
}

std::vector<MarathonReadinessCheck> read_readiness_checks(const json::array& list, Dropped& dropped) {
  std::vector<MarathonReadinessCheck> checks;
  for_each_object(&list, "bad_check", dropped, [&](const json::object& one) {
    MarathonReadinessCheck& check = checks.emplace_back();
    check.name = text_at(one, "name");
    check.timeout_seconds = number_at(one, "timeoutSeconds").value_or(check.timeout_seconds);
  });
  return checks;
}

std::vector<MarathonReadinessResult> read_readiness_results(const json::array& list, Dropped& dropped) {
  std::vector<MarathonReadinessResult> results;
  for_each_object(&list, "bad_readiness", dropped, [&](const json::object& one) {
    const auto ready = flag_at(one, "ready");
    std::string task = text_at(one, "taskId");
    if (!ready || task.empty()) return drop(dropped, "bad_readiness");
    results.push_back({text_at(one, "name"), std::move(task), *ready});
  });
  return results;
}

std::vector<std::string> read_deployments(const json::array& list, Dropped& dropped) {
  std::vector<std::string> ids;
  for_each_object(&list, "bad_deployment", dropped,
                  [&](const json::object& one) { ids.push_back(text_at(one, "id")); });
  return ids;
}

std::vector<std::string> read_networks(const json::array& list, Dropped& dropped) {
  std::vector<std::string> modes;
  for_each_object(&list, "bad_network", dropped, [&](const json::object& one) {
    std::string mode = "container";  // what Marathon takes it for
    if (!take_text(one, "mode", mode)) return drop(dropped, "bad_network");
    modes.push_back(std::move(mode));
  });
  return modes;
}

// Whether a member is of another kind than it has to be; counted.
bool is_wrong(const json::value* value, json::kind kind, std::string_view reason, Dropped& dropped) {
  if (value == nullptr || value->kind() == kind) return false;
  drop(dropped, reason);
  return true;
}

void read_container(const json::value& value, std::size_t most_ports, MarathonApp& app, Dropped& dropped) {
  const json::object& container = value.get_object();
  if (is_wrong(member(container, "docker"), json::kind::object, "bad_container", dropped))
    app.is_partial = true;
  const json::object* docker = object_at(container, "docker");
  if (docker != nullptr && !take_text(*docker, "network", app.docker_network)) drop(dropped, "bad_network");
  const json::value* mappings = member(container, "portMappings");
  if (mappings == nullptr && docker != nullptr) mappings = member(*docker, "portMappings");
  if (is_wrong(mappings, json::kind::array, "bad_port", dropped)) {
    app.is_partial = true;
  } else {
    app.mappings = read_ports(mappings, PortForm::mapping, most_ports, dropped);
  }
}

void read_ip_address(const json::value& value, std::size_t most_ports, MarathonApp& app, Dropped& dropped) {
  app.has_ip_address = true;
  const json::object* discovery = object_at(value.get_object(), "discovery");
  const json::value* ports = discovery == nullptr ? nullptr : member(*discovery, "ports");
  if (is_wrong(ports, json::kind::array, "bad_port", dropped)) {
    app.is_partial = true;
  } else {
    app.discovery_ports = read_ports(ports, PortForm::discovery, most_ports, dropped);
  }
}

// A list of an element's addresses; each is `key` of an object, or a text when `key` is "".
void read_addresses(const json::value* value, std::string_view key, std::vector<std::string>& addresses,
                    Dropped& dropped) {
  const json::array* list = list_of(value, "bad_address", dropped);
  if (list == nullptr) return;
  for (const json::value& one : *list) {
    const json::object* object = one.if_object();
    const json::value* text = key.empty() ? &one : object == nullptr ? nullptr : member(*object, key);
    if (text == nullptr || !text->is_string() || text->get_string().size() > kLongestName) {
      drop(dropped, "bad_address");
    } else {
      addresses.emplace_back(text->get_string().data(), text->get_string().size());
    }
  }
}

std::optional<net::WallTime> read_time(const json::object& object, std::string_view key, Dropped& dropped) {
  const json::value* value = member(object, key);
  if (value == nullptr) return std::nullopt;
  const auto time = value->is_string() ? parse_rfc3339(text_at(object, key)) : std::nullopt;
  if (!time) drop(dropped, "bad_time");
  return time;
}

// A result that is null is one that has not come.
std::vector<bool> read_results(const json::value* value, Dropped& dropped) {
  std::vector<bool> alive;
  const json::array* list = list_of(value, "bad_health", dropped);
  if (list == nullptr) return alive;
  for (const json::value& one : *list) {
    if (one.is_null()) continue;
    const json::object* object = one.if_object();
    const auto flag = object == nullptr ? std::nullopt : flag_at(*object, "alive");
    if (flag) {
      alive.push_back(*flag);
    } else {
      drop(dropped, "bad_health");
    }
  }
  return alive;
}

// "tcp" or ["tcp", "udp"], as pods write it.
bool take_protocols(const json::object& object, std::string& to) {
  const json::value* value = member(object, "protocol");
  if (value == nullptr || value->is_string()) return take_text(object, "protocol", to);
  const json::array* list = value->if_array();
  if (list == nullptr) return false;
  for (const json::value& one : *list) {
    const json::string* text = one.if_string();
    if (text == nullptr) return false;
    if (!to.empty()) to += ',';
    to.append(text->data(), text->size());
  }
  return true;
}

// The endpoints of all containers, of a spec and of a status.
std::vector<MarathonEndpoint> read_endpoints(const json::value* containers, std::size_t most,
                                             Dropped& dropped) {
  std::vector<MarathonEndpoint> endpoints;
  const auto read = [&](const std::string& container, const json::object& object) {
    if (endpoints.size() == most) return drop(dropped, "ports_truncated");
    MarathonEndpoint endpoint;
    endpoint.container = container;
    const json::value* healthy = member(object, "healthy");
    if (!take_name(object, "name", endpoint.name) || !take_protocols(object, endpoint.protocol) ||
        !take_port(object, "containerPort", endpoint.number) ||
        !take_port(object, "allocatedHostPort", endpoint.host_port) ||
        (healthy != nullptr && !healthy->is_bool())) {
      return drop(dropped, "bad_port");
    }
    if (healthy != nullptr) endpoint.healthy = healthy->get_bool();
    endpoint.labels = read_labels(object.if_contains("labels"), dropped);
    endpoints.push_back(std::move(endpoint));
  };
  for_each_object(list_of(containers, "bad_container", dropped), "bad_container", dropped,
                  [&](const json::object& container) {
                    const std::string name = text_at(container, "name");
                    for_each_object(list_of(member(container, "endpoints"), "bad_port", dropped), "bad_port",
                                    dropped, [&](const json::object& one) { read(name, one); });
                  });
  return endpoints;
}

using ReadMember = void (*)(const json::value&, std::size_t most_ports, MarathonApp&, Dropped&);
struct Member {
  std::string_view key;
  json::kind kind;  // what it has to be
  std::string_view reason;
  ReadMember read;
};

constexpr Member kMembers[] = {
    {"labels", json::kind::object, "bad_label",
     [](const json::value& v, std::size_t, MarathonApp& app, Dropped& dropped) {
       app.labels = read_labels(&v, dropped);
     }},
    {"instances", json::kind::int64, "bad_number",
     [](const json::value& v, std::size_t, MarathonApp& app, Dropped&) { app.instances = v.get_int64(); }},
    {"healthChecks", json::kind::array, "bad_check",
     [](const json::value& v, std::size_t, MarathonApp& app, Dropped& dropped) {
       app.health_checks = read_health_checks(v.get_array(), dropped);
     }},
    {"readinessChecks", json::kind::array, "bad_check",
     [](const json::value& v, std::size_t, MarathonApp& app, Dropped& dropped) {
       app.readiness_checks = read_readiness_checks(v.get_array(), dropped);
     }},
    {"readinessCheckResults", json::kind::array, "bad_readiness",
     [](const json::value& v, std::size_t, MarathonApp& app, Dropped& dropped) {
       app.readiness_results = read_readiness_results(v.get_array(), dropped);
     }},
    {"deployments", json::kind::array, "bad_deployment",
     [](const json::value& v, std::size_t, MarathonApp& app, Dropped& dropped) {
       app.deployments = read_deployments(v.get_array(), dropped);
     }},
    {"networks", json::kind::array, "bad_network",
     [](const json::value& v, std::size_t, MarathonApp& app, Dropped& dropped) {
       app.networks = read_networks(v.get_array(), dropped);
     }},
    {"portDefinitions", json::kind::array, "bad_port",
     [](const json::value& v, std::size_t most, MarathonApp& app, Dropped& dropped) {
       app.definitions = read_ports(&v, PortForm::definition, most, dropped);
     }},
    {"ports", json::kind::array, "bad_port",
     [](const json::value& v, std::size_t most, MarathonApp& app, Dropped& dropped) {
       app.ports = read_service_ports(v, most, dropped);
     }},
    {"container", json::kind::object, "bad_container", read_container},
    {"ipAddress", json::kind::object, "bad_network", read_ip_address},
};

}  // namespace

bool is_app_member(std::string_view key) {
  return std::ranges::find(kMembers, key, &Member::key) != std::end(kMembers);
}

void read_app_member(std::string_view key, const json::value& value, std::size_t most_ports, MarathonApp& app,
                     Dropped& dropped) {
  const Member* found = std::ranges::find(kMembers, key, &Member::key);
  if (found == std::end(kMembers) || value.is_null()) return;
  if (value.kind() == found->kind) return found->read(value, most_ports, app, dropped);
  drop(dropped, found->reason);
  if (found->kind != json::kind::int64) app.is_partial = true;
}

std::optional<MarathonReadTask> read_marathon_task(const json::object& object, std::size_t most_ports,
                                                   Dropped& dropped) {
  MarathonReadTask read;
  MarathonTask& task = read.task;
  const bool usable = take_text(object, "id", task.id) && take_text(object, "appId", read.app) &&
                      take_text(object, "host", task.host) && take_text(object, "state", task.state);
  const auto refuse = [&](std::string_view reason) {
    drop(dropped, reason);
    return std::nullopt;
  };
  if (!usable || task.id.empty()) return refuse("bad_task");
  if (std::max({task.id.size(), read.app.size(), task.host.size()}) > kLongestName)
    return refuse("name_too_long");
  if (task.host.empty()) return refuse("no_host");
  task.agent_id = text_at(object, "slaveId");
  task.version = text_at(object, "version");
  task.region = text_at(object, "region");
  task.zone = text_at(object, "zone");
  task.ports = read_numbers(member(object, "ports"), most_ports, dropped);
  task.service_ports = read_numbers(member(object, "servicePorts"), most_ports, dropped);
  read_addresses(member(object, "ipAddresses"), "ipAddress", task.addresses, dropped);
  task.staged_at = read_time(object, "stagedAt", dropped);
  task.started_at = read_time(object, "startedAt", dropped);
  task.alive = read_results(member(object, "healthCheckResults"), dropped);
  return read;
}

void read_pod_spec(const json::object& object, std::size_t most_ports, MarathonPod& pod, Dropped& dropped) {
  pod.version = text_at(object, "version");
  pod.labels = read_labels(object.if_contains("labels"), dropped);
  pod.endpoints = read_endpoints(member(object, "containers"), most_ports, dropped);
}

std::optional<MarathonPodInstance> read_pod_instance(const json::object& object, std::size_t most_ports,
                                                     Dropped& dropped) {
  MarathonPodInstance instance;
  const bool usable = take_text(object, "id", instance.id) && take_text(object, "status", instance.status) &&
                      take_text(object, "agentHostname", instance.host);
  const auto refuse = [&](std::string_view reason) {
    drop(dropped, reason);
    return std::nullopt;
  };
  if (!usable || instance.id.empty()) return refuse("bad_task");
  if (std::max(instance.id.size(), instance.host.size()) > kLongestName) return refuse("name_too_long");
  instance.agent_id = text_at(object, "agentId");
  for_each_object(list_of(member(object, "networks"), "bad_network", dropped), "bad_network", dropped,
                  [&](const json::object& network) {
                    read_addresses(member(network, "addresses"), "", instance.addresses, dropped);
                  });
  instance.endpoints = read_endpoints(member(object, "containers"), most_ports, dropped);
  return instance;
}

}  // namespace muster::registry::sources
