// What a Mesos source believes, above all when its master tells less than there is; in virtual time.
#include "registry/sources/mesos_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster::registry::sources {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

MesosTask task(const std::string& id, const std::string& state = "TASK_RUNNING",
               const std::string& agent = "S0") {
  MesosTask task;
  task.id = task.name = id;
  task.agent_id = agent;
  task.state = state;
  return task;
}

class Table : public ::testing::Test {
 protected:
  // A state with these tasks of framework F1, on agents S0 and S1.
  static MesosState state(const std::vector<MesosTask>& tasks) {
    MesosState state;
    state.leader = "master@10.0.0.1:5050";
    state.has_agents = state.has_frameworks = true;
    for (const char* id : {"S0", "S1"}) {
      MesosAgent agent;
      agent.id = id;
      state.agents.push_back(agent);
    }
    MesosFramework framework;
    framework.id = "F1";
    framework.name = "marathon";
    framework.pid = "scheduler@10.0.0.5:1";
    framework.tasks = tasks;
    state.frameworks.push_back(framework);
    return state;
  }
  static std::vector<MesosTask> many(std::size_t count, const std::string& agent = "S0") {
    std::vector<MesosTask> tasks;
    for (std::size_t i = 0; i < count; ++i)
      tasks.push_back(task("t" + std::to_string(i), "TASK_RUNNING", agent));
    return tasks;
  }

  void replace(MesosState next) { table_.replace(std::move(next), now_); }
  void pass(int seconds) {
    now_ = now_ + Millis(seconds * 1000);
    table_.tick(now_.steady);
  }
  std::size_t count() const { return table_.tasks().size(); }
  static MesosTaskKey key(const std::string& id) { return {"F1", id}; }
  std::vector<std::string> due() {
    std::vector<std::string> ids;
    for (const MesosTaskKey& one : table_.to_probe(now_.steady, 100)) ids.push_back(one.task_id);
    return ids;
  }

  net::Instant now_{SteadyTime(Millis(1'000'000)), net::WallTime(Millis(1'700'000'000'000))};
  MesosTable table_{MesosGuard{}};
};

TEST_F(Table, WhatHasEndedOrIsOneOfFewIsGoneAtOnce) {
  replace(state({task("a"), task("b"), task("c"), task("d", "TASK_FINISHED")}));
  EXPECT_EQ(count(), 3U) << "an ended task is none";
  MesosState next = state({task("a")});
  next.frameworks[0].ended = {"b"};
  replace(std::move(next));
  EXPECT_EQ(count(), 1U);
  EXPECT_EQ(table_.held(), 0U);
}

TEST_F(Table, AnEmptyStateEmptiesNothing) {
  replace(state(many(3)));
  MesosState empty;
  empty.leader = "master@10.0.0.2:5050";
  empty.has_agents = empty.has_frameworks = true;
  replace(std::move(empty));
  EXPECT_EQ(count(), 3U);
  EXPECT_EQ(table_.held(), 3U);
  EXPECT_EQ(table_.frameworks().size(), 1U) << "its name stays, too";
  EXPECT_EQ(table_.agents().size(), 1U) << "and the agent where they run";
  replace(state(many(3)));
  EXPECT_EQ(table_.held(), 0U) << "listed again";
}

TEST_F(Table, HalfAtOnceIsHeldAndLessIsNot) {
  replace(state(many(10)));
  replace(state(many(6)));
  EXPECT_EQ(count(), 6U) << "four of ten";
  replace(state(many(10)));
  replace(state(many(5)));
  EXPECT_EQ(count(), 10U) << "five of ten";
  EXPECT_EQ(table_.held(), 5U);
  MesosState ended = state(many(5));
  ended.frameworks[0].ended = {"t5", "t6"};
  replace(std::move(ended));
  EXPECT_EQ(count(), 8U) << "a confirmation ends it at once";
}

