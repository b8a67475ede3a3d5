// Where a scheduler's task can be asked whether it is still there.
#pragma once

#include <optional>

#include "registry/port_addresses.h"

namespace muster::registry::sources {

// Its first TCP port; nullopt: it has none, or no address.
inline std::optional<net::Endpoint> probe_target_of(const InstanceBody& body) {
  for (const Port& port : body.ports) {
    if (port.protocol != Protocol::tcp) continue;
    const auto& addresses = addresses_of(body, port);
    if (!addresses.empty()) return net::Endpoint{addresses.front(), port.number};
  }
  return std::nullopt;
}

}  // namespace muster::registry::sources
