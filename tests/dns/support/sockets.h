// Plain blocking clients for tests of the servers. Every wait ends after kPatience, so that a server that
// says nothing fails a test instead of hanging it.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "dns/socket.h"
#include "tests/dns/support/packets.h"

namespace muster::dns::test {

inline constexpr std::chrono::milliseconds kPatience{5'000};

net::Endpoint endpoint_of(std::string_view text);
bool has_ipv6_loopback();

class UdpClient {
 public:
  // Bound to `from`, an address with port 0.
  explicit UdpClient(std::string_view from);
  net::Endpoint local() const;
  void send(const net::Endpoint& to, const Octets& packet);

  struct Received {
    Octets packet;
    net::Endpoint from;
  };
  std::optional<Received> receive(std::chrono::milliseconds patience = kPatience);

 private:
  Socket socket_;
};

class TcpClient {
 public:
  // A small receive buffer makes a reader that is soon slow.
  explicit TcpClient(const net::Endpoint& server, int receive_octets = 0);
  bool connected() const { return connected_; }
  net::Endpoint local() const;

  // False: the server has closed the connection. A query goes with its length in front.
  bool send(const Octets& octets);
  bool ask(const Octets& query);
  // What the socket's buffer takes at once.
  std::size_t send_some(const Octets& octets);
  // The next message without its length; nullopt: end, reset or nothing came.
  std::optional<Octets> receive();
  // The server ends the connection in time, with FIN and nothing before it.
  bool ends(std::chrono::milliseconds patience = kPatience);
  // Ended or reset by now; octets that wait are skipped.
  bool closed_by_now();
  void finish();  // sends FIN, may still read
  void reset();   // sends RST

 private:
  std::optional<Octets> receive_exactly(std::size_t octets);
  Socket socket_;
  bool connected_ = false;
};

Octets framed(const Octets& message);

}  // namespace muster::dns::test
