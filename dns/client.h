// Who sent a packet, and how.
#pragma once

#include <cstdint>

#include "registry/net/ip_address.h"

namespace muster::dns {

enum class Transport : std::uint8_t { udp, tcp };
inline constexpr std::size_t kTransports = 2;

struct Client {
  net::IpAddress address;
  std::uint16_t port = 0;
  Transport transport = Transport::udp;
  bool crowded = false;  // TCP: the connection table is nearly full, so keepalive says 0 (RFC 7828 §3.2.2)
};

}  // namespace muster::dns
