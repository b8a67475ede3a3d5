// The state machine of a check, cell by cell and by the series that its rules give, in virtual time.
#include "registry/health/machine.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace muster::registry::health {
namespace {

using namespace std::chrono_literals;

const SteadyTime kStart{SteadyTime::duration(1h)};

MachineRules rules_of(unsigned retries, double factor = 1.0, Millis reset_after = 0ms) {
  MachineRules rules;
  rules.retries = retries;
  rules.progression = factor;
  rules.reset_after = reset_after;
  return rules;
}

Machine active() { return {State::active, kStart}; }

// An instance that is looked at whenever its machine wants it, and finds what `finds` says.
struct Looked {
  Machine machine;
  MachineRules rules;
  SteadyTime now = kStart;
  SteadyTime started = kStart;

  bool find(Severity severity, bool may_suspend = true) {
    const bool changed = machine.take(severity, rules, now, may_suspend);
    last = severity;
    return changed;
  }
  void wait() {
    const SteadyTime next = machine.next_look(last, rules, started, now, rules.interval);
    now = started = next;
  }
  Severity last = Severity::ok;
};

TEST(Machine, StartingBecomesActiveWithItsLastNeededOk) {
  MachineRules rules;
  rules.rise = 3;
  Machine machine(State::starting, kStart);
  EXPECT_FALSE(machine.take(Severity::ok, rules, kStart + 1s));
  EXPECT_FALSE(machine.take(Severity::ok, rules, kStart + 2s));
  EXPECT_EQ(machine.state(), State::starting);
  EXPECT_TRUE(machine.take(Severity::ok, rules, kStart + 3s));
  EXPECT_EQ(machine.state(), State::active);
  EXPECT_EQ(machine.since(), kStart + 3s);
}

TEST(Machine, StartingIsSuspendedByAnyFailureAndKeepsNoRetries) {
  for (const Severity severity : {Severity::soft, Severity::hard}) {
    Machine machine(State::starting, kStart);
    EXPECT_TRUE(machine.take(severity, rules_of(3), kStart + 1s));
    EXPECT_EQ(machine.state(), State::suspended) << to_string(severity);
    EXPECT_EQ(machine.until(), kStart + 3s);
  }
}

TEST(Machine, StartingForgivesFailuresYoungerThanTheGracePeriodButCountsOksAnew) {
  MachineRules rules;
  rules.rise = 2;
  rules.grace = 10s;
  Machine machine(State::starting, kStart);
  EXPECT_FALSE(machine.take(Severity::ok, rules, kStart + 1s));
  EXPECT_FALSE(machine.take(Severity::hard, rules, kStart + 9999ms));
  EXPECT_EQ(machine.state(), State::starting);
  EXPECT_FALSE(machine.take(Severity::ok, rules, kStart + 9999ms))
      << "the ok before the failure does not count";
  EXPECT_TRUE(machine.take(Severity::soft, rules, kStart + 10s));
  EXPECT_EQ(machine.state(), State::suspended);
}

TEST(Machine, SoftFailuresSuspendAfterTheRetriesThatWereGiven) {
  struct Row {
    unsigned retries;
    int suspended_at;  // the failure, from 1
  };
  for (const Row row : {Row{3, 4}, Row{1, 2}, Row{0, 1}, Row{100, 101}}) {
    Looked looked{active(), rules_of(row.retries)};
    for (int failure = 1; failure < row.suspended_at; ++failure) {
      looked.find(Severity::soft);
      ASSERT_EQ(looked.machine.state(), State::timedout) << row.retries << " retries, failure " << failure;
      EXPECT_EQ(looked.machine.retries_left(), row.retries - static_cast<unsigned>(failure) + 1);
      looked.wait();
    }
    EXPECT_TRUE(looked.find(Severity::soft));
    EXPECT_EQ(looked.machine.state(), State::suspended) << row.retries << " retries";
    EXPECT_EQ(looked.now - kStart, (row.suspended_at - 1) * 2s) << "one retry delay between failures";
  }
}

TEST(Machine, AHardFailureSuspendsFromActiveAndFromTimedout) {
  Machine machine = active();
  EXPECT_TRUE(machine.take(Severity::hard, rules_of(3), kStart));
  EXPECT_EQ(machine.state(), State::suspended);
  Machine retried = active();
  retried.take(Severity::soft, rules_of(3), kStart);
  EXPECT_TRUE(retried.take(Severity::hard, rules_of(3), kStart + 2s));
  EXPECT_EQ(retried.state(), State::suspended);
}

TEST(Machine, ThreeFailuresAndAnOkNeverSuspend) {
  Looked looked{active(), rules_of(3)};
  for (int round = 0; round < 100; ++round) {
    for (int failure = 0; failure < 3; ++failure) {
      looked.find(Severity::soft);
      ASSERT_EQ(looked.machine.state(), State::timedout);
      looked.wait();
    }
    EXPECT_TRUE(looked.find(Severity::ok));
    ASSERT_EQ(looked.machine.state(), State::active);
    looked.wait();
  }
}

TEST(Machine, TimedoutIsActiveAfterOneOkWhateverTheRise) {
  MachineRules rules = rules_of(3);
  rules.rise = 5;
  Machine machine = active();
  machine.take(Severity::soft, rules, kStart);
  EXPECT_TRUE(machine.take(Severity::ok, rules, kStart + 2s));
  EXPECT_EQ(machine.state(), State::active);
  machine.take(Severity::soft, rules, kStart + 20s);
  EXPECT_EQ(machine.retries_left(), 3U) << "all of them again";
}

TEST(Machine, SuspensionsGrowAsTheSeriesSays) {
  struct Row {
    double factor;
    std::vector<Millis> series;
  };
  const std::vector<Row> rows = {{2.0, {2s, 4s, 8s, 10s, 10s}},
                                 {1.5, {2s, 3s, 4500ms, 6750ms, 10s}},
                                 {1.0, {2s, 2s, 2s, 2s, 2s}},
                                 {1.3333, {2s, 2667ms, 3556ms, 4741ms, 6321ms}}};
  for (const Row& row : rows) {
    Looked looked{active(), rules_of(3, row.factor)};
    for (const Millis expected : row.series) {
      EXPECT_TRUE(looked.find(Severity::hard));
      EXPECT_EQ(looked.machine.suspension(), expected) << row.factor;
      EXPECT_EQ(looked.machine.until() - looked.now, expected);
      looked.wait();
    }
    EXPECT_EQ(looked.machine.suspensions(), 5U);
  }
}

TEST(Machine, WhatIsFoundDuringASuspensionIsIgnored) {
  Machine machine = active();
  machine.take(Severity::hard, rules_of(3), kStart);
  for (const Severity severity : {Severity::ok, Severity::soft, Severity::hard}) {
    EXPECT_FALSE(machine.take(severity, rules_of(3), kStart + 1999ms));
    EXPECT_EQ(machine.state(), State::suspended);
    EXPECT_EQ(machine.until(), kStart + 2s);
  }
}

TEST(Machine, HalfOpenNeedsItsOksInARowARetryDelayApart) {
  MachineRules rules = rules_of(3);
  rules.rise = 2;
  Machine machine = active();
  machine.take(Severity::hard, rules, kStart);
  const SteadyTime half_open = kStart + 2s;
  EXPECT_FALSE(machine.take(Severity::ok, rules, half_open));
  EXPECT_EQ(machine.next_look(Severity::ok, rules, half_open, half_open, rules.interval), half_open + 2s);
  EXPECT_TRUE(machine.take(Severity::soft, rules, half_open + 2s)) << "suspended again";
  EXPECT_EQ(machine.until(), half_open + 4s);
  EXPECT_FALSE(machine.take(Severity::ok, rules, half_open + 4s)) << "the ok before it does not count";
  EXPECT_TRUE(machine.take(Severity::ok, rules, half_open + 6s));
  EXPECT_EQ(machine.state(), State::active);
}

TEST(Machine, AShortSuspensionIsRenewedThoughARetryDelayIsLonger) {
  MachineRules rules = rules_of(3);
  rules.initial_suspension = 100ms;
  rules.longest_suspension = 100ms;
  Machine machine = active();
  machine.take(Severity::hard, rules, kStart);
  EXPECT_TRUE(machine.take(Severity::hard, rules, kStart + 100ms));
  EXPECT_EQ(machine.until(), kStart + 200ms);
  EXPECT_TRUE(machine.take(Severity::ok, rules, kStart + 200ms));
  EXPECT_TRUE(machine.take(Severity::hard, rules, kStart + 300ms)) << "it had come back";
  EXPECT_EQ(machine.state(), State::suspended);
}

TEST(Machine, TheSeriesStartsAnewAfterAnOkOrOnlyAfterResetAfter) {
  struct Row {
    Millis reset_after;
    Millis active_for;
    Millis next;
    std::string why;
  };
  const std::vector<Row> rows = {
      {0ms, 1ms, 2s, "no reset_after: at once"}, {60s, 59s, 8s, "59 s of 60"}, {60s, 60s, 2s, "60 s of 60"}};
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    const MachineRules rules = rules_of(3, 2.0, row.reset_after);
    Machine machine = active();
    machine.take(Severity::hard, rules, kStart);
    machine.take(Severity::hard, rules, kStart + 2s);
    ASSERT_EQ(machine.suspension(), 4s);
    machine.take(Severity::ok, rules, kStart + 6s);
    ASSERT_EQ(machine.state(), State::active);
    machine.take(Severity::hard, rules, kStart + 6s + row.active_for);
    EXPECT_EQ(machine.suspension(), row.next);
  }
}

