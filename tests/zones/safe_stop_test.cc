#include "zones/safe_stop.h"

#include <gtest/gtest.h>

#include "tests/zones/support/instances.h"

namespace muster::zones {
namespace {

using registry::State;
using test::Make;

constexpr registry::WallTime at(int ms) { return registry::WallTime(net::Millis(ms)); }
constexpr registry::WallTime kStart = at(1'000'000);

Make web() { return Make("web", "i1").at("10.0.0.1").lease(30); }

TEST(SafeStop, PublishedNowCountsFromNowRoundedUpToAFullSecond) {
  const SafeStops stops(5, 1);
  EXPECT_EQ(stops.at(*web().get(), {}, at(1'000'600)), at(1'006'000));
  EXPECT_EQ(stops.at(*web().get(), {}, at(1'000'995)), at(1'007'000))
      << "an answer may yet be given for 20 ms";
  EXPECT_EQ(stops.at(*web().state(State::starting).get(), {}, at(1'000'600)), at(1'001'000))
      << "in no answer";
  ServicePolicy brief;
  brief.ttl = 2;
  EXPECT_EQ(stops.at(*web().get(), brief, at(1'000'600)), at(1'003'000));
  EXPECT_EQ(stops.at(*web().on(test::port(80)).get(), brief, at(1'000'600)), at(1'006'000))
      << "browsed for longer";
}

TEST(SafeStop, WhatWasReplacedCountsFromThen) {
  SafeStops stops(5, 1);
  const auto serving = web().get();
  const auto drained = web().draining().get();
  stops.note(*serving, {}, *drained, {}, kStart);
  EXPECT_EQ(stops.at(*drained, {}, kStart), at(1'006'000));
  EXPECT_EQ(stops.at(*drained, {}, kStart + net::Millis(3000)), at(1'006'000)) << "it does not move";
  EXPECT_EQ(stops.at(*drained, {}, kStart + net::Millis(9000)), at(1'009'000)) << "now, when that is over";
}

TEST(SafeStop, AFallenTtlStillCountsAsItWasHandedOut) {
  SafeStops stops(5, 1);
  const auto full = web().get();
  const auto low = web().low().get();
  const auto drained = web().low().draining().get();
  stops.note(*full, {}, *low, {}, kStart);
  stops.note(*low, {}, *drained, {}, kStart + net::Millis(1000));
  EXPECT_EQ(stops.at(*drained, {}, kStart + net::Millis(1000)), at(1'006'000));
}

TEST(SafeStop, IsForgottenOnceItIsOver) {
  SafeStops stops(5, 1);
  for (int i = 0; i < 100; ++i) {
    const auto serving = Make("web", std::to_string(i)).at("10.0.0.1").get();
    const auto drained = Make("web", std::to_string(i)).at("10.0.0.1").draining().get();
    stops.note(*serving, {}, *drained, {}, kStart);
    stops.note(*drained, {}, *serving, {}, kStart);
  }
  EXPECT_EQ(stops.size(), 100u);
  stops.forget_passed(kStart + net::Millis(5000));
  EXPECT_EQ(stops.size(), 100u);
  stops.forget_passed(kStart + net::Millis(5100));
  EXPECT_EQ(stops.size(), 0u);
}

}  // namespace
}  // namespace muster::zones
