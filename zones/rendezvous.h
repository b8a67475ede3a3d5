// Weighted rendezvous: a client's network and a member's id make a number, the greatest is answered first.
// Each network keeps its order whatever else changes; a member that goes moves its own share and nobody
// else's.
#pragma once

#include <cstdint>
#include <string_view>

#include "registry/net/ip_address.h"
#include "zones/siphash.h"

namespace muster::zones {

// The network from which is asked.
struct ClientNetwork {
  SipKey key{};          // the same on every replica, so that they agree
  net::IpPrefix prefix;  // as network_of() makes it
  bool operator==(const ClientNetwork&) const = default;
};

// The network of so many bits that an address is in: the bits behind them are 0.
net::IpPrefix network_of(net::IpAddress address, std::uint8_t prefix_length);

// The network that stands for whoever asks from it: at most a /24 or a /56.
net::IpPrefix asking_network(const net::IpAddress& address, std::uint8_t prefix_length);

// What the key, the network and the id make: SipHash-1-3 over family (4 or 6), prefix length, as many octets
// as the prefix needs, 0, id; little endian.
std::uint64_t rendezvous_hash(const ClientNetwork& client, std::string_view id);
// The greater, the earlier: w / -ln u with u in (0, 1) from the hash. Precondition: weight > 0.
double rendezvous_score(std::uint64_t hash, std::uint32_t weight);

}  // namespace muster::zones
