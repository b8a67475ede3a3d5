// An endpoint as the socket calls want it, and back.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

#include "registry/net/ip_address.h"

namespace muster::dns {

inline net::Endpoint to_endpoint(const sockaddr_storage& storage) {
  net::Endpoint endpoint;
  if (storage.ss_family == AF_INET) {
    const auto& in = reinterpret_cast<const sockaddr_in&>(storage);
    endpoint.port = ntohs(in.sin_port);
    std::memcpy(endpoint.address.octets.data(), &in.sin_addr, 4);
  } else {
    const auto& in = reinterpret_cast<const sockaddr_in6&>(storage);
    endpoint.address.family = net::Family::v6;
    endpoint.port = ntohs(in.sin6_port);
    std::memcpy(endpoint.address.octets.data(), &in.sin6_addr, 16);
  }
  return endpoint;
}

struct SocketAddress {
  SocketAddress() = default;  // room for any, to be filled by a call
  explicit SocketAddress(const net::Endpoint& endpoint) {
    if (endpoint.address.family == net::Family::v4) {
      auto& in = reinterpret_cast<sockaddr_in&>(storage);
      in.sin_family = AF_INET;
      in.sin_port = htons(endpoint.port);
      std::memcpy(&in.sin_addr, endpoint.address.octets.data(), 4);
      size = sizeof in;
    } else {
      auto& in = reinterpret_cast<sockaddr_in6&>(storage);
      in.sin6_family = AF_INET6;
      in.sin6_port = htons(endpoint.port);
      std::memcpy(&in.sin6_addr, endpoint.address.octets.data(), 16);
      size = sizeof in;
    }
  }

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  int family() const { return storage.ss_family; }
  net::Endpoint endpoint() const { return to_endpoint(storage); }

  sockaddr_storage storage{};
  socklen_t size = sizeof(sockaddr_storage);
};

}  // namespace muster::dns