TEST_F(Table, WithoutTheGuardTheStateIsBelieved) {
  MesosGuard off;
  off.is_on = false;
  table_ = MesosTable(off);
  replace(state(many(10)));
  replace(state({}));
  EXPECT_EQ(count(), 0U);
}

TEST_F(Table, TasksOfAnAgentOrFrameworkThatIsYetToComeBackAreHeld) {
  replace(state(
      {task("a", "TASK_RUNNING", "S0"), task("b", "TASK_RUNNING", "S1"), task("c", "TASK_RUNNING", "S1")}));
  MesosState next = state({task("a")});
  next.agents.pop_back();
  next.recovered_agents = {"S1"};
  replace(next);
  EXPECT_EQ(count(), 3U);
  EXPECT_TRUE(table_.find(key("b"))->held->is_recovered);
  pass(3600);
  EXPECT_EQ(count(), 3U) << "for as long as the master waits for it";
  next.recovered_agents.clear();
  replace(next);
  EXPECT_EQ(table_.find(key("b"))->held->is_recovered, false) << "then the hold runs";
  pass(1);
  EXPECT_EQ(count(), 1U) << "and it has passed";

  replace(state(many(3)));
  MesosState waiting = state({});
  waiting.frameworks[0].recovered = true;
  replace(std::move(waiting));
  EXPECT_EQ(table_.held(), 3U);
}

TEST_F(Table, AListThatIsNoneLeavesWhatItHolds) {
  replace(state(many(3)));
  MesosState broken = state({});
  broken.frameworks[0].is_partial = true;
  replace(broken);
  EXPECT_EQ(count(), 3U);
  EXPECT_EQ(table_.held(), 0U);
  broken.frameworks.clear();
  broken.has_frameworks = broken.has_agents = false;
  broken.agents.clear();
  replace(broken);
  EXPECT_EQ(count(), 3U);
  EXPECT_EQ(table_.held(), 0U);
  EXPECT_EQ(table_.agents().size(), 2U);
}

class Held : public Table {
 protected:
  Held() {
    replace(state(many(2)));
    replace(state({}));
  }
};

