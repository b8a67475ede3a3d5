// Replies that go out together: each to its client, and none lost for another's sake.
#include "dns/udp_outbox.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "dns/udp_way.h"

namespace muster::dns {
namespace {

std::shared_ptr<Socket> bound() {
  auto socket = std::make_shared<Socket>(::socket(AF_INET, SOCK_DGRAM, 0));
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::bind(socket->fd(), reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
  return socket;
}

class To final : public Outlet {
 public:
  To(std::shared_ptr<Socket> by, const Socket& client) {
    way_.socket = std::move(by);
    way_.peer_size = sizeof way_.peer;
    ::getsockname(client.fd(), reinterpret_cast<sockaddr*>(&way_.peer), &way_.peer_size);
  }
  void lose_the_port() { reinterpret_cast<sockaddr_in&>(way_.peer).sin_port = 0; }
  void send(std::vector<Octets>, Written) override { ADD_FAILURE() << "it has a way"; }
  void abort() override {}
  UdpWay* way() override { return &way_; }

 private:
  UdpWay way_;
};

// The first octet of all that has come.
std::vector<int> come(const Socket& client) {
  std::vector<int> all;
  std::uint8_t octet = 0;
  while (::recv(client.fd(), &octet, 1, MSG_DONTWAIT) >= 0) all.push_back(octet);
  return all;
}

TEST(UdpOutbox, SendsEachToItsClientBySeveralSocketsInTurn) {
  const auto first = bound(), second = bound(), client = bound();
  UdpOutbox outbox;
  constexpr int kMany = 150;  // more than one system call takes
  for (int i = 0; i < kMany; ++i)
    outbox.add(std::make_shared<To>(i % 2 == 0 ? first : second, *client), {static_cast<std::uint8_t>(i)});
  EXPECT_EQ(outbox.flush(), 0u);
  std::vector<int> all = come(*client);
  std::sort(all.begin(), all.end());
  ASSERT_EQ(all.size(), static_cast<std::size_t>(kMany));
  for (int i = 0; i < kMany; ++i) EXPECT_EQ(all[static_cast<std::size_t>(i)], i);
  EXPECT_EQ(outbox.flush(), 0u) << "once";
  EXPECT_TRUE(come(*client).empty());
}

TEST(UdpOutbox, OneThatFailsIsCountedAndTheRestGoesOut) {
  const auto server = bound(), client = bound();
  UdpOutbox outbox;
  outbox.add(std::make_shared<To>(server, *client), {1});
  auto nowhere = std::make_shared<To>(server, *client);
  nowhere->lose_the_port();
  outbox.add(nowhere, {2});
  outbox.add(std::make_shared<To>(server, *client), {3});
  EXPECT_EQ(outbox.flush(), 1u);
  EXPECT_EQ(come(*client), (std::vector<int>{1, 3}));
}

}  // namespace
}  // namespace muster::dns
