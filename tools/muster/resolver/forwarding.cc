#include "tools/muster/resolver/forwarding.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <random>

namespace muster::resolver {

namespace {

constexpr timeval kPatience{2, 0};
constexpr std::uint8_t kRefused = 5;

// RFC 1035 §4.1: RD, one question: ". NS IN".
std::array<std::uint8_t, 17> root_question(std::uint16_t id) {
  return {static_cast<std::uint8_t>(id >> 8),
          static_cast<std::uint8_t>(id),
          0x01,
          0,
          0,
          1,
          0,
          0,
          0,
          0,
          0,
          0,
          0,
          0,
          2,
          0,
          1};
}

class Socket {
 public:
  explicit Socket(const net::Endpoint& server) {
    const bool is_v4 = server.address.family == net::Family::v4;
    fd_ = socket(is_v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
    sockaddr_in v4{};
    sockaddr_in6 v6{};
    v4.sin_family = AF_INET;
    v6.sin6_family = AF_INET6;
    v4.sin_port = v6.sin6_port = htons(server.port);
    std::memcpy(is_v4 ? static_cast<void*>(&v4.sin_addr) : &v6.sin6_addr, server.address.octets.data(),
                server.address.size());
    const sockaddr* to = is_v4 ? reinterpret_cast<sockaddr*>(&v4) : reinterpret_cast<sockaddr*>(&v6);
    connected_ = connect(fd_, to, is_v4 ? sizeof v4 : sizeof v6) == 0;
  }
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  int fd() const { return connected_ ? fd_ : -1; }

 private:
  int fd_ = -1;
  bool connected_ = false;
};

}  // namespace

Forwarding ask_forwarding(const net::Endpoint& server) {
  const Socket socket(server);
  const auto question = root_question(static_cast<std::uint16_t>(std::random_device()()));
  if (send(socket.fd(), question.data(), question.size(), 0) < 0) return Forwarding::silent;
  std::array<std::uint8_t, 4096> reply{};
  const ssize_t size = recv(socket.fd(), reply.data(), reply.size(), 0);
  const bool is_reply =
      size >= 12 && reply[0] == question[0] && reply[1] == question[1] && (reply[2] & 0x80) != 0;
  if (!is_reply) return Forwarding::silent;
  const bool recursion_available = (reply[3] & 0x80) != 0;
  return recursion_available && (reply[3] & 0x0F) != kRefused ? Forwarding::yes : Forwarding::no;
}

}  // namespace muster::resolver
