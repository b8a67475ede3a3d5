// Who is routable, row by row.
#include "registry/sources/marathon_verdict.h"

#include <gtest/gtest.h>

namespace muster::registry::sources {
namespace {

using Act = MarathonAct;
using Reason = VerdictReason;
using Alive = std::vector<bool>;

constexpr net::Instant kNow{SteadyTime(Millis(1'000'000)), net::WallTime(Millis(1'767'323'047'000))};

struct Case {
  std::string state = "TASK_RUNNING";
  std::size_t checks = 0;
  Alive alive{};
  Act mark = Act::none;
  bool was_routable = false;
  bool was_well = true;
};

MarathonTaskMemory memory_of(const Case& one) {
  MarathonTaskMemory memory;
  memory.was_routable = one.was_routable;
  memory.is_well = one.was_routable && one.was_well;
  return memory;
}

Verdict verdict(const Case& one, Routable routable, MarathonTaskMemory& memory, net::Instant now = kNow) {
  MarathonApp app;
  app.id = "/a";
  app.health_checks.resize(one.checks);
  MarathonTask task;
  task.id = "a.1";
  task.state = one.state;
  task.alive = one.alive;
  std::optional<MarathonMark> mark;
  if (one.mark != Act::none) mark = MarathonMark{one.mark, kNow.steady};
  RoutableRules rules;
  rules.routable = routable;
  return verdict_of(app, task, mark, rules, now, memory);
}

// "active/ok", "gone".
std::string said(const Verdict& verdict) {
  if (verdict.is_gone) return "gone";
  return std::string(registry::to_string(verdict.state)) + "/" + std::string(to_string(verdict.reason));
}

struct Row {
  Case one;
  const char* strict;
  const char* running;
  const char* any_alive;
  const char* why;
};

TEST(MarathonVerdict, FollowsTheTable) {
  const char* kIn = "ACTIVE/ok";
  const char* kState = "STARTING/state";
  const char* kNoResult = "STARTING/no_result";
  const char* kUnhealthy = "SUSPENDED/unhealthy";
  const char* kKilling = "OFF/killing";
  const char* kLost = "SUSPENDED/unreachable";
  const char* kGrace = "TIMEDOUT/unreachable";
  const Row rows[] = {
      {{"TASK_STAGING"}, kState, kState, kState, "not running yet"},
      {{"TASK_STARTING"}, kState, kState, kState, "not running yet"},
      {{"TASK_UNKNOWN"}, kState, kState, kState, "unknown"},
      {{"TASK_SOMETHING"}, kState, kState, kState, "a state of a later Marathon"},
      {{"TASK_RUNNING"}, kIn, kIn, kIn, "no health checks"},
      {{"TASK_RUNNING", 1, {true}}, kIn, kIn, kIn, "alive"},
      {{"TASK_RUNNING", 1, {false}}, kUnhealthy, kIn, kUnhealthy, "not alive"},
      {{"TASK_RUNNING", 1, {}}, kNoResult, kIn, kNoResult, "no result, never seen alive"},
      {{"TASK_RUNNING", 2, {true, true}}, kIn, kIn, kIn, "both"},
      {{"TASK_RUNNING", 2, {true}}, kNoResult, kIn, kIn, "fewer results"},
      {{"TASK_RUNNING", 2, {true, false}}, kUnhealthy, kIn, kIn, "one of two"},
      {{"TASK_RUNNING", 2, {false, false}}, kUnhealthy, kIn, kUnhealthy, "none of two"},
      {{"TASK_RUNNING", 2, {false}}, kUnhealthy, kIn, kNoResult, "one is not, the other is missing"},
      {{"TASK_RUNNING", 1, {true, true}}, kIn, kIn, kIn, "more results than checks"},
      {{"TASK_RUNNING", 0, {false}}, kUnhealthy, kIn, kUnhealthy, "results where the app is not known"},
      {{"TASK_RUNNING", 0, {true}}, kIn, kIn, kIn, "results where the app is not known"},
      {{"TASK_RUNNING", 1, {}, Act::none, true}, kIn, kIn, kIn, "results are missing: it stays in"},
      {{"TASK_RUNNING", 1, {}, Act::none, true, false},
       kUnhealthy,
       kIn,
       kUnhealthy,
       "results are missing: it stays out"},
      {{"TASK_RUNNING", 2, {true}, Act::none, true}, kIn, kIn, kIn, "some are missing"},
      {{"TASK_RUNNING", 1, {false}, Act::none, true}, kUnhealthy, kIn, kUnhealthy, "it was in, and fails"},
      {{"TASK_KILLING"}, kKilling, kKilling, kKilling, "at once"},
      {{"TASK_KILLING", 1, {true}, Act::none, true}, kKilling, kKilling, kKilling, "however well it is"},
      {{"TASK_LOST", 0, {}, Act::none, true}, kGrace, kGrace, kIn, "grace"},
      {{"TASK_UNREACHABLE", 1, {}, Act::none, true}, kGrace, kGrace, kIn, "grace"},
      {{"TASK_UNREACHABLE"}, kLost, kLost, kIn, "never seen alive"},
      {{"TASK_UNREACHABLE", 1, {true}}, kLost, kLost, kIn, "never seen alive by us"},
      {{"TASK_UNREACHABLE", 1, {false}, Act::none, true}, kGrace, kGrace, kUnhealthy, "what it was"},
      {{"TASK_UNREACHABLE", 1, {}, Act::none, true, false}, kLost, kLost, kUnhealthy, "it was not well"},
      {{"TASK_FINISHED"}, "gone", "gone", "gone", "terminal"},
      {{"TASK_FAILED"}, "gone", "gone", "gone", "terminal"},
      {{"TASK_KILLED"}, "gone", "gone", "gone", "terminal"},
      {{"TASK_ERROR"}, "gone", "gone", "gone", "terminal"},
      {{"TASK_DROPPED"}, "gone", "gone", "gone", "dropped"},
      {{"TASK_GONE"}, "gone", "gone", "gone", "gone"},
      {{"TASK_GONE_BY_OPERATOR"}, "gone", "gone", "gone", "gone"},
      {{"TASK_RUNNING", 1, {true}, Act::ended}, "gone", "gone", "gone", "an event said so"},
      {{"TASK_RUNNING", 1, {true}, Act::out}, kKilling, kKilling, kKilling, "an event said so"},
      {{"TASK_RUNNING", 1, {true}, Act::not_alive, true}, kUnhealthy, kIn, kUnhealthy, "an event said so"},
      {{"TASK_RUNNING", 2, {true, true}, Act::not_alive, true},
       kUnhealthy,
       kIn,
       kIn,
       "one of two, an event said"},
      {{"TASK_RUNNING", 1, {true}, Act::unreachable, true}, kGrace, kGrace, kIn, "an event said so"},
      {{"TASK_KILLING", 0, {}, Act::unreachable, true}, kKilling, kKilling, kKilling, "the graver"},
      {{"TASK_FINISHED", 0, {}, Act::out}, "gone", "gone", "gone", "the graver"},
      {{"TASK_STAGING", 0, {}, Act::out}, kKilling, kKilling, kKilling, "an event said so"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(std::string(row.why) + ": " + row.one.state);
    MarathonTaskMemory memory = memory_of(row.one);
    EXPECT_EQ(said(verdict(row.one, Routable::strict, memory)), row.strict);
    memory = memory_of(row.one);
    EXPECT_EQ(said(verdict(row.one, Routable::running, memory)), row.running);
    memory = memory_of(row.one);
    EXPECT_EQ(said(verdict(row.one, Routable::any_alive, memory)), row.any_alive);
  }
}

// Marathon forgets its results at each election.
TEST(MarathonVerdict, WhatWasRoutableStaysWhileResultsAreMissing) {
  MarathonTaskMemory memory;
  EXPECT_EQ(said(verdict({"TASK_RUNNING", 1, {}}, Routable::strict, memory)), "STARTING/no_result");
  EXPECT_EQ(said(verdict({"TASK_RUNNING", 1, {true}}, Routable::strict, memory)), "ACTIVE/ok");
  EXPECT_EQ(said(verdict({"TASK_RUNNING", 1, {}}, Routable::strict, memory)), "ACTIVE/ok");
  EXPECT_EQ(said(verdict({"TASK_RUNNING", 1, {false}}, Routable::strict, memory)), "SUSPENDED/unhealthy");
  EXPECT_EQ(said(verdict({"TASK_RUNNING", 1, {}}, Routable::strict, memory)), "SUSPENDED/unhealthy");
  EXPECT_EQ(said(verdict({"TASK_RUNNING", 1, {true}}, Routable::strict, memory)), "ACTIVE/ok");
  EXPECT_EQ(said(verdict({"TASK_RUNNING", 1, {true}, Act::not_alive}, Routable::strict, memory)),
            "SUSPENDED/unhealthy");
  EXPECT_EQ(said(verdict({"TASK_RUNNING", 1, {}}, Routable::strict, memory)), "SUSPENDED/unhealthy")
      << "what the event said stays, too";
}

TEST(MarathonVerdict, UnreachableEndsWithItsGrace) {
  MarathonTaskMemory memory;
  const auto at = [](int ms) { return kNow + Millis(ms); };
  EXPECT_EQ(said(verdict({"TASK_RUNNING"}, Routable::strict, memory, at(0))), "ACTIVE/ok");
  const Verdict first = verdict({"TASK_LOST"}, Routable::strict, memory, at(1'000));
  EXPECT_EQ(said(first), "TIMEDOUT/unreachable");
  EXPECT_EQ(first.until, at(31'000).steady);
  EXPECT_EQ(said(verdict({"TASK_LOST"}, Routable::strict, memory, at(30'999))), "TIMEDOUT/unreachable");
  const Verdict last = verdict({"TASK_LOST"}, Routable::strict, memory, at(31'000));
  EXPECT_EQ(said(last), "SUSPENDED/unreachable");
  EXPECT_EQ(last.until, std::nullopt);
  EXPECT_EQ(said(verdict({"TASK_RUNNING"}, Routable::strict, memory, at(32'000))), "ACTIVE/ok");
  EXPECT_EQ(said(verdict({"TASK_LOST"}, Routable::strict, memory, at(33'000))), "TIMEDOUT/unreachable")
      << "a new grace";
}

TEST(MarathonVerdict, TheGraceBeginsWithTheEvent) {
  MarathonTaskMemory memory = memory_of({"", 0, {}, Act::none, true});
  const Verdict marked =
      verdict({"TASK_RUNNING", 0, {}, Act::unreachable}, Routable::strict, memory, kNow + Millis(500));
  EXPECT_EQ(marked.until, kNow.steady + Millis(30'000));
}

TEST(MarathonVerdict, StatesThatAreServedNeedNoResult) {
  RoutableRules rules;
  rules.serve_states = {TaskState::staging};
  MarathonApp app;
  app.health_checks.resize(1);
  MarathonTask task;
  task.id = "a.1";
  MarathonTaskMemory memory;
  task.state = "TASK_STAGING";
  EXPECT_EQ(said(verdict_of(app, task, std::nullopt, rules, kNow, memory)), "ACTIVE/ok");
  task.state = "TASK_RUNNING";
  EXPECT_EQ(said(verdict_of(app, task, std::nullopt, rules, kNow, memory)), "ACTIVE/ok")
      << "it does not flap";
  task.state = "TASK_STARTING";
  EXPECT_EQ(said(verdict_of(app, task, std::nullopt, rules, kNow, memory)), "STARTING/state");
}

TEST(MarathonVerdict, WithoutAStateTheStartCounts) {
  MarathonTaskMemory memory;
  EXPECT_EQ(said(verdict({""}, Routable::strict, memory)), "STARTING/state");
  MarathonTask task;
  task.started_at = kNow.wall;
  EXPECT_EQ(said(verdict_of(MarathonApp(), task, std::nullopt, {}, kNow, memory)), "ACTIVE/ok");
}

class Readiness : public ::testing::Test {
 protected:
  Readiness() {
    app_.deployments = {"d"};
    app_.readiness_checks = {{"r", 10}};
    task_.id = "a.1";
    task_.state = "TASK_RUNNING";
    task_.started_at = kNow.wall;
  }

  Verdict look(int ms = 0, Routable routable = Routable::strict) {
    RoutableRules rules;
    rules.routable = routable;
    return verdict_of(app_, task_, std::nullopt, rules, kNow + Millis(ms), memory_);
  }

  MarathonApp app_;
  MarathonTask task_;
  MarathonTaskMemory memory_;
};

using MarathonReadiness = Readiness;

TEST_F(MarathonReadiness, TheResultDecides) {
  app_.readiness_results = {{"r", "other", true}, {"r", "a.1", false}};
  EXPECT_EQ(said(look(1'000'000)), "SUSPENDED/not_ready");
  EXPECT_EQ(said(look(0, Routable::running)), "ACTIVE/ok");
  app_.readiness_results = {{"r", "other", false}, {"r", "a.1", true}};
  EXPECT_EQ(said(look()), "ACTIVE/ok");
}

TEST_F(MarathonReadiness, WithoutOneTheStartHasToBeLongAgo) {
  const Verdict first = look();
  EXPECT_EQ(said(first), "STARTING/not_ready");
  EXPECT_EQ(first.until, kNow.steady + Millis(15'000));
  EXPECT_EQ(said(look(14'999)), "STARTING/not_ready");
  EXPECT_EQ(said(look(15'000)), "ACTIVE/ok");
}

TEST_F(MarathonReadiness, TheTimeoutIsTheCheck) {
  app_.readiness_checks = {{"r", 2.5}, {"s", 1}};
  EXPECT_EQ(look().until, kNow.steady + Millis(7'500));
}

TEST_F(MarathonReadiness, AWrongClockCostsNoMoreThanTheTimeout) {
  task_.started_at = kNow.wall + Millis(3'600'000);
  EXPECT_EQ(said(look()), "STARTING/not_ready");
  EXPECT_EQ(said(look(15'000)), "ACTIVE/ok");
  memory_ = {};
  task_.started_at.reset();
  EXPECT_EQ(said(look()), "STARTING/not_ready");
  EXPECT_EQ(said(look(15'000)), "ACTIVE/ok");
}

TEST_F(MarathonReadiness, OutsideOfADeploymentNobodyAsks) {
  app_.deployments.clear();
  app_.readiness_results = {{"r", "a.1", false}};
  EXPECT_EQ(said(look()), "ACTIVE/ok");
  app_.deployments = {"d"};
  app_.readiness_checks.clear();
  EXPECT_EQ(said(look()), "ACTIVE/ok");
}

TEST_F(MarathonReadiness, WhatWasRoutableStaysWithoutAResult) {
  app_.deployments.clear();
  EXPECT_EQ(said(look()), "ACTIVE/ok");
  app_.deployments = {"d"};
  EXPECT_EQ(said(look()), "ACTIVE/ok");
}

TEST(MarathonPodVerdict, OnlyStableIsIn) {
  struct PodRow {
    const char* status;
    std::optional<bool> healthy;
    Act mark;
    const char* strict;
    const char* running;
  };
  const PodRow rows[] = {
      {"STABLE", std::nullopt, Act::none, "ACTIVE/ok", "ACTIVE/ok"},
      {"STABLE", true, Act::none, "ACTIVE/ok", "ACTIVE/ok"},
      {"STABLE", false, Act::none, "SUSPENDED/unhealthy", "ACTIVE/ok"},
      {"STABLE", true, Act::not_alive, "SUSPENDED/unhealthy", "ACTIVE/ok"},
      {"STABLE", true, Act::out, "OFF/killing", "OFF/killing"},
      {"STABLE", true, Act::ended, "gone", "gone"},
      {"DEGRADED", true, Act::none, "SUSPENDED/unhealthy", "SUSPENDED/unhealthy"},
      {"PENDING", std::nullopt, Act::none, "STARTING/state", "STARTING/state"},
      {"STAGING", std::nullopt, Act::none, "STARTING/state", "STARTING/state"},
      {"", std::nullopt, Act::none, "STARTING/state", "STARTING/state"},
      {"TERMINAL", std::nullopt, Act::none, "gone", "gone"},
  };
  for (const PodRow& row : rows) {
    MarathonPodInstance instance;
    instance.status = row.status;
    instance.endpoints.resize(1);
    instance.endpoints[0].healthy = row.healthy;
    std::optional<MarathonMark> mark;
    if (row.mark != Act::none) mark = MarathonMark{row.mark, kNow.steady};
    MarathonTaskMemory memory;
    EXPECT_EQ(said(verdict_of(instance, mark, {}, kNow, memory)), row.strict) << row.status;
    RoutableRules rules;
    rules.routable = Routable::running;
    memory = {};
    EXPECT_EQ(said(verdict_of(instance, mark, rules, kNow, memory)), row.running) << row.status;
  }
}

}  // namespace
}  // namespace muster::registry::sources
