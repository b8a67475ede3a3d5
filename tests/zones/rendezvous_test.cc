#include "zones/rendezvous.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace muster::zones {
namespace {

ClientNetwork network(std::string_view prefix) {
  ClientNetwork client;
  for (std::uint8_t i = 0; i < client.key.size(); ++i) client.key[i] = i;
  client.prefix = *net::parse_prefix(prefix);
  return client;
}

// Of a to d with weights 1 to 4.
std::string order_for(std::string_view prefix) {
  std::string ids = "abcd";
  const ClientNetwork client = network(prefix);
  const auto score = [&](char id) {
    return rendezvous_score(rendezvous_hash(client, std::string(1, id)),
                            static_cast<std::uint32_t>(id - 'a' + 1));
  };
  std::sort(ids.begin(), ids.end(), [&](char a, char b) { return score(a) > score(b); });
  return ids;
}

TEST(Rendezvous, KnownOrders) {
  EXPECT_EQ(rendezvous_hash(network("10.0.0.0/24"), "a"), 0x0eb447268e0e4b93u);
  EXPECT_EQ(order_for("10.0.0.0/24"), "dcba");
  EXPECT_EQ(order_for("10.0.1.0/24"), "bdca");
  EXPECT_EQ(order_for("192.0.2.0/24"), "cdab");
  EXPECT_EQ(order_for("10.1.0.0/16"), "dbca");
  EXPECT_EQ(order_for("2001:db8::/56"), "cabd");
}

TEST(Rendezvous, NothingOfALongIdIsLost) {
  const std::string id(255, 'i');
  EXPECT_NE(rendezvous_hash(network("10.0.0.0/24"), id + "/2001:db8:1234:5678:9abc:def0:1234:5678"),
            rendezvous_hash(network("10.0.0.0/24"), id + "/2001:db8:1234:5678:9abc:def0:1234:5679"));
}

TEST(Rendezvous, TheHashIsSipHash13) {
  const auto octets = siphash<1, 3>(network("0.0.0.0/0").key, {});
  const std::array<std::uint8_t, 8> known = {0xdc, 0xc4, 0x0f, 0x05, 0x58, 0x01, 0xac, 0xab};
  EXPECT_EQ(octets, known);
}

TEST(Rendezvous, ANetworkHasNoBitsBehindItsPrefix) {
  const auto text = [](std::string_view address, std::uint8_t length) {
    return net::to_string(network_of(*net::parse_ip(address), length).address);
  };
  EXPECT_EQ(text("10.1.2.255", 24), "10.1.2.0");
  EXPECT_EQ(text("10.1.255.255", 20), "10.1.240.0");
  EXPECT_EQ(text("10.1.2.3", 32), "10.1.2.3");
  EXPECT_EQ(text("10.1.2.3", 0), "0.0.0.0");
  EXPECT_EQ(text("2001:db8:1:ffff:1::1", 56), "2001:db8:1:ff00::");
}

}  // namespace
}  // namespace muster::zones
