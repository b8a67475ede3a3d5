#include "zones/naming/mesos_masters.h"

#include <gtest/gtest.h>

namespace muster::zones::naming {
namespace {

net::Endpoint endpoint(const char* address, std::uint16_t port) { return {*net::parse_ip(address), port}; }

const net::Endpoint kSix = endpoint("0.0.0.6", 7);
const net::Endpoint kEight = endpoint("0.0.0.8", 9);
const net::Endpoint kLong = endpoint("2001:db8::1", 0);

struct Row {
  const char* why;
  std::vector<net::Endpoint> listed;
  std::vector<net::IpAddress> all;
  std::vector<net::Endpoint> numbered;
};

TEST(MesosMasters, AreNumberedInTheOrderOfTheList) {
  const Row rows[] = {
      {"nobody listed", {}, {kSix.address}, {kSix}},
      {"the leader is not listed", {kEight}, {kSix.address, kEight.address}, {kEight, kSix}},
      {"one is listed twice", {kEight, kEight}, {kSix.address, kEight.address}, {kEight, kSix}},
      {"the leader in its place", {kEight, kSix}, {kSix.address, kEight.address}, {kEight, kSix}},
      {"the leader twice", {kEight, kSix, kSix}, {kSix.address, kEight.address}, {kEight, kSix}},
      {"the leader first", {kSix, kEight}, {kSix.address, kEight.address}, {kSix, kEight}},
      {"one of IPv6",
       {kEight, kSix, kLong},
       {kSix.address, kEight.address, kLong.address},
       {kEight, kSix, kLong}},
      {"another port at the leader's address",
       {endpoint("0.0.0.6", 8), kEight},
       {kSix.address, kEight.address},
       {kEight, kSix}},
  };
  for (const Row& row : rows)
    EXPECT_EQ(number_masters(kSix, row.listed), (MesosMasters{row.all, row.numbered})) << row.why;
}

TEST(MesosMasters, WithoutALeaderThereAreNone) {
  EXPECT_EQ(number_masters(std::nullopt, std::vector{kEight}), MesosMasters{});
}

}  // namespace
}  // namespace muster::zones::naming