TEST(Machine, FailuresWithinNineTenthsOfARetryDelayCountOnce) {
  Machine machine = active();
  const MachineRules rules = rules_of(2);
  EXPECT_TRUE(machine.take(Severity::soft, rules, kStart));
  for (int report = 1; report < 100; ++report) machine.take(Severity::soft, rules, kStart + report * 18ms);
  EXPECT_EQ(machine.retries_left(), 2U) << "a burst of reports";
  machine.take(Severity::soft, rules, kStart + 1800ms);
  EXPECT_EQ(machine.retries_left(), 1U) << "0.9 of 2 s";
  EXPECT_TRUE(machine.take(Severity::ok, rules, kStart + 1801ms)) << "an ok always counts";
}

TEST(Machine, TroubleOfOurOwnChangesNothing) {
  MachineRules rules = rules_of(0);
  for (const State state : {State::starting, State::active, State::timedout, State::suspended}) {
    Machine machine = Machine::restored(state, 4s, kStart);
    EXPECT_FALSE(machine.take(Severity::local, rules, kStart + 1s));
    EXPECT_EQ(machine.state(), state);
    EXPECT_EQ(machine.next_look(Severity::local, rules, kStart, kStart + 1s, rules.interval),
              kStart + 1s + rules.fast_interval);
  }
}

