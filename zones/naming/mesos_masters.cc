#include "zones/naming/mesos_masters.h"

#include <algorithm>
#include <utility>

namespace muster::zones::naming {

MesosMasters number_masters(const std::optional<net::Endpoint>& leader,
                            std::span<const net::Endpoint> listed) {
  MesosMasters masters;
  if (!leader) return masters;
  masters.all.push_back(leader->address);
  bool leader_is_numbered = false;
  for (const net::Endpoint& master : listed) {
    if (master == *leader) {
      if (!std::exchange(leader_is_numbered, true)) masters.numbered.push_back(master);
    } else if (std::ranges::find(masters.all, master.address) == masters.all.end()) {
      masters.all.push_back(master.address);
      masters.numbered.push_back(master);
    }
  }
  if (!leader_is_numbered) masters.numbered.push_back(*leader);
  return masters;
}

}  // namespace muster::zones::naming
