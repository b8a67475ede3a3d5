// Where a datagram goes: by which socket, to whom, and from which of our addresses.
#pragma once

#include <sys/socket.h>

#include <netinet/in.h>

#include <array>
#include <memory>

#include "dns/socket.h"

namespace muster::dns {

struct UdpWay {
  static constexpr std::size_t kControlOctets = CMSG_SPACE(sizeof(in6_pktinfo));

  std::shared_ptr<Socket> socket;  // stays open as long
  sockaddr_storage peer{};
  socklen_t peer_size = 0;
  alignas(cmsghdr) std::array<char, kControlOctets> control{};  // the address that was asked
  std::size_t control_size = 0;

  // For sendmsg(2); it points into this.
  void address(msghdr& header);
};

// Only the source address is prescribed: the way back is the routing table's choice, which may differ from
// the interface the query came in by. A link-local address means nothing without its interface.
void unbind_interface(msghdr& header);

}  // namespace muster::dns
