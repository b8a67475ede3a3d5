// Who sent a packet, how, and when.
#pragma once

#include <cstdint>
#include <functional>

#include "registry/net/ip_address.h"

namespace muster::dns {

enum class Transport : std::uint8_t { udp, tcp };
inline constexpr std::size_t kTransports = 2;

// Looked at once a batch; both wrap.
struct Moment {
  std::uint32_t now = 0;   // Unix seconds
  std::uint32_t tick = 0;  // milliseconds of a clock that is never set
};
using Clock = std::function<Moment()>;

struct Client {
  net::IpAddress address;
  std::uint16_t port = 0;
  Transport transport = Transport::udp;
  bool crowded = false;  // TCP: the connection table is nearly full, so keepalive says 0 (RFC 7828 §3.2.2)
  std::uint32_t now = 0;  // as in Moment
  std::uint32_t tick = 0;
};

}  // namespace muster::dns
