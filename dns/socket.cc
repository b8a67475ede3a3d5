#include "dns/socket.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "dns/socket_address.h"

namespace muster::dns {

namespace {

constexpr int kBacklog = 4096;           // 200 connections at once are answered without a SYN being retried
constexpr int kReceiveOctets = 4 << 20;  // the kernel grants what net.core.rmem_max allows
constexpr int kPortTries = 64;
constexpr timeval kStopLook{0, 250'000};  // how often a blocked UDP thread looks whether it shall stop

void set(int fd, int level, int option, int value) { ::setsockopt(fd, level, option, &value, sizeof value); }

BindError failure(const net::Endpoint& endpoint, const char* transport) {
  const int error = errno;
  return {"cannot listen on " + net::to_string(endpoint) + " (" + transport + "): " + std::strerror(error),
          error};
}

net::Result<Socket, BindError> open_tcp(const net::Endpoint& endpoint) {
  SocketAddress address(endpoint);
  Socket socket(::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (socket.fd() < 0) return failure(endpoint, "TCP");
  set(socket.fd(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (address.family() == AF_INET6) set(socket.fd(), IPPROTO_IPV6, IPV6_V6ONLY, 1);
  if (::bind(socket.fd(), address.get(), address.size) != 0 || ::listen(socket.fd(), kBacklog) != 0) {
    return failure(endpoint, "TCP");
  }
  return socket;
}

// The reply must leave from the address that was asked, and is never held back for path MTU's sake (RFC
// 9715).
void set_udp_options(int fd, const net::Endpoint& endpoint) {
  set(fd, SOL_SOCKET, SO_RCVBUF, kReceiveOctets);
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &kStopLook, sizeof kStopLook);
  const bool wildcard = endpoint.address.is_unspecified();
  if (endpoint.address.family == net::Family::v4) {
    set(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_OMIT);
    if (wildcard) set(fd, IPPROTO_IP, IP_PKTINFO, 1);
  } else {
    set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    set(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_OMIT);
    if (wildcard) set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
  }
}

net::Result<Socket, BindError> open_udp(const net::Endpoint& endpoint, bool shared) {
  SocketAddress address(endpoint);
  Socket socket(::socket(address.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (socket.fd() < 0) return failure(endpoint, "UDP");
  set_udp_options(socket.fd(), endpoint);
  set(socket.fd(), SOL_SOCKET, SO_REUSEPORT, shared ? 1 : 0);
  if (::bind(socket.fd(), address.get(), address.size) != 0) return failure(endpoint, "UDP");
  return socket;
}

std::uint16_t bound_port(int fd) {
  SocketAddress address;
  ::getsockname(fd, address.get(), &address.size);
  return address.endpoint().port;
}

net::Result<Listener, BindError> open_both(const net::Endpoint& endpoint, unsigned udp_sockets) {
  Listener listener;
  listener.endpoint = endpoint;
  auto tcp = open_tcp(endpoint);
  if (!tcp) return tcp.error();
  listener.tcp = std::move(*tcp);
  listener.endpoint.port = bound_port(listener.tcp.fd());
  // Somebody who has the port for UDP only would share it unseen: one bind without sharing finds out.
  if (auto alone = open_udp(listener.endpoint, false); !alone) return alone.error();
  for (unsigned i = 0; i < udp_sockets; ++i) {
    auto udp = open_udp(listener.endpoint, true);
    if (!udp) return udp.error();
    listener.udp.push_back(std::move(*udp));
  }
  return listener;
}

}  // namespace

Socket& Socket::operator=(Socket&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

Socket::~Socket() {
  if (fd_ >= 0) ::close(fd_);
}

net::Result<Listener, BindError> open_listener(const net::Endpoint& endpoint, unsigned udp_sockets) {
  for (int tries = endpoint.port == 0 ? kPortTries : 1;; --tries) {
    auto listener = open_both(endpoint, udp_sockets);
    if (listener || tries == 1 || listener.error().error != EADDRINUSE) return listener;
  }
}

}  // namespace muster::dns
