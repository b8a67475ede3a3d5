// The small parts: labels, hashes, globs, the wheel.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "registry/glob.h"
#include "registry/label.h"
#include "registry/lease_wheel.h"
#include "registry/set_hash.h"

namespace muster::registry {
namespace {

TEST(InstanceLabel, Table) {
  struct {
    const char* id;
    std::vector<std::string> taken;
    const char* label;
    const char* why;
  } const kRows[] = {
      {"i1", {}, "i1", "a label already"},
      {"Web-1", {}, "web-1", "lower-cased"},
      {"test", {"test"}, "iffe93qc", "taken: eight symbols of SHA-1"},
      {"web.aaa", {}, "5quyukpq", "a dot is no label"},
  };
  for (const auto& row : kRows) {
    SCOPED_TRACE(row.why);
    const auto taken = [&](std::string_view label) {
      return std::ranges::find(row.taken, label) != row.taken.end();
    };
    const std::string label = instance_label(row.id, taken);
    EXPECT_EQ(label, row.label);
  }
}

TEST(InstanceLabel, WhatIsNoFreeLabelIsHashed) {
  for (const std::string& id : {std::string("by"), std::string("BY"), std::string("-a"), std::string("a-"),
                                std::string("a_b"), std::string(64, 'a')}) {
    SCOPED_TRACE(id);
    const std::string label = instance_label(id, [](std::string_view) { return false; });
    EXPECT_EQ(label.size(), 8U);
    EXPECT_TRUE(is_label(label, 63));
  }
}

TEST(InstanceLabel, AClashTakesTwelveSymbols) {
  const std::string label = instance_label("web.aaa", [](std::string_view l) { return l == "5quyukpq"; });
  EXPECT_EQ(label.size(), 12U);
  EXPECT_TRUE(label.starts_with("5quyukpq"));
}

TEST(ServiceName, Table) {
  const std::vector<std::string> reserved{"ns1"};
  struct {
    std::string name;
    Reason reason;
    const char* why;
  } const kRows[] = {
      {"web", Reason::ok, "a label"},
      {"Web", Reason::ok, "lower-cased it is one"},
      {std::string(62, 'a'), Reason::ok, "62 octets"},
      {std::string(63, 'a'), Reason::service_name_not_a_label, "_S would not fit"},
      {"a.b", Reason::service_name_not_a_label, "two labels"},
      {"my service", Reason::service_name_not_a_label, "a blank"},
      {"caf\xc3\xa9", Reason::service_name_not_a_label, "not ASCII"},
      {"-web", Reason::service_name_not_a_label, "leading hyphen"},
      {"_web", Reason::reserved_label, "underscore"},
      {"NS1", Reason::reserved_label, "a name server's label"},
  };
  for (const auto& row : kRows) {
    SCOPED_TRACE(row.why);
    EXPECT_EQ(service_name_verdict(row.name, reserved), row.reason);
  }
}

TEST(SetHashOf, KnownSumsAndTheirInverse) {
  SetHash hash = set_hash_term("web", "i1", 1);
  EXPECT_EQ(to_string(hash), "fb35f00d936f21d206e7e6003ab6cc96");
  hash += set_hash_term("web", "i2", 2);
  EXPECT_EQ(to_string(hash), "55eb958eeeb3ce09e30a0f324ae1a2df");
  hash -= set_hash_term("web", "i1", 1);
  EXPECT_EQ(hash, set_hash_term("web", "i2", 2));
  hash -= set_hash_term("web", "i2", 2);
  EXPECT_EQ(to_string(hash), std::string(32, '0'));
}

TEST(Glob, Table) {
  struct {
    const char* pattern;
    const char* text;
    bool matches;
  } constexpr kRows[] = {
      {"web/i1", "web/i1", true},
      {"web/i1", "web/i12", false},
      {"web/*", "web/i1", true},
      {"web/*", "web2/i1", false},
      {"*", "web/i1", true},
      {"*/i1", "web/i1", true},
      {"w?b/i?", "web/i1", true},
      {"w?b/i?", "wb/i1", false},
      {"*b*1", "web/i1", true},
      {"*b*2", "web/i1", false},
      {"", "", true},
      {"", "a", false},
      {"**", "", true},
      {"a*b*c", "aXbXbc", true},
      {"a*b*c", "aXbXbd", false},
      {"?", "", false},
  };
  for (const auto& row : kRows) {
    SCOPED_TRACE(std::string(row.pattern) + " on " + row.text);
    EXPECT_EQ(glob_matches(row.pattern, row.text), row.matches);
  }
}

TEST(Wheel, FiresInOrderOfTicksNeverEarly) {
  using net::Millis;
  using net::SteadyTime;
  const SteadyTime start{Millis(1'000'003)};
  for (const std::int64_t due_in : {0, 1, 7, 9, 10, 11, 500, 81'900}) {
    SCOPED_TRACE(due_in);
    LeaseWheel wheel(start);
    Timer timer;
    const SteadyTime due = start + Millis(due_in);
    wheel.arm(timer, due);
    SteadyTime now = start;
    while (wheel.pop(now) == nullptr) now += Millis(1);
    EXPECT_GE(now, due);
    EXPECT_LE(now, due + LeaseWheel::kTick);
    EXPECT_FALSE(timer.armed());
  }
}

TEST(Wheel, WhatIsBeyondTheRingComesBackEarlyToBeArmedAgain) {
  LeaseWheel wheel(net::SteadyTime(net::Millis(0)));
  Timer timer;
  wheel.arm(timer, net::SteadyTime(net::Millis(1'000'000)));
  EXPECT_EQ(wheel.pop(net::SteadyTime(net::Millis(81'900))), nullptr);
  EXPECT_EQ(wheel.pop(net::SteadyTime(net::Millis(81'920))), &timer);
}

TEST(Wheel, ATimerThatEndsLeavesTheRing) {
  LeaseWheel wheel(net::SteadyTime(net::Millis(0)));
  {
    Timer timer;
    wheel.arm(timer, net::SteadyTime(net::Millis(50)));
  }
  EXPECT_EQ(wheel.pop(net::SteadyTime(net::Millis(1'000))), nullptr);
}

TEST(Wheel, AJumpOfTimeOverSeveralRingsMissesNobody) {
  LeaseWheel wheel(net::SteadyTime(net::Millis(0)));
  std::vector<Timer> timers(100);
  for (std::size_t i = 0; i < timers.size(); ++i) wheel.arm(timers[i], net::SteadyTime(net::Millis(800 * i)));
  std::size_t fired = 0;
  while (wheel.pop(net::SteadyTime(net::Millis(10'000'000))) != nullptr) ++fired;
  EXPECT_EQ(fired, timers.size());
}

}  // namespace
}  // namespace muster::registry
