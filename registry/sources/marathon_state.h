// What Marathon says of its apps, tasks and pods, as plain values: what is read of /v2/apps, /v2/tasks and
// /v2/pods/::status, as it was written. What it means (which port, who is routable) is decided elsewhere.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "registry/net/clock.h"
#include "registry/sources/dropped.h"

namespace muster::registry::sources {

using MarathonLabels = std::map<std::string, std::string, std::less<>>;

// A port as an app defines it: of portDefinitions, portMappings or discovery.ports, or a number of the old
// `ports`. Ports are known by their place, so one that could not be read keeps it.
struct MarathonPort {
  bool is_bad = false;
  std::string name;
  std::string protocol;                    // "" or "tcp", "udp", "tcp,udp"
  std::uint16_t number = 0;                // in the container; 0: the one that is assigned
  std::optional<std::uint16_t> host_port;  // of a mapping that names one; 0: any
  std::uint16_t service_port = 0;          // 0: none
  MarathonLabels labels;
  bool operator==(const MarathonPort&) const = default;
};

struct MarathonHealthCheck {
  std::string protocol;  // "HTTP", "MESOS_HTTP", "TCP", "COMMAND" …
  std::string path;      // "/ping"
  std::optional<std::uint16_t> port_index;
  std::uint16_t port = 0;  // 0: that of the index
  double grace_seconds = 300;
  bool operator==(const MarathonHealthCheck&) const = default;
};

struct MarathonReadinessCheck {
  std::string name;
  double timeout_seconds = 10;
  bool operator==(const MarathonReadinessCheck&) const = default;
};

struct MarathonReadinessResult {
  std::string name;
  std::string task;  // its id
  bool ready = false;
  bool operator==(const MarathonReadinessResult&) const = default;
};

struct MarathonTask {
  std::string id;
  std::string host;  // never "" once it is read
  std::string agent_id;
  std::string state;                 // "TASK_RUNNING"; "" before Marathon told states
  std::vector<std::uint16_t> ports;  // on the agent, by place; 0: it could not be read
  std::vector<std::uint16_t> service_ports;
  std::vector<std::string> addresses;  // literals, it is hoped
  std::optional<net::WallTime> staged_at;
  std::optional<net::WallTime> started_at;
  std::string version;
  std::string region;
  std::string zone;
  std::vector<bool> alive;  // each health result that there is
  bool operator==(const MarathonTask&) const = default;
};

struct MarathonApp {
  std::string id;  // "/prod/shop/cart"
  std::string version;
  MarathonLabels labels;
  std::optional<std::int64_t> instances;  // how many are wanted
  std::vector<MarathonHealthCheck> health_checks;
  std::vector<MarathonReadinessCheck> readiness_checks;
  std::vector<MarathonReadinessResult> readiness_results;
  std::vector<std::string> deployments;       // ids of those that concern it
  std::vector<std::string> networks;          // modes: "host", "container/bridge", "container"
  std::string docker_network;                 // older: "HOST", "BRIDGE", "USER"
  bool has_ip_address = false;                // older: an address of its own for each task
  std::vector<MarathonPort> definitions;      // portDefinitions
  std::vector<MarathonPort> mappings;         // container.portMappings, older: container.docker.portMappings
  std::vector<MarathonPort> discovery_ports;  // older: ipAddress.discovery.ports
  std::vector<MarathonPort> ports;            // older: `ports`, service ports alone
  std::vector<MarathonTask> tasks;
  // `tasks` or another container of it was of a wrong type, or there were no `tasks`: the app keeps the
  // content it had.
  bool is_partial = false;
  bool operator==(const MarathonApp&) const = default;
};

// A port of a pod's container.
struct MarathonEndpoint {
  std::string container;
  std::string name;
  std::string protocol;         // "tcp,udp"
  std::uint16_t number = 0;     // in the container; 0: unknown
  std::uint16_t host_port = 0;  // 0: none is assigned
  std::optional<bool> healthy;  // nothing: not checked
  MarathonLabels labels;
  bool operator==(const MarathonEndpoint&) const = default;
};

struct MarathonPodInstance {
  std::string id;
  std::string status;  // "STABLE"
  std::string host;
  std::string agent_id;
  std::vector<std::string> addresses;
  std::vector<MarathonEndpoint> endpoints;  // what the status says of them: no number, no protocol
  bool operator==(const MarathonPodInstance&) const = default;
};

struct MarathonPod {
  std::string id;
  std::string version;
  MarathonLabels labels;
  std::vector<MarathonEndpoint> endpoints;  // of its spec: no host port
  std::vector<MarathonPodInstance> instances;
  bool is_partial = false;  // as that of an app
  bool operator==(const MarathonPod&) const = default;
};

struct MarathonState {
  std::vector<MarathonApp> apps;
  std::vector<MarathonPod> pods;
  bool has_list = false;  // what the document is about was there: a list, the app
  Dropped dropped;
  bool operator==(const MarathonState&) const = default;
};

}  // namespace muster::registry::sources
