// Opening the listening sockets. TCP is bound first and without SO_REUSEPORT, because that option would hide
// a port that is taken and let a second process of the same user steal queries; then the UDP port is tried in
// the same way, and the UDP sockets, one a thread, share it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "registry/net/ip_address.h"
#include "registry/net/result.h"

namespace muster::dns {

// A file descriptor with one owner.
class Socket {
 public:
  Socket() = default;
  explicit Socket(int fd) : fd_(fd) {}
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&& other) noexcept;
  ~Socket();

  int fd() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

// One listen address, open for both transports on the same port.
struct Listener {
  net::Endpoint endpoint;  // as bound
  Socket tcp;
  std::vector<Socket> udp;  // one a thread
};

// What failed and what to do about it: "cannot bind 127.0.0.1:53 (TCP): Address already in use".
struct BindError {
  std::string message;
  int error = 0;  // errno
};

// Port 0 is retried until one port is free for both transports.
net::Result<Listener, BindError> open_listener(const net::Endpoint& endpoint, unsigned udp_sockets);

}  // namespace muster::dns
