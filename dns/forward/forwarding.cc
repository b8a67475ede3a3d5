#include "dns/forward/forwarding.h"

#include <algorithm>

#include "zones/wire_name.h"

namespace muster::dns {

bool Forwarding::permits(const net::IpAddress& address) const {
  return std::any_of(allow.begin(), allow.end(),
                     [&](const net::IpPrefix& prefix) { return prefix.contains(address); });
}

bool Forwarding::has_own_servers(std::string_view folded, std::string_view apex) const {
  return std::any_of(zones.begin(), zones.end(), [&](const std::string& zone) {
    return zone.size() >= apex.size() && zones::is_at_or_below(folded, zone);
  });
}

}  // namespace muster::dns
