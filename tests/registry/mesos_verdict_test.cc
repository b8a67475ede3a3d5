// Which task of Mesos is routable, row by row.
#include "registry/sources/mesos_verdict.h"

#include <gtest/gtest.h>

#include "tests/registry/support/mesos_documents.h"

namespace muster::registry::sources {
namespace {

struct Case {
  const char* state = "TASK_RUNNING";
  std::optional<bool> healthy{};
  std::optional<double> grace{};  // of its health check
  bool has_run = true;
};

// As a table has it, first seen now, its only report a minute old.
MesosTracked tracked_of(const Case& one, SteadyTime now) {
  const double seconds = static_cast<double>(at(-60'000).wall.time_since_epoch().count()) / 1000;
  MesosTask task = task_of("a.0", "S0", one.state);
  task.grace_seconds = one.grace;
  task.statuses = {{"TASK_RUNNING", seconds, one.healthy, {}, {}}};
  MesosTracked tracked;
  tracked.task = std::make_shared<const MesosTask>(task);
  tracked.framework = std::make_shared<const MesosFramework>(framework_of("F1", {}));
  tracked.agent = std::make_shared<const MesosAgent>(agent_of(0));
  tracked.was_well = one.healthy == true;
  if (one.has_run) tracked.running_since = now;
  const TaskState state = parse_task_state(one.state);
  if (state == TaskState::unreachable) tracked.unreachable_since = now;
  return tracked;
}

MesosRules rules_of(Routable routable) {
  MesosRules rules;
  rules.routable.routable = routable;
  return rules;
}

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

TEST(MesosVerdict, FollowsTheTable) {
  const char* kIn = "ACTIVE/ok";
  const char* kState = "OFF/state";
  const char* kKilling = "OFF/killing";
  const char* kUnhealthy = "SUSPENDED/unhealthy";
  const char* kNoResult = "STARTING/no_result";
  const char* kGrace = "TIMEDOUT/unreachable";
  const char* kLost = "SUSPENDED/unreachable";
  const Row rows[] = {
      {{"TASK_STAGING"}, kState, kState, kState, "not yet"},
      {{"TASK_STARTING"}, kState, kState, kState, "not yet"},
      {{"TASK_UNKNOWN"}, kState, kState, kState, "the master does not know"},
      {{"TASK_WHATEVER"}, kState, kState, kState, "a state of a later Mesos"},
      {{"TASK_RUNNING"}, kIn, kIn, kIn, "it runs, unchecked"},
      {{"TASK_RUNNING", true}, kIn, kIn, kIn, "well"},
      {{"TASK_RUNNING", false}, kUnhealthy, kIn, kUnhealthy, "not well"},
      {{"TASK_RUNNING", false, 600.0}, kUnhealthy, kIn, kUnhealthy, "a result counts at once"},
      {{"TASK_RUNNING", true, 600.0}, kIn, kIn, kIn, "a result counts at once"},
      {{"TASK_RUNNING", {}, 600.0}, kNoResult, kIn, kNoResult, "no result, in its grace"},
      {{"TASK_RUNNING", {}, 30.0}, kIn, kIn, kIn, "its grace is over"},
      {{"TASK_KILLING"}, kKilling, kKilling, kKilling, "out at once"},
      {{"TASK_KILLING", true}, kKilling, kKilling, kKilling, "however well"},
      {{"TASK_LOST"}, kGrace, kGrace, kIn, "grace"},
      {{"TASK_UNREACHABLE", true}, kGrace, kGrace, kIn, "grace"},
      {{"TASK_UNREACHABLE", false}, kUnhealthy, kGrace, kUnhealthy, "it was not served before"},
      {{"TASK_UNREACHABLE", {}, 600.0}, kNoResult, kGrace, kNoResult, "it was not served before"},
      {{"TASK_UNREACHABLE", {}, {}, false}, kLost, kLost, kLost, "never seen running"},
      {{"TASK_FINISHED"}, "gone", "gone", "gone", "terminal"},
      {{"TASK_FAILED"}, "gone", "gone", "gone", "terminal"},
      {{"TASK_KILLED"}, "gone", "gone", "gone", "terminal"},
      {{"TASK_ERROR"}, "gone", "gone", "gone", "terminal"},
      {{"TASK_GONE"}, "gone", "gone", "gone", "gone"},
      {{"TASK_GONE_BY_OPERATOR"}, "gone", "gone", "gone", "gone"},
      {{"TASK_DROPPED"}, "gone", "gone", "gone", "dropped"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(std::string(row.one.state) + ": " + row.why);
    const MesosTracked tracked = tracked_of(row.one, at(0).steady);
    EXPECT_EQ(said(mesos_verdict(tracked, rules_of(Routable::strict), at(0))), row.strict);
    EXPECT_EQ(said(mesos_verdict(tracked, rules_of(Routable::running), at(0))), row.running);
    EXPECT_EQ(said(mesos_verdict(tracked, rules_of(Routable::any_alive), at(0))), row.any_alive);
  }
}

TEST(MesosVerdict, UnreachableEndsWithItsGrace) {
  const MesosTracked tracked = tracked_of({"TASK_LOST"}, at(0).steady);
  MesosRules rules = rules_of(Routable::strict);
  EXPECT_EQ(mesos_verdict(tracked, rules, at(0)).until, at(30'000).steady);
  EXPECT_EQ(said(mesos_verdict(tracked, rules, at(29'999))), "TIMEDOUT/unreachable");
  EXPECT_EQ(said(mesos_verdict(tracked, rules, at(30'000))), "SUSPENDED/unreachable");
  EXPECT_EQ(mesos_verdict(tracked, rules, at(30'000)).until, std::nullopt);
  rules.routable.unreachable_grace = Millis(5);
  EXPECT_EQ(said(mesos_verdict(tracked, rules, at(5))), "SUSPENDED/unreachable");
}

TEST(MesosVerdict, TheGraceOfACheckEndsByEitherClock) {
  const MesosRules rules = rules_of(Routable::strict);
  MesosTracked tracked = tracked_of({"TASK_RUNNING", {}, 90.0}, at(0).steady);
  EXPECT_EQ(mesos_verdict(tracked, rules, at(0)).until, at(30'000).steady) << "it said so a minute ago";
  EXPECT_EQ(said(mesos_verdict(tracked, rules, at(29'999))), "STARTING/no_result");
  EXPECT_EQ(said(mesos_verdict(tracked, rules, at(30'000))), "ACTIVE/ok");
  MesosTask task = *tracked.task;
  task.statuses[0].timestamp += 3'600;  // its clock is wrong
  tracked.task = std::make_shared<const MesosTask>(task);
  EXPECT_EQ(mesos_verdict(tracked, rules, at(0)).until, at(90'000).steady);
  EXPECT_EQ(said(mesos_verdict(tracked, rules, at(90'000))), "ACTIVE/ok");
}

TEST(MesosVerdict, WhatWasWellStaysWhileResultsAreMissing) {
  MesosTracked tracked = tracked_of({"TASK_RUNNING", {}, 600.0}, at(0).steady);
  tracked.was_well = true;
  EXPECT_EQ(said(mesos_verdict(tracked, rules_of(Routable::strict), at(0))), "ACTIVE/ok");
}

TEST(MesosVerdict, TheNewestReportThatTellsOfHealthCounts) {
  MesosTracked tracked = tracked_of({}, at(0).steady);
  MesosTask task = *tracked.task;
  task.statuses = {{"TASK_RUNNING", 7, false, {}, {}},
                   {"TASK_RUNNING", 9, std::nullopt, {}, {}},
                   {"TASK_RUNNING", 5, true, {}, {}},
                   {"TASK_STARTING", 8, true, {}, {}}};
  tracked.task = std::make_shared<const MesosTask>(task);
  EXPECT_EQ(said(mesos_verdict(tracked, rules_of(Routable::strict), at(0))), "SUSPENDED/unhealthy");
}

TEST(MesosVerdict, WithoutItsAgentNobodyIsServed) {
  MesosTracked tracked = tracked_of({}, at(0).steady);
  tracked.agent = nullptr;
  for (const Routable routable : {Routable::strict, Routable::running, Routable::any_alive})
    EXPECT_EQ(said(mesos_verdict(tracked, rules_of(routable), at(0))), "OFF/no_agent");
}

TEST(MesosVerdict, OtherStatesMayBeServed) {
  MesosRules rules = rules_of(Routable::strict);
  rules.routable.serve_states = {TaskState::staging, TaskState::starting};
  const auto verdict = [&](const char* state) {
    return said(mesos_verdict(tracked_of({state}, at(0).steady), rules, at(0)));
  };
  EXPECT_EQ(verdict("TASK_STAGING"), "ACTIVE/ok");
  EXPECT_EQ(verdict("TASK_STARTING"), "ACTIVE/ok");
  EXPECT_EQ(verdict("TASK_UNKNOWN"), "OFF/state");
  EXPECT_EQ(verdict("TASK_KILLING"), "OFF/killing");
}

}  // namespace
}  // namespace muster::registry::sources
