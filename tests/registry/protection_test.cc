// Protection: when it trips, what it holds, and that every hold ends.
#include "tests/registry/support/fixture.h"

namespace muster::registry::test {
namespace {

class ProtectionOf : public Fixture {
 protected:
  // Members i0..iN in a /24 and az each, so that only the groups a test names can trip, unless it says
  // otherwise.
  void settle(int members, const char* az = nullptr, const char* service = "web") {
    for (int i = 0; i < members; ++i) {
      InstanceBody body = body_at(("10.0." + std::to_string(next_net_++) + ".1").c_str());
      if (az != nullptr) body.tags = {{"az", az}};
      ASSERT_TRUE(registry->apply(registration(service, id(i), body), now));
    }
  }
  static std::string id(int i) { return "i" + std::to_string(i); }
  void keep_alive(int from, int to, Millis span) {
    const Instant end = now + span;
    while (now.steady < end.steady) {
      for (int i = from; i < to; ++i) ASSERT_TRUE(beat(id(i)));
      pass(std::min(Millis(5'000), Millis(end.steady - now.steady)));
    }
  }
  int there(int members) const {
    int count = 0;
    for (int i = 0; i < members; ++i) count += web(id(i)) ? 1 : 0;
    return count;
  }
  LeaseState state(int i) const { return web(id(i))->lease_state; }

  int next_net_ = 0;
};

TEST_F(ProtectionOf, ThreeOfSixIsNoReason) {
  settle(6);
  keep_alive(3, 6, Millis(31'000));
  EXPECT_EQ(there(6), 3);
  EXPECT_EQ(registry->counts().suspects, 0U);
}

TEST_F(ProtectionOf, FourOfSixAreHeldAndServeASixteenth) {
  settle(6);
  const auto revision = web("i0")->revision;
  keep_alive(4, 6, Millis(31'000));
  EXPECT_EQ(there(6), 6);
  EXPECT_EQ(registry->counts().suspects, 4U);
  EXPECT_EQ(state(0), LeaseState::suspect);
  EXPECT_EQ(web("i0")->reason, Reason::lease_suspect);
  EXPECT_TRUE(web("i0")->serving);
  EXPECT_EQ(web("i0")->effective_weight, 1.0 / 16);
  EXPECT_EQ(web("i0")->silent_since, now.wall - Millis(31'000)) << "its last sign of life";
  EXPECT_GT(web("i0")->revision, revision);
  EXPECT_EQ(state(5), LeaseState::live);
  ASSERT_TRUE(beat("i0"));
  EXPECT_EQ(state(0), LeaseState::live) << "full weight at once";
  EXPECT_EQ(web("i0")->effective_weight, 1.0);
  EXPECT_EQ(web("i0")->silent_since, WallTime{});
  EXPECT_EQ(registry->counts().suspects, 3U);
}

TEST_F(ProtectionOf, ThoseWhoLeftEarlierInTheWindowComeBack) {
  settle(3);
  pass(Millis(5'000));
  for (int i = 3; i < 6; ++i)
    ASSERT_TRUE(put(id(i), {}, body_at(("10.1." + std::to_string(i) + ".1").c_str())));
  const auto sequence = web("i0")->sequence;
  pass(Millis(25'010));
  EXPECT_EQ(there(6), 3) << "three of six";
  registry->take_batch();
  keep_alive(4, 6, Millis(5'010));
  EXPECT_EQ(there(6), 6) << "the fourth trips it and all four are suspects";
  EXPECT_EQ(registry->counts().suspects, 4U);
  EXPECT_EQ(web("i0")->sequence, sequence);
  const Batch batch = registry->take_batch();
  EXPECT_EQ(rows_of<ClaimRow>(batch), 3U) << "those who came back are stored again";
}

TEST_F(ProtectionOf, WhatExpiredAndWasDeregisteredDoesNotComeBack) {
  settle(3);
  pass(Millis(5'000));
  for (int i = 3; i < 6; ++i)
    ASSERT_TRUE(put(id(i), {}, body_at(("10.1." + std::to_string(i) + ".1").c_str())));
  pass(Millis(25'010));
  ASSERT_TRUE(remove("i0"));
  ASSERT_TRUE(put("i1", 5, body_at("10.2.1.1")));
  pass(Millis(29'000));
  EXPECT_EQ(registry->counts().suspects, 4U) << "i2 came back with i3 to i5";
  EXPECT_FALSE(web("i0"));
  ASSERT_TRUE(web("i1"));
  EXPECT_EQ(web("i1")->generation, 5U) << "its new registration is what counts";
}

TEST_F(ProtectionOf, AutoscaleDownByDeleteTripsNothing) {
  settle(20);
  for (int i = 0; i < 16; ++i) ASSERT_TRUE(remove(id(i)));
  keep_alive(16, 20, Millis(40'000));
  EXPECT_EQ(there(20), 4);
  EXPECT_EQ(registry->counts().suspects, 0U);
}

TEST_F(ProtectionOf, DrainedInstancesDoNotCount) {
  settle(6);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(registry->apply(DrainOrder{"web", id(i), true, ""}, now));
  keep_alive(4, 6, Millis(31'000));
  EXPECT_EQ(there(6), 2) << "one of three that count, and there are too few to judge";
}

TEST_F(ProtectionOf, OneAzAmongManyServices) {
  // Five services of three members; the third member of each is in zone b and falls silent.
  for (int s = 0; s < 6; ++s)
    for (int i = 0; i < 3; ++i) {
      InstanceBody body = body_at(("10." + std::to_string(s) + "." + std::to_string(i) + ".1").c_str());
      body.tags = {{"az", i == 2 ? "b" : "a"}};
      ASSERT_TRUE(registry->apply(registration("s" + std::to_string(s), id(i), body), now));
    }
  for (int round = 0; round < 4; ++round) {
    pass(Millis(8'000));
    for (int s = 0; s < 6; ++s)
      for (int i = 0; i < 2; ++i) {
        Heartbeat h;
        h.service = "s" + std::to_string(s);
        h.id = id(i);
        ASSERT_TRUE(registry->apply(h, now));
      }
  }
  EXPECT_EQ(registry->counts().suspects, 6U);
  for (int s = 0; s < 6; ++s)
    EXPECT_EQ(registry->find("s" + std::to_string(s), "i2")->lease_state, LeaseState::suspect);
}

TEST_F(ProtectionOf, OneNetworkAmongManyServices) {
  for (int s = 0; s < 6; ++s) {
    const std::string service = "s" + std::to_string(s);
    for (int i = 0; i < 3; ++i) {
      const std::string ip = i == 2 ? "10.9.9." + std::to_string(s + 1)
                                    : "10." + std::to_string(s) + "." + std::to_string(i) + ".1";
      ASSERT_TRUE(registry->apply(registration(service, id(i), body_at(ip.c_str())), now));
    }
  }
  for (int round = 0; round < 4; ++round) {
    pass(Millis(8'000));
    for (int s = 0; s < 6; ++s)
      for (int i = 0; i < 2; ++i) {
        Heartbeat h;
        h.service = "s" + std::to_string(s);
        h.id = id(i);
        ASSERT_TRUE(registry->apply(h, now));
      }
  }
  EXPECT_EQ(registry->counts().suspects, 6U);
}

TEST_F(ProtectionOf, EveryHoldEndsWithinHoldAndASecond) {
  settle(6);
  pass(Millis(30'020));
  ASSERT_EQ(registry->counts().suspects, 6U);
  registry->take_batch();
  pass(Millis(299'000));
  EXPECT_EQ(there(6), 6);
  pass(Millis(2'000));
  EXPECT_EQ(there(6), 0);
  for (const auto& change : registry->take_batch().changes) EXPECT_EQ(change.cause, Cause::held_out);
  EXPECT_EQ(registry->counts().suspects, 0U);
}

TEST_F(ProtectionOf, WithoutATcpPortItEndsAfterAMinute) {
  for (int i = 0; i < 6; ++i) {
    InstanceBody body = body_at(("10.0." + std::to_string(i) + ".1").c_str());
    body.ports[0].protocol = Protocol::udp;
    ASSERT_TRUE(put(id(i), {}, body));
  }
  pass(Millis(30'020));
  EXPECT_TRUE(registry->suspects_to_probe(now, 100).empty());
  pass(Millis(59'000));
  EXPECT_EQ(there(6), 6);
  pass(Millis(1'100));
  EXPECT_EQ(there(6), 0);
}

TEST_F(ProtectionOf, ProbesComeAtOnceAndEveryTwoSeconds) {
  settle(6);
  pass(Millis(30'020));
  EXPECT_EQ(registry->suspects_to_probe(now, 4).size(), 4U) << "at most so many";
  EXPECT_EQ(registry->suspects_to_probe(now, 100).size(), 2U);
  EXPECT_TRUE(registry->suspects_to_probe(now, 100).empty());
  pass(Millis(1'990));
  EXPECT_TRUE(registry->suspects_to_probe(now, 100).empty());
  pass(Millis(20));
  EXPECT_EQ(registry->suspects_to_probe(now, 100).size(), 6U);
}

TEST_F(ProtectionOf, VerdictsTable) {
  using enum ProbeVerdict;
  struct {
    std::vector<std::pair<int, ProbeVerdict>> probes;
    bool stays;
    const char* why;
  } const cells[] = {
      {{{0, refused}}, false, "refused: the port is closed, it is dead"},
      {{{0, unreachable}}, true, "nobody has answered: we may be the ones cut off"},
      {{{0, timed_out}, {0, timed_out}, {0, timed_out}}, true, "the same by silence"},
      {{{1, connected}, {0, unreachable}}, false, "another answered: it is this one"},
      {{{1, connected}, {0, timed_out}, {0, timed_out}}, true, "two time-outs are not three"},
      {{{1, connected}, {0, timed_out}, {0, timed_out}, {0, timed_out}}, false, "three are"},
      {{{0, connected}, {0, unreachable}}, true, "its own answer is not another's"},
      {{{0, connected}, {1, connected}, {0, unreachable}}, false, "both answered once"},
      {{{0, timed_out}, {0, timed_out}, {0, connected}, {1, connected}, {0, timed_out}},
       true,
       "an answer starts the count anew"},
      {{{0, connected}}, true, "stays until it reports"},
  };
  for (const auto& cell : cells) {
    SCOPED_TRACE(cell.why);
    begin_anew();
    settle(6);
    pass(Millis(30'020));
    registry->take_batch();
    for (const auto& [member, verdict] : cell.probes)
      registry->suspect_verdict("web", id(member), verdict, now);
    EXPECT_EQ(web("i0") != nullptr, cell.stays);
    if (!cell.stays) {
      EXPECT_EQ(registry->take_batch().changes.back().cause, Cause::confirmed);
    }
  }
}

TEST_F(ProtectionOf, DoesNotConcernLyftUnlessAsked) {
  for (const bool protect : {false, true}) {
    SCOPED_TRACE(protect);
    RegistryConfig config;
    config.lyft_protection = protect;
    begin_anew(config);
    for (int i = 0; i < 6; ++i)
      ASSERT_TRUE(
          put_from(SourceKind::lyft, "lyft", id(i), body_at(("10.0." + std::to_string(i) + ".1").c_str())));
    pass(Millis(30'020));
    EXPECT_EQ(there(6), protect ? 6 : 0);
  }
}

TEST_F(ProtectionOf, FewerThanFiveAreNotJudged) {
  settle(4);
  pass(Millis(30'020));
  EXPECT_EQ(there(4), 0);
}

TEST_F(ProtectionOf, CanBeSwitchedOff) {
  RegistryConfig config;
  config.protection.max_expired_ratio = 1;
  begin_anew(config);
  settle(10);
  pass(Millis(30'020));
  EXPECT_EQ(there(10), 0);
}

TEST_F(ProtectionOf, ASuspectIsDeregisteredAsIfItWereLive) {
  settle(6);
  pass(Millis(30'020));
  ASSERT_TRUE(remove("i0"));
  EXPECT_FALSE(web("i0"));
  EXPECT_EQ(code_of(beat("i0")), "deregistered");
  EXPECT_EQ(registry->counts().suspects, 5U);
}

TEST_F(ProtectionOf, TheWindowForgets) {
  settle(10);
  // Two run out every 31 s: never more than two of the window's members.
  for (int gone = 2; gone <= 4; gone += 2) keep_alive(gone, 10, Millis(62'000));
  EXPECT_EQ(there(10), 6);
  EXPECT_EQ(registry->counts().suspects, 0U);
}

}  // namespace
}  // namespace muster::registry::test
