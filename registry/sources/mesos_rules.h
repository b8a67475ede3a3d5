// What a Mesos source is told about whom it serves and how it names them. Plain values.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "registry/mesos_label.h"
#include "registry/sources/verdict.h"

namespace muster::registry::sources {

enum class IpSource : std::uint8_t {
  netinfo,  // of its container, as Mesos tells it
  docker,   // labels of its status that the containerizers wrote
  mesos,
  host,  // those of its agent
};

struct MesosRules {
  std::string source = "mesos";                 // the name of the source
  std::string service_name = "{name}";          // also {framework}, {source}; "": its tasks are no instances
  std::vector<std::string> frameworks = {"*"};  // globs of names; "!x" leaves out; the last that matches
                                                // decides; of these alone, all others are in
  std::vector<std::string> visibility = {"FRAMEWORK", "CLUSTER",
                                         "EXTERNAL"};  // of a DiscoveryInfo that names one
  std::vector<IpSource> ip_sources = {IpSource::netinfo, IpSource::mesos, IpSource::host};
  std::vector<std::string> weight_labels = {"muster.weight", "MUSTER_WEIGHT", "weight"};
  bool port_scope = false;      // labels of ports say whether they are the agent's
  bool hides_disabled = false;  // `muster.enabled = false` keeps a task out of the view, too
  bool rfc952 = false;          // in the names of services
  RoutableRules routable;

  const MesosRule& label_rule() const { return rfc952 ? kMesosRfc952 : kMesosDefault; }
};

}  // namespace muster::registry::sources
