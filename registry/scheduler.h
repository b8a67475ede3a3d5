// What a scheduler says of its cluster, worked out: host names are addresses, states are verdicts. A source
// makes these values and steps between them; zones name them. Immutable once shared.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "registry/model.h"

namespace muster::registry {

// A port of a task's DiscoveryInfo.
struct SchedulerPort {
  std::uint16_t number = 0;  // 1..65535
  std::string name;          // "": unnamed
  std::string protocol;      // as it was written: "", "tcp", "tcp,udp"
  bool on_agent = false;     // it is a port of the agent, not of the task's own addresses
  bool operator==(const SchedulerPort&) const = default;
};

// A task that is served.
struct SchedulerTask {
  std::string id;
  std::string name;       // of its DiscoveryInfo where that counts, else its own
  std::string framework;  // the framework's name
  std::string agent_id;
  bool has_discovery = false;
  bool is_ready = true;  // false: it runs, and is not well
  Reason reason = Reason::ok;              // why it is not ready, or only just
  std::optional<std::uint16_t> weight;     // of its labels; nullopt: they name none
  std::vector<IpAddress> addresses;        // of the first IP source that has any
  std::vector<IpAddress> agent_addresses;  // none: the agent's host is not resolved
  std::vector<std::uint16_t> host_ports;   // of its resources, ascending, each once
  std::vector<SchedulerPort> discovery_ports;
  bool operator==(const SchedulerTask&) const = default;
};

// A task that is not served everywhere: who it would be.
struct SchedulerWithheld : SchedulerTask {
  std::string withheld_for;  // "not_routable:unhealthy", "not_routable:TASK_STAGING"
  std::string service;      // of which it is no instance; "": of none
  bool is_in_view = false;  // it is served in the scheduler's own zone all the same
  bool operator==(const SchedulerWithheld&) const = default;
};

struct SchedulerAgent {
  std::string id;
  std::vector<IpAddress> addresses;
  std::uint16_t port = 0;  // 0: unknown
  bool operator==(const SchedulerAgent&) const = default;
};

struct SchedulerFramework {
  std::string id;
  std::string name;
  std::vector<IpAddress> addresses;  // of its scheduler
  std::uint16_t port = 0;            // 0: it speaks HTTP
  bool operator==(const SchedulerFramework&) const = default;
};

struct SchedulerMasters {
  std::optional<net::Endpoint> leader;
  std::vector<net::Endpoint> listed;  // as configured, or by their numbers in ZooKeeper
  bool operator==(const SchedulerMasters&) const = default;
};

// Since when its scheduler has not spoken, once that is too long; nullopt: it is in touch.
struct SchedulerSilence {
  std::optional<WallTime> since;
  bool operator==(const SchedulerSilence&) const = default;
};

// One element's step; null: it was not there, or is there no longer.
template <class Element>
struct SchedulerStep {
  std::shared_ptr<const Element> before;
  std::shared_ptr<const Element> after;
};

// Everything that changed in one source at once.
struct SchedulerChange {
  std::string source;  // its name
  std::vector<SchedulerStep<SchedulerTask>> tasks;
  std::vector<SchedulerStep<SchedulerWithheld>> withheld;
  std::vector<SchedulerStep<SchedulerAgent>> agents;
  std::vector<SchedulerStep<SchedulerFramework>> frameworks;
  std::optional<SchedulerMasters> masters;  // as they are now; nullopt: as they were
  std::optional<SchedulerSilence> silence;  // likewise
  bool empty() const {
    return tasks.empty() && withheld.empty() && agents.empty() && frameworks.empty() && !masters && !silence;
  }
};

}  // namespace muster::registry
