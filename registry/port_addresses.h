// Which of an instance's addresses go with a port: a scheduler's task may have ports of its agent's beside
// its own.
#pragma once

#include "registry/model.h"

namespace muster::registry {

inline const std::vector<IpAddress>& addresses_of(const InstanceBody& body, const Port& port) {
  const bool is_host = port.scope == PortScope::host && !body.host_addresses.empty();
  return is_host ? body.host_addresses : body.addresses;
}

}  // namespace muster::registry