TEST(Machine, ClassicStyleCountsFailuresOfAnyKind) {
  const MachineRules rules = MachineRules::classic(2, 3, 10s, 2500ms);
  Looked looked{active(), rules};
  for (const Severity severity : {Severity::hard, Severity::soft}) {
    looked.find(severity);
    EXPECT_EQ(looked.machine.state(), State::timedout);
    looked.wait();
  }
  EXPECT_EQ(looked.now, kStart + 5s) << "a fast interval between them";
  looked.find(Severity::hard);
  EXPECT_EQ(looked.machine.state(), State::suspended);
  looked.wait();
  EXPECT_EQ(looked.now, kStart + 15s) << "an interval";
  looked.find(Severity::ok);
  EXPECT_EQ(looked.machine.state(), State::suspended) << "one of two";
  looked.wait();
  looked.find(Severity::ok);
  EXPECT_EQ(looked.machine.state(), State::active);
}

TEST(Machine, FallOfOneSuspendsAtTheFirstFailure) {
  Machine machine = active();
  machine.take(Severity::soft, MachineRules::classic(1, 1, 10s, 2500ms), kStart);
  EXPECT_EQ(machine.state(), State::suspended);
}

TEST(Machine, WhereNoMoreMayBeSuspendedItStaysTimedoutWithOneRetry) {
  Machine machine = active();
  const MachineRules rules = rules_of(3);
  EXPECT_TRUE(machine.take(Severity::hard, rules, kStart, false));
  EXPECT_EQ(machine.state(), State::timedout);
  EXPECT_EQ(machine.retries_left(), 1U);
  EXPECT_TRUE(machine.is_capped());
  EXPECT_FALSE(machine.take(Severity::soft, rules, kStart + 2s, false)) << "nothing new";
  EXPECT_TRUE(machine.take(Severity::soft, rules, kStart + 4s, true)) << "there is room again";
  EXPECT_EQ(machine.state(), State::suspended);
  EXPECT_FALSE(machine.is_capped());
  Machine fresh(State::starting, kStart);
  fresh.take(Severity::soft, rules, kStart, false);
  EXPECT_EQ(fresh.state(), State::suspended) << "never well: not served as TIMEDOUT";
}

