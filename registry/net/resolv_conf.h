// The name servers of /etc/resolv.conf (resolv.conf(5)).
#pragma once

#include <string_view>
#include <vector>

#include "registry/net/ip_address.h"

namespace muster::net {

// In their order; what is no address is left out, and so is an address with an interface behind it.
std::vector<IpAddress> nameservers_in(std::string_view resolv_conf);

}  // namespace muster::net
