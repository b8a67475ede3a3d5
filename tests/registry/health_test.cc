// Which probe is made when, and what becomes of what it finds, in virtual time.
#include "registry/health/health.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace muster::registry::health {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

const Instant kBegin{SteadyTime(Millis(1'000'000)), WallTime(Millis(1'795'212'000'000))};

Check tcp_check(const std::string& id = "tcp") {
  Check check;
  check.id = id;
  return check;
}

Check ttl_check() {
  Check check;
  check.id = "ttl";
  check.type = CheckType::ttl;
  return check;
}

BodyPtr body_at(const char* ip, std::uint16_t port = 80) {
  InstanceBody body;
  body.addresses = {net::parse_ip(ip).value()};
  body.ports = {Port{"http", port, Protocol::tcp, PortScope::host, 0, {}}};
  return std::make_shared<const InstanceBody>(std::move(body));
}

SharedChecks share(Checks checks) { return std::make_shared<const Checks>(std::move(checks)); }

const Verdict kOk{};
const Verdict kTimeout{Severity::soft, FailureClass::timeout, 0, {}, {}};
const Verdict kRefused{Severity::hard, FailureClass::refused, 0, {}, {}};

class HealthTest : public ::testing::Test {
 protected:
  HealthTest() { begin(); }
  void begin(PlanConfig config = {}) {
    changes.clear();
    health = std::make_unique<Health>(
        config,
        Health::Owner{[this](const Watch& watch) { return may_suspend(watch); },
                      [this](Watch& watch) {
                        changes.push_back(std::string(static_cast<const char*>(watch.checkup->owner)) + " " +
                                          std::string(to_string(watch.machine.state())));
                      },
                      {}});
  }
  bool attend(Checkup& checkup, Checks checks, BodyPtr body, bool is_new = true,
              std::vector<StoredWatch> stored = {}) {
    return health->attend(checkup, share(std::move(checks)), std::move(body), "web", "i1", is_new, stored,
                          now);
  }
  // Lets time pass in steps of 10 ms; every probe finds `found` after `takes`. What was begun, each at its
  // moment.
  std::vector<Millis> pass(Millis span, const Verdict& found = kOk, Millis takes = 0ms) {
    std::vector<Millis> began;
    const SteadyTime end = now.steady + span;
    while (now.steady < end) {
      now = now + 10ms;
      for (const ProbeOrder& order : health->due(now, 1'000)) {
        began.push_back(std::chrono::duration_cast<Millis>(now.steady - kBegin.steady));
        open.emplace_back(now.steady + takes, order.number);
        targets[net::to_string(order.task->target)]++;
      }
      for (std::size_t i = 0; i < open.size();) {
        if (open[i].first > now.steady) {
          ++i;
          continue;
        }
        const std::uint64_t number = open[i].second;
        open.erase(open.begin() + static_cast<std::ptrdiff_t>(i));
        health->found(number, found, now);
      }
      while (health->tick(now, 100)) {
      }
    }
    return began;
  }

  Instant now = kBegin;
  std::function<bool(const Watch&)> may_suspend = [](const Watch&) { return true; };
  std::vector<std::string> changes;
  std::vector<std::pair<SteadyTime, std::uint64_t>> open;
  std::map<std::string, int> targets;
  std::unique_ptr<Health> health;
};

TEST_F(HealthTest, BeginsWithin200MillisecondsAndIsActiveAfterItsFirstOk) {
  Checkup one;
  one.owner = const_cast<char*>("a");
  ASSERT_TRUE(attend(one, {tcp_check()}, body_at("10.0.0.1")));
  EXPECT_EQ(one.worst()->machine.state(), State::starting);
  const auto began = pass(1s);
  ASSERT_EQ(began.size(), 1U);
  EXPECT_LE(began[0], 210ms);
  EXPECT_EQ(one.worst(), nullptr);
  EXPECT_THAT(changes, ElementsAre("a ACTIVE"));
  EXPECT_EQ(targets, (std::map<std::string, int>{{"10.0.0.1:80", 1}}));
  health->end(one);
}

TEST_F(HealthTest, ComesEveryIntervalGiveOrTakeATenth) {
  Checkup one;
  one.owner = const_cast<char*>("a");
  attend(one, {tcp_check()}, body_at("10.0.0.1"), false);
  const auto began = pass(1000s, kOk, 500ms);
  EXPECT_GT(began.size(), 95U);
  EXPECT_LT(began.size(), 106U);
  Millis least = 1h, most = 0ms;
  for (std::size_t i = 1; i < began.size(); ++i) {
    least = std::min(least, began[i] - began[i - 1]);
    most = std::max(most, began[i] - began[i - 1]);
  }
  EXPECT_GE(least, 9s);
  EXPECT_LE(most, 11'010ms);
  EXPECT_GT(most - least, 1s) << "with jitter";
  health->end(one);
}

TEST_F(HealthTest, ChecksThatAskForTheSameShareAProbeAndEachCountsByItsOwnRules) {
  Checkup one, two;
  one.owner = const_cast<char*>("a");
  two.owner = const_cast<char*>("b");
  Check strict = tcp_check();
  strict.rules.retries = 0;
  attend(one, {tcp_check()}, body_at("10.0.0.1"), false);
  attend(two, {strict}, body_at("10.0.0.1"), false);
  EXPECT_EQ(health->counts().probes, 1U);
  EXPECT_EQ(health->sharing(*one.watches[0]), 1U);
  EXPECT_EQ(pass(300ms, kTimeout).size(), 1U);
  EXPECT_THAT(changes, ElementsAre("a TIMEDOUT", "b SUSPENDED"));
  health->end(two);
  EXPECT_EQ(health->counts().probes, 1U);
  health->end(one);
  EXPECT_EQ(health->counts().probes, 0U);
}

TEST_F(HealthTest, OtherTasksHaveProbesOfTheirOwn) {
  std::vector<std::unique_ptr<Checkup>> all;
  const auto add = [&](auto change, const char* ip = "10.0.0.1") {
    Check check = tcp_check();
    change(check);
    all.push_back(std::make_unique<Checkup>());
    attend(*all.back(), {check}, body_at(ip));
  };
  add([](Check&) {});
  add([](Check&) {}, "10.0.0.2");
  add([](Check& check) { check.type = CheckType::http; });
  add([](Check& check) { check.type = CheckType::http, check.look.path = "/x"; });
  add([](Check& check) { check.type = CheckType::http, check.look.host = "x"; });
  add([](Check& check) { check.type = CheckType::http, check.look.headers = {{"A", "b"}}; });
  add([](Check& check) { check.type = CheckType::http, check.look.headers = {{"A", ""}, {"b", ""}}; });
  add([](Check& check) { check.type = CheckType::http, check.look.ok = {{200, 200}}; });
  add([](Check& check) { check.type = CheckType::http, check.look.body = "x"; });
  add([](Check& check) { check.look.tls = true; });
  add([](Check& check) { check.look.tls = true, check.look.verify = false; });
  add([](Check& check) { check.timeout = 1s; });
  add([](Check& check) { check.rules.interval = 5s; });
  add([](Check& check) { check.port_number = 81; });
  EXPECT_EQ(health->counts().probes, all.size());
  for (const auto& one : all) health->end(*one);
}

TEST_F(HealthTest, ManyThatBeginTogetherAreSpreadOverAnInterval) {
  std::vector<std::unique_ptr<Checkup>> all;
  for (int i = 0; i < 1000; ++i) {
    all.push_back(std::make_unique<Checkup>());
    all.back()->owner = const_cast<char*>("x");
    attend(*all.back(), {tcp_check()},
           body_at(("10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250)).c_str()));
  }
  const auto began = pass(10'010ms);
  std::map<std::int64_t, int> by_second;
  for (const Millis at : began) ++by_second[at / 1s];
  EXPECT_GE(by_second[0], 100);
  for (std::int64_t second = 0; second < 10; ++second) {
    EXPECT_GT(by_second[second], 50) << second;
    EXPECT_LT(by_second[second], 450) << second;
  }
  for (const auto& one : all) health->end(*one);
}

TEST_F(HealthTest, NoMoreAreInFlightThanMayBe) {
  begin({.max_inflight = 3, .seed = 1});
  std::vector<std::unique_ptr<Checkup>> all;
  for (int i = 0; i < 8; ++i) {
    all.push_back(std::make_unique<Checkup>());
    all.back()->owner = const_cast<char*>("x");
    attend(*all.back(), {tcp_check()}, body_at(("10.0.0." + std::to_string(i)).c_str()));
  }
  now = now + 300ms;
  EXPECT_EQ(health->due(now, 100).size(), 3U);
  EXPECT_EQ(health->due(now, 100).size(), 0U);
  EXPECT_EQ(health->counts().in_flight, 3U);
  EXPECT_EQ(health->counts().held_back, 2U);
  for (const auto& one : all) health->end(*one);
  EXPECT_EQ(health->counts().in_flight, 3U) << "they are under way still";
  for (std::uint64_t number = 0; number < 100; ++number) health->found(number, kOk, now);
  EXPECT_EQ(health->counts().in_flight, 0U);
  EXPECT_TRUE(changes.empty()) << "whoever wanted to know has gone";
}

TEST_F(HealthTest, FollowsTheRoadOfTheSeries) {
  Checkup one;
  one.owner = const_cast<char*>("a");
  Check check = tcp_check();
  check.rules.progression = 2.0;
  attend(one, {check}, body_at("10.0.0.1"), false);
  pass(300ms);
  const auto began = pass(40s, kRefused);
  ASSERT_GE(began.size(), 5U);
  std::vector<Millis> waits;
  for (std::size_t i = 1; i < 5; ++i) waits.push_back(began[i] - began[i - 1]);
  EXPECT_THAT(waits, ElementsAre(2s, 4s, 8s, 10s));
  EXPECT_EQ(one.passages.back().cause, "tcp: refused");
  EXPECT_LE(one.passages.size(), kMaxPassages);
  health->end(one);
}

TEST_F(HealthTest, SoftFailuresAreRetriedARetryDelayApart) {
  Checkup one;
  one.owner = const_cast<char*>("a");
  attend(one, {tcp_check()}, body_at("10.0.0.1"), false);
  const auto began = pass(8'500ms, kTimeout, 500ms);
  ASSERT_GE(began.size(), 4U);
  for (std::size_t i = 1; i < 4; ++i) EXPECT_EQ(began[i] - began[i - 1], 2500ms) << "from the verdict";
  EXPECT_THAT(changes, ElementsAre("a TIMEDOUT", "a SUSPENDED"));
  health->end(one);
}

TEST_F(HealthTest, TroubleOfOurOwnIsCountedAndTriedAgainSoon) {
  Checkup one;
  one.owner = const_cast<char*>("a");
  attend(one, {tcp_check()}, body_at("10.0.0.1"), false);
  const auto began = pass(10s, {Severity::local, FailureClass::none, 0, {}, {}});
  EXPECT_EQ(began.size(), 4U) << "every fast interval";
  EXPECT_TRUE(changes.empty());
  EXPECT_EQ(one.watches[0]->counts.local, 4U);
  health->end(one);
}

TEST_F(HealthTest, AnswersAfterATimeOutAreCountedForAllWhoShareTheProbe) {
  Checkup one, other;
  one.owner = const_cast<char*>("a");
  other.owner = const_cast<char*>("b");
  attend(one, {tcp_check()}, body_at("10.0.0.1"), false);
  attend(other, {tcp_check()}, body_at("10.0.0.1"), false);
  pass(1s);
  const ProbeTask task = *health->task_of(*one.watches[0]);
  changes.clear();
  health->came_late(task);
  for (const Checkup* each : {&one, &other}) EXPECT_EQ(each->watches[0]->counts.late, 1U);
  EXPECT_THAT(changes, ElementsAre()) << "the verdict stays what it was";
  health->end(one);
  health->end(other);
  health->came_late(task);  // for nobody any more
}

TEST_F(HealthTest, WhatASettingChangesBeginsAnewAndTheRestGoesOn) {
  Checkup one;
  one.owner = const_cast<char*>("a");
  attend(one, {tcp_check("x"), tcp_check("y")}, body_at("10.0.0.1"), false);
  pass(300ms, kRefused);
  ASSERT_EQ(one.watches[0]->machine.state(), State::suspended);
  EXPECT_FALSE(attend(one, {tcp_check("x"), tcp_check("y")}, body_at("10.0.0.1"), false));
  Check other = tcp_check("y");
  other.timeout = 1s;
  EXPECT_TRUE(attend(one, {tcp_check("x"), other}, body_at("10.0.0.1"), false));
  EXPECT_EQ(one.watches[0]->machine.state(), State::suspended);
  EXPECT_EQ(one.watches[1]->machine.state(), State::active) << "until it has looked";
  EXPECT_TRUE(attend(one, {tcp_check("x"), other}, body_at("10.0.0.1", 81), false)) << "another port";
  EXPECT_EQ(one.watches[0]->machine.state(), State::active);
  EXPECT_TRUE(attend(one, {}, body_at("10.0.0.1"), false));
  EXPECT_EQ(health->counts().wishes, 0U);
}

TEST_F(HealthTest, BeginsAsItWasStoredAndLooksAtOnce) {
  Checkup one;
  one.owner = const_cast<char*>("a");
  attend(one, {tcp_check()}, body_at("10.0.0.1"), false, {{"tcp", State::suspended, 4s, kBegin.wall}});
  EXPECT_EQ(one.watches[0]->machine.state(), State::suspended);
  EXPECT_EQ(pass(210ms).size(), 1U);
  EXPECT_THAT(changes, ElementsAre("a ACTIVE"));
  health->end(one);
}

TEST_F(HealthTest, HeartbeatsAreTheLooksOfATtlCheck) {
  Checkup one;
  one.owner = const_cast<char*>("a");
  attend(one, {ttl_check()}, body_at("10.0.0.1"), false);
  for (int beat = 0; beat < 10; ++beat) {
    pass(9s);
    health->heard(one, false, now);
  }
  EXPECT_TRUE(changes.empty());
  pass(10'010ms);
  EXPECT_THAT(changes, ElementsAre("a TIMEDOUT"));
  pass(30s);
  EXPECT_THAT(changes, ElementsAre("a TIMEDOUT", "a SUSPENDED")) << "one a silent interval, four in all";
  pass(3s);
  health->heard(one, false, now);
  EXPECT_EQ(changes.back(), "a ACTIVE");
  health->heard(one, true, now);
  EXPECT_EQ(changes.back(), "a SUSPENDED");
  EXPECT_EQ(one.watches[0]->failure.failure, FailureClass::critical);
  health->end(one);
}

TEST_F(HealthTest, ReportsCountByTheSameRulesAndEndByTime) {
  Checkup one;
  one.owner = const_cast<char*>("a");
  const MachineRules rules;
  EXPECT_EQ(health->report(one, kRefused, "lb1", rules, 1, now), Health::Reported::taken);
  EXPECT_THAT(changes, ElementsAre("a SUSPENDED"));
  pass(2s);
  EXPECT_EQ(changes.back(), "a TIMEDOUT");
  pass(10s);
  EXPECT_EQ(changes.back(), "a ACTIVE");
  health->report(one, kTimeout, "lb1", rules, 1, now);
  EXPECT_EQ(changes.back(), "a TIMEDOUT");
  health->report(one, kOk, "lb2", rules, 1, now);
  EXPECT_EQ(changes.back(), "a ACTIVE");
  health->end(one);
}

TEST_F(HealthTest, AQuorumOfReportersHasToAgreeWithinARetryDelay) {
  Checkup one;
  one.owner = const_cast<char*>("a");
  const MachineRules rules;
  health->report(one, kRefused, "lb1", rules, 2, now);
  health->report(one, kRefused, "lb1", rules, 2, now);
  EXPECT_TRUE(changes.empty()) << "one reporter";
  now = now + 2'001ms;
  health->report(one, kRefused, "lb2", rules, 2, now);
  EXPECT_TRUE(changes.empty()) << "too long ago";
  now = now + 1s;
  health->report(one, kRefused, "lb1", rules, 2, now);
  EXPECT_THAT(changes, ElementsAre("a SUSPENDED"));
  health->end(one);
}

TEST_F(HealthTest, AReporterMayReportTenTimesASecond) {
  Checkup one;
  one.owner = const_cast<char*>("a");
  for (int i = 0; i < 10; ++i)
    EXPECT_EQ(health->report(one, kOk, "lb1", {}, 1, now), Health::Reported::taken) << i;
  EXPECT_EQ(health->report(one, kOk, "lb1", {}, 1, now), Health::Reported::too_often);
  EXPECT_EQ(health->report(one, kOk, "lb2", {}, 1, now), Health::Reported::taken);
  now = now + 1s;
  EXPECT_EQ(health->report(one, kOk, "lb1", {}, 1, now), Health::Reported::taken);
  for (std::size_t i = 2; i < kMaxReporters; ++i)
    EXPECT_EQ(health->report(one, kOk, "r" + std::to_string(i), {}, 1, now), Health::Reported::taken);
  EXPECT_EQ(health->report(one, kOk, "one more", {}, 1, now), Health::Reported::too_many_reporters);
  now = now + 60s;
  EXPECT_EQ(health->report(one, kOk, "one more", {}, 1, now), Health::Reported::taken) << "others have gone";
  health->end(one);
}

TEST_F(HealthTest, DampingKeepsWhatIsOneTooManyTimedout) {
  Checkup one;
  one.owner = const_cast<char*>("a");
  may_suspend = [](const Watch&) { return false; };
  attend(one, {tcp_check()}, body_at("10.0.0.1"), false);
  pass(300ms, kRefused);
  EXPECT_THAT(changes, ElementsAre("a TIMEDOUT"));
  EXPECT_TRUE(one.worst()->machine.is_capped());
  health->end(one);
}

TEST(ProbeTask, LooksAtTheFirstAddressOfThePortThatIsMeant) {
  InstanceBody body;
  body.addresses = {net::parse_ip("10.1.0.1").value(), net::parse_ip("2001:db8::1").value()};
  body.host_addresses = {net::parse_ip("10.0.0.1").value()};
  body.ports = {Port{"http", 31000, Protocol::tcp, PortScope::host, 0, {}},
                Port{"admin", 9000, Protocol::tcp, PortScope::container, 0, {}}};
  Check check = tcp_check();
  EXPECT_EQ(text_of(*task_of(check, body, "web", "i1")), "tcp://10.0.0.1:31000");
  check.port_name = "admin";
  check.type = CheckType::http;
  check.look.path = "/ping";
  EXPECT_EQ(text_of(*task_of(check, body, "web", "i1")), "http://10.1.0.1:9000/ping");
  check.port_name = "none";
  EXPECT_FALSE(task_of(check, body, "web", "i1"));
  check.port_name.clear();
  check.port_number = 8000;
  EXPECT_EQ(text_of(*task_of(check, body, "web", "i1")), "http://10.0.0.1:8000/ping")
      << "a port it does not list";
  EXPECT_FALSE(task_of(tcp_check(), InstanceBody{}, "web", "i1"));
  EXPECT_FALSE(task_of(ttl_check(), body, "web", "i1"));
}

}  // namespace
}  // namespace muster::registry::health
