#include "dns/socket.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <fstream>

#include "dns/socket_address.h"
#include "tests/dns/support/sockets.h"

namespace muster::dns {
namespace {

using test::endpoint_of;

std::uint16_t port_of(const Socket& socket) {
  SocketAddress address;
  EXPECT_EQ(::getsockname(socket.fd(), address.get(), &address.size), 0);
  return address.endpoint().port;
}

TEST(Listener, PortZeroIsOneFreePortForBothTransports) {
  auto listener = open_listener(endpoint_of("127.0.0.1:0"), 3);
  ASSERT_TRUE(listener) << listener.error().message;
  EXPECT_NE(listener->endpoint.port, 0);
  EXPECT_EQ(port_of(listener->tcp), listener->endpoint.port);
  ASSERT_EQ(listener->udp.size(), 3u);
  for (const Socket& socket : listener->udp) EXPECT_EQ(port_of(socket), listener->endpoint.port);
}

TEST(Listener, APortThatIsServedIsRefusedAlthoughTheUserIsTheSame) {
  auto first = open_listener(endpoint_of("127.0.0.1:0"), 1);
  ASSERT_TRUE(first);
  auto second = open_listener(first->endpoint, 1);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().error, EADDRINUSE);
  EXPECT_NE(second.error().message.find(net::to_string(first->endpoint) + " (TCP)"), std::string::npos)
      << second.error().message;
}

TEST(Listener, AWildcardIsRefusedWhereOneAddressHasThePort) {
  auto one = open_listener(endpoint_of("127.0.0.1:0"), 1);
  ASSERT_TRUE(one);
  net::Endpoint all = endpoint_of("0.0.0.0:0");
  all.port = one->endpoint.port;
  EXPECT_FALSE(open_listener(all, 1));
}

TEST(Listener, AnotherAddressMayHaveTheSamePort) {
  auto one = open_listener(endpoint_of("127.0.0.1:0"), 1);
  ASSERT_TRUE(one);
  net::Endpoint other = endpoint_of("127.0.0.2:0");
  other.port = one->endpoint.port;
  auto second = open_listener(other, 1);
  EXPECT_TRUE(second) << second.error().message;
}

// Somebody who serves UDP only, and would let us share the port.
TEST(Listener, AUdpPortThatIsTakenIsRefusedAlthoughItCouldBeShared) {
  std::vector<Socket> taken;
  net::Endpoint endpoint;
  {
    auto listener = open_listener(endpoint_of("127.0.0.1:0"), 1);
    ASSERT_TRUE(listener);
    endpoint = listener->endpoint;
    taken = std::move(listener->udp);
  }
  int shared = 0;
  socklen_t size = sizeof shared;
  ASSERT_EQ(::getsockopt(taken[0].fd(), SOL_SOCKET, SO_REUSEPORT, &shared, &size), 0);
  ASSERT_EQ(shared, 1);
  auto second = open_listener(endpoint, 1);
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().message.find("(UDP)"), std::string::npos) << second.error().message;
}

int option_of(const Socket& socket, int level, int option) {
  int value = -1;
  socklen_t size = sizeof value;
  EXPECT_EQ(::getsockopt(socket.fd(), level, option, &value, &size), 0);
  return value;
}

// RFC 2181 §4.1: the address that was asked is known. RFC 9715: no reply waits for a path's MTU.
TEST(Listener, UdpSocketsAreSetAsServersNeed) {
  auto four = open_listener(endpoint_of("0.0.0.0:0"), 1);
  ASSERT_TRUE(four) << four.error().message;
  EXPECT_EQ(option_of(four->udp[0], IPPROTO_IP, IP_MTU_DISCOVER), IP_PMTUDISC_OMIT);
  EXPECT_EQ(option_of(four->udp[0], IPPROTO_IP, IP_PKTINFO), 1);
  EXPECT_EQ(option_of(four->udp[0], SOL_SOCKET, SO_REUSEPORT), 1);
  if (!test::has_ipv6_loopback()) return;
  auto six = open_listener(endpoint_of("[::]:0"), 1);
  ASSERT_TRUE(six) << six.error().message;
  EXPECT_EQ(option_of(six->udp[0], IPPROTO_IPV6, IPV6_MTU_DISCOVER), IPV6_PMTUDISC_OMIT);
  EXPECT_EQ(option_of(six->udp[0], IPPROTO_IPV6, IPV6_RECVPKTINFO), 1);
}

// As many connections may wait as we ask for, or as the system allows; none waits for its first octet.
TEST(Listener, ManyConnectionsMayWaitAtOnce) {
  auto listener = open_listener(endpoint_of("127.0.0.1:0"), 1);
  ASSERT_TRUE(listener) << listener.error().message;
  std::uint32_t most = 0;
  std::ifstream("/proc/sys/net/core/somaxconn") >> most;
  tcp_info info{};
  socklen_t size = sizeof info;
  ASSERT_EQ(::getsockopt(listener->tcp.fd(), IPPROTO_TCP, TCP_INFO, &info, &size), 0);
  EXPECT_EQ(info.tcpi_sacked, std::min(4096u, most)) << "the backlog of a listening socket";
  EXPECT_EQ(option_of(listener->tcp, IPPROTO_TCP, TCP_DEFER_ACCEPT), 0);
}

TEST(Listener, AnAddressThatIsNotOursIsAnErrorThatNamesIt) {
  auto listener = open_listener(endpoint_of("192.0.2.1:0"), 1);
  ASSERT_FALSE(listener);
  EXPECT_EQ(listener.error().error, EADDRNOTAVAIL);
  EXPECT_NE(listener.error().message.find("192.0.2.1"), std::string::npos);
}

TEST(Listener, Ipv6TakesNoIpv4) {
  if (!test::has_ipv6_loopback()) GTEST_SKIP() << "no IPv6 here";
  auto six = open_listener(endpoint_of("[::]:0"), 1);
  ASSERT_TRUE(six) << six.error().message;
  net::Endpoint four = endpoint_of("0.0.0.0:0");
  four.port = six->endpoint.port;
  auto both = open_listener(four, 1);
  EXPECT_TRUE(both) << both.error().message;
}

TEST(Socket, HasOneOwner) {
  Socket first(::socket(AF_INET, SOCK_DGRAM, 0));
  const int fd = first.fd();
  Socket second(std::move(first));
  EXPECT_EQ(second.fd(), fd);
  Socket third;
  third = std::move(second);
  EXPECT_EQ(third.fd(), fd);
  third = Socket();
  int type = 0;
  socklen_t size = sizeof type;
  EXPECT_NE(::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size), 0) << "closed";
}

}  // namespace
}  // namespace muster::dns
