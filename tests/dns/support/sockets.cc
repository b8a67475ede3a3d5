#include "tests/dns/support/sockets.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "dns/socket_address.h"

namespace muster::dns::test {
namespace {

net::Endpoint local_of(int fd) {
  SocketAddress address;
  EXPECT_EQ(::getsockname(fd, address.get(), &address.size), 0);
  return address.endpoint();
}

bool readable(int fd, std::chrono::milliseconds patience) {
  pollfd poll{fd, POLLIN, 0};
  return ::poll(&poll, 1, static_cast<int>(patience.count())) == 1;
}

}  // namespace

net::Endpoint endpoint_of(std::string_view text) {
  const auto endpoint = net::parse_endpoint(text);
  EXPECT_TRUE(endpoint) << text;
  return endpoint.value_or(net::Endpoint{});
}

bool has_ipv6_loopback() {
  const Socket socket(::socket(AF_INET6, SOCK_DGRAM, 0));
  SocketAddress address(endpoint_of("[::1]:0"));
  return socket.fd() >= 0 && ::bind(socket.fd(), address.get(), address.size) == 0;
}

UdpClient::UdpClient(std::string_view from) {
  SocketAddress address(endpoint_of(from));
  socket_ = Socket(::socket(address.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(::bind(socket_.fd(), address.get(), address.size), 0) << std::strerror(errno);
}

net::Endpoint UdpClient::local() const { return local_of(socket_.fd()); }

void UdpClient::send(const net::Endpoint& to, const Octets& packet) {
  SocketAddress address(to);
  const auto sent = ::sendto(socket_.fd(), packet.data(), packet.size(), 0, address.get(), address.size);
  EXPECT_EQ(sent, static_cast<ssize_t>(packet.size())) << std::strerror(errno);
}

std::optional<UdpClient::Received> UdpClient::receive(std::chrono::milliseconds patience) {
  if (!readable(socket_.fd(), patience)) return {};
  SocketAddress from;
  Octets packet(65'535);
  const auto size = ::recvfrom(socket_.fd(), packet.data(), packet.size(), 0, from.get(), &from.size);
  if (size < 0) return {};
  packet.resize(static_cast<std::size_t>(size));
  return Received{std::move(packet), from.endpoint()};
}

TcpClient::TcpClient(const net::Endpoint& server, int receive_octets) {
  SocketAddress address(server);
  socket_ = Socket(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (receive_octets > 0) {
    ::setsockopt(socket_.fd(), SOL_SOCKET, SO_RCVBUF, &receive_octets, sizeof receive_octets);
  }
  const int on = 1;
  ::setsockopt(socket_.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  connected_ = ::connect(socket_.fd(), address.get(), address.size) == 0;
}

net::Endpoint TcpClient::local() const { return local_of(socket_.fd()); }

bool TcpClient::send(const Octets& octets) {
  std::size_t done = 0;
  while (done < octets.size()) {
    const auto sent = ::send(socket_.fd(), octets.data() + done, octets.size() - done, MSG_NOSIGNAL);
    if (sent < 0) return false;
    done += static_cast<std::size_t>(sent);
  }
  return true;
}

bool TcpClient::ask(const Octets& query) { return send(framed(query)); }

std::size_t TcpClient::send_some(const Octets& octets) {
  const auto sent = ::send(socket_.fd(), octets.data(), octets.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  return sent < 0 ? 0 : static_cast<std::size_t>(sent);
}

std::optional<Octets> TcpClient::receive_exactly(std::size_t octets) {
  Octets buffer(octets);
  std::size_t done = 0;
  while (done < octets) {
    if (!readable(socket_.fd(), kPatience)) return {};
    const auto size = ::recv(socket_.fd(), buffer.data() + done, octets - done, 0);
    if (size <= 0) return {};
    done += static_cast<std::size_t>(size);
  }
  return buffer;
}

std::optional<Octets> TcpClient::receive() {
  const auto length = receive_exactly(2);
  if (!length) return {};
  return receive_exactly(static_cast<std::size_t>((*length)[0] << 8 | (*length)[1]));
}

bool TcpClient::ends(std::chrono::milliseconds patience) {
  char octet;
  return readable(socket_.fd(), patience) && ::recv(socket_.fd(), &octet, 1, 0) == 0;
}

bool TcpClient::closed_by_now() {
  char octets[4096];
  for (;;) {
    const auto size = ::recv(socket_.fd(), octets, sizeof octets, MSG_DONTWAIT);
    if (size == 0) return true;
    if (size < 0) return errno != EAGAIN;
  }
}

void TcpClient::finish() { ::shutdown(socket_.fd(), SHUT_WR); }

void TcpClient::reset() {
  const linger now{1, 0};
  ::setsockopt(socket_.fd(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
  socket_ = Socket();
}

Octets framed(const Octets& message) {
  Octets octets;
  append_u16(octets, static_cast<unsigned>(message.size()));
  octets.insert(octets.end(), message.begin(), message.end());
  return octets;
}

}  // namespace muster::dns::test
