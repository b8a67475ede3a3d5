// How the Mesos-DNS view names its records: the keys of a Mesos source that concern names, and the two
// profiles, which are nothing but their defaults.
#pragma once

#include <cstddef>
#include <cstdint>

#include "zones/name.h"
#include "zones/naming/mesos_label.h"

namespace muster::zones::naming {

// What becomes of a name that several kinds of things claim.
enum class MesosReserved : std::uint8_t {
  merge,    // it holds the records of all
  protect,  // of the strongest claim only (MesosRank), and frameworks do not claim names of the
            // infrastructure
};

struct MesosNaming {
  Name domain;   // D, lower case
  Name ns_name;  // outside the domain: it is no name of this view
  bool rfc952 = false;
  bool raw_names = true;  // also the names as DiscoveryInfo writes them, dots and all
  MesosReserved reserved = MesosReserved::merge;
  bool empty_names = true;      // a task whose name leaves no label keeps its raw names
  bool dangling_srv = true;     // SRV whose target has no address
  bool rfc2782_order = false;   // _P._proto.T.F.D
  bool master_srv = false;      // _master._tcp.D, _master._udp.D
  bool port_scope = false;      // ports of the agent lead to the agent
  bool numbered_ports = false;  // _port<i>._T._proto.F.D, from 0
  bool ptr = false;             // addresses that are a task's own lead back to T-H-S.F.D
  bool weight_labels = false;   // the weights of tasks' labels, else all are equal
  std::uint16_t srv_weight = 1;
  std::size_t max_ports_per_task = 256;  // of its resources, and as many of its DiscoveryInfo

  const MesosRule& rule() const { return rfc952 ? kMesosRfc952 : kMesosDefault; }
  bool operator==(const MesosNaming&) const = default;
};

// The records Mesos-DNS would publish, but for those that no message can carry.
MesosNaming exact_naming(const Name& domain);
// The same names, infrastructure protected, nothing dangling, weights of labels, and some more names.
MesosNaming improved_naming(const Name& domain);

}  // namespace muster::zones::naming
