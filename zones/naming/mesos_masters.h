// Which master is which in the Mesos-DNS view: leader.D, master.D and masterN.D.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "registry/net/ip_address.h"

namespace muster::zones::naming {

struct MesosMasters {
  std::vector<net::IpAddress> all;      // of master.D: the leader first, each once
  std::vector<net::Endpoint> numbered;  // masterN.D is the Nth
  bool operator==(const MesosMasters&) const = default;
};

// `listed`: the masters as they were written, or in the order of their numbers in ZooKeeper. Nobody is known
// where there is no leader. A second master at an address that was there already has no number; the leader
// always has one.
MesosMasters number_masters(const std::optional<net::Endpoint>& leader,
                            std::span<const net::Endpoint> listed);

}  // namespace muster::zones::naming
