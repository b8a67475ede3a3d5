#include "dns/access.h"

#include <algorithm>

namespace muster::dns {

bool AccessList::permits_address(const net::IpAddress& address) const {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](const net::IpPrefix& prefix) { return prefix.contains(address); });
}

bool AccessList::permits_key(const zones::Name& key) const {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

}  // namespace muster::dns
