#include "zones/bound_serials.h"

#include <gtest/gtest.h>

#include "tests/zones/specs.h"

namespace muster::zones {
namespace {

using namespace test;
using namespace std::chrono_literals;

class BoundSerialsTest : public testing::Test {
 protected:
  BoundSerialsTest() : zones_(table_), serials_(zones_, {.first = nullptr, .reserve = [this](const std::string& zone, std::uint32_t block) {
                                                EXPECT_EQ(zone, "example.");
                                                reserved_.push_back(block);
                                              }}) {}

  Zone& add(std::uint32_t serial, bool history = true) {
    ZoneConfig config;
    config.apex = name("example.");
    config.soa = {name("ns1.example."), name("host.example."), serial, 60, 15, 86400, 5};
    Zone& zone = zones_.add(config);
    zones_.keep_history(zone, history);
    return zone;
  }
  // A service's set there changes.
  void change(int value) {
    zones_.bind(name("www.example."), {RrType::a}, {a_set({"10.0.0." + std::to_string(value)})});
    serials_.changed(name("www.example."));
  }
  net::SteadyTime at(net::Millis span) const { return net::SteadyTime(1h) + span; }

  NameTable table_;
  Zones zones_;
  std::vector<std::uint32_t> reserved_;
  BoundSerials serials_;
};

TEST_F(BoundSerialsTest, RiseAtMostOnceASecond) {
  Zone& zone = add(7);
  change(1);
  serials_.tick(at(0ms));
  EXPECT_EQ(reserved_, std::vector<std::uint32_t>{8 + BoundSerials::kReserved});
  EXPECT_EQ(zones_.serial(zone), 7u) << "the store is told first";
  serials_.tick(at(999ms));
  EXPECT_EQ(zones_.serial(zone), 7u);
  serials_.tick(at(1s));
  EXPECT_EQ(zones_.serial(zone), 8u);
  for (int i = 0; i < 9; ++i) {
    change(2 + i);
    serials_.tick(at(1s + 100ms * i));
  }
  EXPECT_EQ(zones_.serial(zone), 8u);
  serials_.tick(at(2s));
  EXPECT_EQ(zones_.serial(zone), 9u);
  serials_.tick(at(3s));
  EXPECT_EQ(zones_.serial(zone), 9u) << "nothing has changed";
  EXPECT_EQ(zones_.history(zone)->journal().since(7)->size(), 2u);
}

TEST_F(BoundSerialsTest, AreReservedBeforeTheyAreServed) {
  Zone& zone = add(0xffffffe0u);
  for (int i = 0; i < 200; ++i) {
    change(i);
    serials_.tick(at(1s * i));
    ASSERT_FALSE(reserved_.empty());
    ASSERT_TRUE(i == 0 || serial_newer(reserved_.back(), zones_.serial(zone)));
  }
  EXPECT_LT(reserved_.size(), 10u);
}

TEST_F(BoundSerialsTest, OfAZoneThatIsNotThereNothingIsSaid) {
  change(1);
  serials_.tick(at(0ms));
  Zone& zone = add(7);
  zones_.set_readiness(zone, Readiness::not_ready);
  change(2);
  serials_.tick(at(5s));
  EXPECT_TRUE(reserved_.empty());
  zones_.set_readiness(zone, Readiness::ready);
  serials_.tick(at(6s));
  serials_.tick(at(7s));
  EXPECT_EQ(zones_.serial(zone), 7u) << "it was in the zone before anybody was answered from it";
  change(3);
  serials_.tick(at(8s));
  EXPECT_EQ(zones_.serial(zone), 8u);
}

TEST_F(BoundSerialsTest, WhatEndsAsItWasRaisesNothing) {
  Zone& zone = add(7);
  change(1);
  serials_.tick(at(0ms));
  serials_.tick(at(1s));
  const std::uint32_t before = zones_.serial(zone);
  change(2);
  change(1);
  serials_.tick(at(5s));
  EXPECT_EQ(zones_.serial(zone), before);
}

}  // namespace
}  // namespace muster::zones
