// An address as a name: 7.0.0.10.in-addr.arpa. (RFC 1035 §3.5), or the 32 nibbles below ip6.arpa. (RFC 3596
// §2.5).
#pragma once

#include <optional>
#include <span>

#include "registry/net/ip_address.h"
#include "zones/name.h"

namespace muster::zones::naming {

Name reverse_name(const net::IpAddress& address);
// Which of `zones` holds the name: the longest; nullopt: none.
std::optional<std::size_t> reverse_zone_of(const Name& name, std::span<const Name> zones);

}  // namespace muster::zones::naming