TEST(Machine, ReportsAloneEndASuspensionByTime) {
  const MachineRules rules = rules_of(3);
  Machine machine = active();
  EXPECT_EQ(machine.next_change(rules), SteadyTime::max());
  machine.take(Severity::hard, rules, kStart);
  EXPECT_FALSE(machine.pass_time(rules, kStart + 1999ms));
  EXPECT_TRUE(machine.pass_time(rules, kStart + 2s));
  EXPECT_EQ(machine.state(), State::timedout);
  EXPECT_EQ(machine.retries_left(), 1U);
  EXPECT_FALSE(machine.pass_time(rules, kStart + 11999ms)) << "ten seconds without a report";
  EXPECT_TRUE(machine.pass_time(rules, kStart + 12s));
  EXPECT_EQ(machine.state(), State::active);
  EXPECT_EQ(machine.suspension(), 2s) << "kept: nobody has said that it is well";
}

TEST(Machine, AReportAfterASuspensionDecides) {
  const MachineRules rules = rules_of(3, 2.0);
  Machine machine = active();
  machine.take(Severity::hard, rules, kStart);
  machine.pass_time(rules, kStart + 2s);
  EXPECT_TRUE(machine.take(Severity::soft, rules, kStart + 3s));
  EXPECT_EQ(machine.suspension(), 4s);
}

TEST(Machine, IsLookedAtInItsOwnTime) {
  MachineRules rules = rules_of(3);
  const SteadyTime verdict = kStart + 300ms;
  EXPECT_EQ(Machine(State::starting, kStart).next_look(Severity::ok, rules, kStart, verdict, 10s),
            verdict + rules.fast_interval);
  EXPECT_EQ(active().next_look(Severity::ok, rules, kStart, verdict, 9500ms), kStart + 9500ms)
      << "start to start, with the jitter that was given";
  EXPECT_EQ(active().next_look(Severity::ok, rules, kStart, kStart + 11s, 10s), kStart + 11s)
      << "never in the past";
}

TEST(Machine, ComesBackFromTheStoreWithItsSeriesAndIsLookedAtAtOnce) {
  const MachineRules rules = rules_of(3, 2.0);
  Machine machine = Machine::restored(State::suspended, 4s, kStart);
  EXPECT_EQ(machine.state(), State::suspended);
  EXPECT_EQ(machine.until(), kStart);
  EXPECT_TRUE(machine.take(Severity::hard, rules, kStart + 1ms));
  EXPECT_EQ(machine.suspension(), 8s);
}

TEST(Verdict, ClassesHaveTheirSeverityAndMoveWhereAServiceSaysSo) {
  EXPECT_EQ(severity_of(FailureClass::timeout), Severity::soft);
  EXPECT_EQ(severity_of(FailureClass::refused), Severity::hard);
  EXPECT_EQ(class_text(FailureClass::http, 503), "http:503");
  Moved moved;
  moved.hard = {*parse_class("http:5xx"), *parse_class("timeout")};
  moved.soft = {*parse_class("refused")};
  const auto counted = [&](FailureClass failure, std::uint16_t status = 0) {
    return moved.severity({severity_of(failure), failure, status, {}, {}});
  };
  EXPECT_EQ(counted(FailureClass::http, 503), Severity::hard);
  EXPECT_EQ(counted(FailureClass::http, 404), Severity::soft);
  EXPECT_EQ(counted(FailureClass::timeout), Severity::hard);
  EXPECT_EQ(counted(FailureClass::refused), Severity::soft);
  EXPECT_EQ(moved.severity({}), Severity::ok);
  EXPECT_EQ(moved.severity({Severity::local, FailureClass::none, 0, {}, {}}), Severity::local);
}

TEST(Verdict, TextsOfClassesAreReadOrRefused) {
  for (const std::string text : {"timeout", "exec-missing", "http", "http:503", "http:5xx"})
    EXPECT_TRUE(parse_class(text)) << text;
  for (const std::string text : {"", "time", "http:", "http:50", "http:5x", "http:x03", "http:0xx",
                                 "timeout:503", "http:5xxx", "HTTP"})
    EXPECT_FALSE(parse_class(text)) << text;
  EXPECT_TRUE(parse_class("http")->overlaps(*parse_class("http:503")));
  EXPECT_TRUE(parse_class("http:5xx")->overlaps(*parse_class("http:503")));
  EXPECT_FALSE(parse_class("http:4xx")->overlaps(*parse_class("http:503")));
}

}  // namespace
}  // namespace muster::registry::health