TEST_F(Held, IsProbedAfterTheGraceEveryTwoSeconds) {
  EXPECT_EQ(table_.held(), 2U);
  pass(59);
  EXPECT_THAT(due(), IsEmpty());
  EXPECT_EQ(table_.next_due(), now_.steady + Millis(1'000));
  pass(1);
  EXPECT_THAT(due(), ElementsAre("t0", "t1"));
  pass(1);
  EXPECT_THAT(due(), IsEmpty());
  pass(1);
  EXPECT_THAT(due(), ElementsAre("t0", "t1"));
}

TEST_F(Held, RefusedIsGone) {
  pass(60);
  table_.probed(key("t0"), ProbeVerdict::refused, now_.steady);
  EXPECT_EQ(count(), 1U);
}

TEST_F(Held, SilenceCountsOnlyOnceAnotherHasAnswered) {
  pass(60);
  for (int i = 0; i < 5; ++i) table_.probed(key("t0"), ProbeVerdict::timed_out, now_.steady);
  EXPECT_EQ(count(), 2U) << "the network may be down";
  table_.probed(key("t1"), ProbeVerdict::connected, now_.steady);
  table_.probed(key("t0"), ProbeVerdict::unreachable, now_.steady);
  EXPECT_EQ(count(), 1U);
  EXPECT_NE(table_.find(key("t1")), nullptr);
}

TEST_F(Held, StaysNoLongerThanTheHold) {
  for (int i = 0; i < 299; ++i) {
    pass(1);
    for (const std::string& id : due()) table_.probed(key(id), ProbeVerdict::connected, now_.steady);
  }
  EXPECT_EQ(count(), 2U);
  pass(1);
  EXPECT_EQ(count(), 0U);
}

TEST_F(Held, TheOperatorMayEndIt) {
  EXPECT_EQ(table_.accept().tasks.size(), 2U);
  EXPECT_EQ(count(), 0U);
}

// ---- events

class Events : public Table {
 protected:
  Events() { replace(state({task("a"), task("b", "TASK_RUNNING", "S1")})); }
  MesosTable::Touched apply(MesosEvent event) { return table_.apply(event, now_); }
  static MesosTaskUpdated update(const std::string& id, const std::string& state, double timestamp) {
    MesosTaskUpdated updated{"F1", id, state, MesosStatus{}};
    updated.status->state = state;
    updated.status->timestamp = timestamp;
    return updated;
  }
  const std::string& state_of(const std::string& id) { return table_.find(key(id))->task->state; }
};

TEST_F(Events, TasksComeChangeAndGo) {
  EXPECT_FALSE(apply(MesosTaskAdded{"F1", task("c")}).resync);
  EXPECT_EQ(count(), 3U);
  EXPECT_THAT(apply(update("c", "TASK_KILLING", 2)).tasks, ElementsAre(key("c")));
  EXPECT_EQ(state_of("c"), "TASK_KILLING");
  apply(update("c", "TASK_RUNNING", 1));
  EXPECT_EQ(state_of("c"), "TASK_KILLING") << "older news";
  apply(update("c", "TASK_KILLED", 3));
  EXPECT_EQ(count(), 2U);
  EXPECT_FALSE(apply(update("c", "TASK_KILLED", 3)).resync) << "the end of who is not known is no news";
}

TEST_F(Events, WhatIsNotKnownIsAskedFor) {
  EXPECT_TRUE(apply(update("x", "TASK_RUNNING", 1)).resync);
  EXPECT_TRUE(apply(MesosTaskAdded{"F9", task("x")}).resync);
  EXPECT_TRUE(apply(MesosOther{true}).resync);
  EXPECT_FALSE(apply(MesosOther{false}).resync);
  EXPECT_EQ(count(), 2U);
}

TEST_F(Events, EarlyMesosTellsNoFrameworkAndNoStatus) {
  EXPECT_THAT(apply(MesosTaskUpdated{"", "b", "TASK_LOST", {}}).tasks, ElementsAre(key("b")));
  EXPECT_EQ(table_.find(key("b"))->unreachable_since, now_.steady);
}

TEST_F(Events, AnAgentThatGoesMakesItsTasksUnreachable) {
  EXPECT_THAT(apply(MesosAgentRemoved{"S1"}).tasks, ElementsAre(key("b")));
  EXPECT_EQ(state_of("b"), "TASK_UNREACHABLE");
  EXPECT_EQ(state_of("a"), "TASK_RUNNING");
  EXPECT_EQ(table_.agents().size(), 1U);
  EXPECT_NE(table_.find(key("b"))->agent, nullptr) << "it is served there for a while";
}

TEST_F(Events, FrameworksKeepWhatTheEventDoesNotTell) {
  MesosFramework told;
  told.id = "F1";
  told.name = "marathon-2";
  EXPECT_FALSE(apply(MesosFrameworkUpdated{told}).resync);
  EXPECT_EQ(table_.frameworks().at("F1")->pid, "scheduler@10.0.0.5:1");
  EXPECT_EQ(table_.find(key("a"))->framework->name, "marathon-2");
  told.id = "F2";
  EXPECT_TRUE(apply(MesosFrameworkUpdated{told}).resync) << "its pid is in the state alone";
  apply(MesosFrameworkRemoved{"F1"});
  EXPECT_EQ(count(), 0U);
}

TEST_F(Events, TheStateForTheStoreIsTheSameState) {
  MesosTable again{MesosGuard{}};
  again.replace(table_.state(), now_);
  EXPECT_TRUE(again.state() == table_.state());
  EXPECT_EQ(again.tasks().size(), 2U);
}

}  // namespace
}  // namespace muster::registry::sources
