// The masters of a Mesos cluster, as the nodes below its path in ZooKeeper tell them: which children are
// masters, who of them leads, and where each one is. What is odd costs itself and is counted. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/net/ip_address.h"
#include "registry/net/result.h"
#include "registry/sources/dropped.h"

namespace muster::registry::sources {

// In the order of the checks; reason_of() names them outward.
enum class MasterNodeFault : std::uint8_t {
  too_long,    // more than 64 KiB
  not_json,    // or not an object
  no_address,  // neither `address` with `ip` and `port`, nor `pid`, of the right types
  unusable,    // 0.0.0.0, a multicast address, port 0
};
std::string_view reason_of(MasterNodeFault fault);

// Where the master is that wrote this: `address`, else `pid`. The number `ip` is not read: the order of its
// octets is that of the master's host.
class [[nodiscard]] MasterNodeResult : public net::Result<net::Endpoint, MasterNodeFault> {
 public:
  using net::Result<net::Endpoint, MasterNodeFault>::Result;
};
MasterNodeResult read_master_node(std::string_view data);

// The children of the path.
struct MasterNodes {
  static constexpr std::size_t kMostMasters = 100;  // read; the lowest numbers

  std::vector<std::string> names;  // that are read, by their numbers: the first leads
  Dropped dropped;                 // other children
  bool is_old = false;             // there are masters of Mesos 0.23 or older, and no others
};
MasterNodes master_nodes(const std::vector<std::string>& children);

// What ZooKeeper says of a cluster.
struct AnnouncedMasters {
  std::vector<net::Endpoint> listed;  // by their numbers, each once: the first leads
  Dropped dropped;
  bool operator==(const AnnouncedMasters&) const = default;
};
// `data`: by the names of the nodes; one that is not there has ended in the meantime.
AnnouncedMasters announced_masters(const MasterNodes& nodes, const std::map<std::string, std::string>& data);

}  // namespace muster::registry::sources
