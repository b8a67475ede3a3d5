// Who may transfer or update a zone: addresses by prefix, and keys by name. Empty: nobody.
#pragma once

#include <vector>

#include "registry/net/ip_address.h"
#include "zones/name.h"

namespace muster::dns {

struct AccessList {
  std::vector<net::IpPrefix> prefixes;
  std::vector<zones::Name> keys;

  bool permits_address(const net::IpAddress& address) const;
  bool permits_key(const zones::Name& key) const;
  // `key`: whose signature was verified; null: nobody's.
  bool permits(const net::IpAddress& address, const zones::Name* key) const {
    return permits_address(address) || (key != nullptr && permits_key(*key));
  }
};

}  // namespace muster::dns
