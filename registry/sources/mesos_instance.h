// What one task of Mesos is: to the Mesos-DNS view, and as an instance of a service. Pure.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "registry/model.h"
#include "registry/scheduler.h"
#include "registry/sources/mesos_rules.h"
#include "registry/sources/mesos_table.h"

namespace muster::registry::sources {

// Addresses that mean somebody: literals, neither unspecified nor multicast, each once, at most as many as an
// instance may have.
std::vector<IpAddress> usable_addresses(const std::vector<IpAddress>& addresses);
std::vector<IpAddress> usable_addresses(const std::vector<std::string>& literals);

// The addresses of a task: all of the first source that has any.
std::vector<IpAddress> mesos_addresses(const MesosTask& task, const std::vector<IpAddress>& agent,
                                       const MesosRules& rules);

// How the view sees it.
SchedulerTask scheduler_task(const MesosTracked& tracked, const std::vector<IpAddress>& agent, bool is_ready,
                             const MesosRules& rules);

struct MesosInstance {
  std::string service;     // "": it is none
  bool is_enabled = true;  // its labels do not say otherwise
  InstanceBody body;
};
MesosInstance mesos_instance_of(const MesosTracked& tracked, const SchedulerTask& seen,
                                const MesosRules& rules, Dropped& dropped);
// What its body says of the app: whoever has many of them shares it.
SchedulerFacts facts_of(const MesosTracked& tracked, const SchedulerTask& seen, const MesosRules& rules);

// The service that it would be an instance of; "": of none.
std::string mesos_service_of(const MesosTracked& tracked, const SchedulerTask& seen, const MesosRules& rules);

// Whether the rules want a framework of this name.
bool is_wanted(std::string_view framework, const MesosRules& rules);
// Whether a DiscoveryInfo may be published.
bool is_visible(const MesosTask& task, const MesosRules& rules);

}  // namespace muster::registry::sources
