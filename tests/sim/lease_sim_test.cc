// Leases in virtual time: many for a while, some for long; nobody leaves early and nobody stays too long.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>
#include <string>

#include "registry/registry.h"

namespace muster::registry {
namespace {

constexpr Instant kStart{SteadyTime(Millis(1'000'000)), WallTime(Millis(1'795'212'000'000))};
constexpr std::size_t kSlice = 2'000;

RegistryConfig unprotected() {
  RegistryConfig config;
  config.protection.max_expired_ratio = 1;
  return config;
}

Registration registration(std::size_t number, const BodyPtr& body) {
  Registration r;
  r.service = "s" + std::to_string(number % 1'000);
  r.id = "i" + std::to_string(number);
  r.generation = 1;
  r.body = body;
  return r;
}

BodyPtr plain_body() {
  InstanceBody body;
  body.addresses = {net::parse_ip("10.0.0.1").value()};
  return std::make_shared<const InstanceBody>(std::move(body));
}

// A million leases; all but every hundredth send heartbeats for three lease times, then everybody falls
// silent.
TEST(LeaseSim, AMillionForThreeLeaseTimes) {
  constexpr std::size_t kMany = 1'000'000;
  Registry registry(unprotected(), kStart);
  const BodyPtr body = plain_body();
  std::vector<Heartbeat> beats(kMany);
  std::size_t gone = 0;
  const auto drain = [&] {
    for (const auto& change : registry.take_batch().changes) gone += change.cause == Cause::expired ? 1U : 0U;
  };
  for (std::size_t i = 0; i < kMany; ++i) {
    const Registration r = registration(i, body);
    beats[i].service = r.service;
    beats[i].id = r.id;
    // Born spread over one lease, so that their deadlines are.
    ASSERT_TRUE(registry.apply(r, kStart + Millis(static_cast<std::int64_t>(i * 10'000 / kMany))));
    if (i % 10'000 == 0) drain();
  }
  Instant now = kStart + Millis(10'000);
  const Instant silence = now + Millis(3 * 30'000);
  std::size_t next = 0;
  while (now.steady < silence.steady) {
    now = now + Millis(10);
    for (std::size_t k = 0; k < 700; ++k, next = (next + 1) % kMany) {  // each every 14 s
      if (next % 100 == 0) continue;
      const Outcome renewed = registry.apply(beats[next], now);
      ASSERT_TRUE(renewed);
    }
    while (registry.tick(now, kSlice)) {
    }
    if (now.steady.time_since_epoch().count() % 1'000 == 0) drain();
  }
  drain();
  EXPECT_EQ(gone, kMany / 100);
  EXPECT_EQ(registry.counts().instances, kMany - kMany / 100);
  EXPECT_LE(registry.counts().lateness_max, Millis(10));
  for (int i = 0; i < 3'001; ++i) {
    now = now + Millis(10);
    while (registry.tick(now, kSlice)) {
    }
    drain();
  }
  EXPECT_EQ(registry.counts().instances, 0U);
  EXPECT_EQ(gone, kMany);
  EXPECT_LE(registry.counts().lateness_max, Millis(10));
}

// A thousand leases between 2 s and an hour for a day, each beating at a third of its lease, with pauses now
// and then that outlast it.
TEST(LeaseSim, AThousandForADay) {
  const char* chosen = std::getenv("MUSTER_SEED");
  const auto seed = chosen != nullptr ? static_cast<unsigned>(std::stoul(chosen)) : std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  Registry registry(unprotected(), kStart);
  const BodyPtr body = plain_body();
  struct Member {
    Registration registration;
    Heartbeat beat;
    Millis lease;
    SteadyTime next;
    SteadyTime deadline;
  };
  std::vector<Member> members(1'000);
  const auto enroll = [&](Member& member, Instant now) {
    const Outcome granted = registry.apply(member.registration, now);
    ASSERT_TRUE(granted);
    member.deadline = now.steady + member.lease;
    member.next = now.steady + member.lease / 3;
  };
  for (std::size_t i = 0; i < members.size(); ++i) {
    Member& member = members[i];
    member.registration = registration(i, body);
    member.lease = Millis(2'000 + static_cast<std::int64_t>(random() % 3'598'000));
    member.registration.lease = member.lease;
    member.beat.service = member.registration.service;
    member.beat.id = member.registration.id;
    enroll(member, kStart);
  }
  std::size_t expected_gone = 0;
  std::size_t gone = 0;
  constexpr Millis kStep{50};
  Instant now = kStart;
  for (; now.steady < kStart.steady + Millis(86'400'000); now = now + kStep) {
    while (registry.tick(now, kSlice)) {
    }
    for (const auto& change : registry.take_batch().changes) gone += change.cause == Cause::expired ? 1U : 0U;
    for (Member& member : members) {
      if (member.next > now.steady) continue;
      const bool there = registry.find(member.beat.service, member.beat.id) != nullptr;
      const bool expired = member.deadline <= now.steady;
      ASSERT_EQ(there, !expired) << member.beat.id;
      expected_gone += expired ? 1U : 0U;
      if (expired) {
        enroll(member, now);
        continue;
      }
      const Outcome renewed = registry.apply(member.beat, now);
      ASSERT_TRUE(renewed);
      member.deadline = now.steady + member.lease;
      member.next = now.steady + (random() % 50 == 0 ? member.lease + Millis(1'000) : member.lease / 3);
    }
  }
  for (const Member& member : members) {  // expired, and the day ended before its owner came back
    expected_gone += member.deadline <= (now + -kStep).steady ? 1U : 0U;
  }
  EXPECT_EQ(gone, expected_gone);
  EXPECT_GT(gone, 1'000U) << "the pauses were there";
}

}  // namespace
}  // namespace muster::registry
