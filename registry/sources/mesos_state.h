// What a Mesos master says of its cluster, as plain values: what is read of /master/state, as it was written.
// What it means (who is routable, which address counts) is decided elsewhere.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "registry/sources/dropped.h"
#include "registry/sources/mesos_ports.h"

namespace muster::registry::sources {

struct MesosLabel {
  std::string key;
  std::string value;
  bool operator==(const MesosLabel&) const = default;
};
using MesosLabels = std::vector<MesosLabel>;

struct MesosNetwork {
  std::string name;
  std::vector<std::string> addresses;  // literals, it is hoped
  bool operator==(const MesosNetwork&) const = default;
};

struct MesosStatus {
  std::string state;
  double timestamp = 0;         // Unix seconds
  std::optional<bool> healthy;  // nothing: not checked
  MesosLabels labels;
  std::vector<MesosNetwork> networks;
  bool operator==(const MesosStatus&) const = default;
};

struct MesosDiscoveryPort {
  std::uint16_t number = 0;  // never 0 once it is read
  std::string name;
  std::string protocol;  // "" or "tcp", "udp", "tcp,udp" …
  std::string visibility;
  MesosLabels labels;
  bool operator==(const MesosDiscoveryPort&) const = default;
};

struct MesosDiscovery {
  std::string name;
  std::string visibility;
  MesosLabels labels;
  std::vector<MesosDiscoveryPort> ports;
  bool operator==(const MesosDiscovery&) const = default;
};

struct MesosTask {
  std::string id;
  std::string name;
  std::string agent_id;
  std::string state;  // "TASK_RUNNING"
  MesosPorts ports;   // of its resources
  std::vector<MesosStatus> statuses;
  MesosLabels labels;
  std::optional<MesosDiscovery> discovery;
  std::optional<double> grace_seconds;  // of its health check; nothing: it has none
  bool operator==(const MesosTask&) const = default;
};

struct MesosAgent {
  std::string id;
  std::string hostname;
  std::string pid;  // "slave(1)@10.0.1.10:5051"
  bool active = true;
  std::string region;
  std::string zone;
  bool operator==(const MesosAgent&) const = default;
};

struct MesosFramework {
  std::string id;
  std::string name;
  std::string pid;  // "": it speaks HTTP
  std::string hostname;
  bool active = true;
  bool connected = true;
  bool recovered = false;  // known from its agents only, until it registers again
  double registered_time = 0;
  std::vector<MesosTask> tasks;
  std::vector<std::string> ended;        // ids of completed tasks
  std::vector<std::string> unreachable;  // ids of those whose agents are out of reach
  bool is_partial = false;               // its tasks were no list: it keeps those it had
  bool operator==(const MesosFramework&) const = default;
};

struct MesosState {
  std::string leader;  // "master@10.0.0.1:5050"; "": there is none
  std::string pid;     // of the master that says all this; "": it does not say
  std::vector<MesosAgent> agents;
  std::vector<std::string> recovered_agents;  // ids of those that have not come back after a failover
  std::vector<MesosFramework> frameworks;
  bool has_agents = false;  // the lists were there, and lists
  bool has_frameworks = false;
  Dropped dropped;
  bool operator==(const MesosState&) const = default;
};

}  // namespace muster::registry::sources
