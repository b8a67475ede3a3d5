// What a Mesos source believes: snapshots, events, the guard; hours of it in no time.
#include "registry/sources/mesos_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "registry/sources/mesos_parse.h"
#include "registry/sources/mesos_write.h"
#include "tests/registry/support/mesos_documents.h"

namespace muster::registry::sources {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;
using Probe = ProbeVerdict;

MesosTable table_of(std::vector<MesosTask> tasks, MesosGuard guard = {}) {
  MesosTable table(guard);
  table.replace(cluster_of(std::move(tasks)), at(0));
  return table;
}

// "a.0 a.1(held)", in order.
std::string listed(const MesosTable& table) {
  std::string text;
  for (const auto& [key, tracked] : table.tasks()) {
    if (!text.empty()) text += ' ';
    text += key.task_id + (table.is_held(key) ? "(held)" : "");
  }
  return text;
}

MesosState without_frameworks() {
  MesosState state = cluster_of({});
  state.frameworks.clear();
  return state;
}

std::string text_of(const MesosBelief& belief) {
  std::string text;
  write_mesos_state(belief, [&](std::string_view piece) { text += piece; });
  return text;
}

MesosState state_read(const std::string& text) {
  MesosStateParser parser{MesosLimits{}};
  parser.write(text);
  auto state = parser.finish();
  EXPECT_TRUE(state.has_value()) << text;
  return state ? std::move(*state) : MesosState();
}

MesosTaskUpdated update(const std::string& id, const std::string& state) {
  return {"F1", id, state, std::nullopt, ""};
}

std::string state_of(const MesosTable& table, const std::string& id) {
  const MesosTracked* tracked = table.find(key_of(id));
  return tracked == nullptr ? "none" : tracked->task->state;
}

// ---- the guard

TEST(MesosGuard, AnEmptyStateHoldsEverything) {
  for (const bool has_framework : {true, false}) {
    MesosTable table = table_of({task_of("a.0"), task_of("a.1")});
    table.replace(has_framework ? cluster_of({}) : without_frameworks(), at(1'000));
    EXPECT_EQ(listed(table), "a.0(held) a.1(held)");
    EXPECT_THAT(table.frameworks(), SizeIs(1)) << "what names them stays, too";
    EXPECT_EQ(table.find(key_of("a.0"))->agent->id, "S0");
    table.replace(cluster_of({task_of("a.0"), task_of("a.1")}), at(2'000));
    EXPECT_EQ(listed(table), "a.0 a.1");
    EXPECT_EQ(table.next_due(), std::nullopt);
  }
}

TEST(MesosGuard, OneTaskMayBeTheLast) {
  MesosTable table = table_of({task_of("a.0")});
  table.replace(cluster_of({}), at(1'000));
  EXPECT_EQ(listed(table), "");
}

struct Loss {
  int before;
  int gone;
  bool is_held;
  const char* why;
};

TEST(MesosGuard, ManyAtOnceAreHeld) {
  const Loss rows[] = {
      {10, 1, false, "few"},
      {8, 4, false, "half, but under five"},
      {10, 5, true, "five, and half"},
      {11, 5, false, "five, but under half"},
      {1000, 499, false, "many, but under half"},
      {1000, 500, true, "half"},
      {5, 5, true, "all"},
      {2, 2, true, "all, of two"},
  };
  for (const Loss& row : rows) {
    auto tasks = tasks_named("a", row.before);
    MesosTable table = table_of(tasks);
    tasks.resize(static_cast<std::size_t>(row.before - row.gone));
    table.replace(cluster_of(tasks), at(1'000));
    EXPECT_EQ(table.held(), static_cast<std::size_t>(row.is_held ? row.gone : 0)) << row.why;
    EXPECT_EQ(table.tasks().size(), static_cast<std::size_t>(row.before - (row.is_held ? 0 : row.gone)))
        << row.why;
  }
}

TEST(MesosGuard, WhatComesDoesNotMakeALossSmaller) {
  MesosTable table = table_of(tasks_named("a", 10));
  table.replace(cluster_of(tasks_named("b", 30)), at(1'000));
  EXPECT_EQ(table.held(), 10U);
  EXPECT_THAT(table.tasks(), SizeIs(40)) << "what is new is there at once";
}

TEST(MesosGuard, WhatIsConfirmedIsNoLoss) {
  MesosState state = cluster_of({});
  auto tasks = tasks_named("a", 6);
  tasks[4].state = "TASK_KILLING";
  tasks[5].state = "TASK_UNREACHABLE";
  MesosTable table = table_of(tasks);
  state.frameworks[0].ended = {"a.0", "a.1", "a.2"};
  tasks[3].state = "TASK_FINISHED";
  state.frameworks[0].tasks = {tasks[3], task_of("b.0")};
  table.replace(state, at(1'000));
  EXPECT_EQ(listed(table), "b.0");
}

TEST(MesosGuard, EverythingMayEnd) {
  MesosTable table = table_of(tasks_named("a", 10));
  MesosState state = cluster_of({});
  for (int i = 0; i < 10; ++i) state.frameworks[0].ended.push_back("a." + std::to_string(i));
  table.replace(state, at(1'000));
  EXPECT_EQ(listed(table), "");
}

TEST(MesosGuard, WhatIsOutOfReachIsNoLoss) {
  MesosTable table = table_of(tasks_named("a", 3));
  MesosState state = cluster_of({});
  state.frameworks[0].unreachable = {"a.0", "a.1", "a.2", "other"};
  table.replace(state, at(1'000));
  EXPECT_EQ(listed(table), "a.0 a.1 a.2");
  EXPECT_EQ(state_of(table, "a.0"), "TASK_UNREACHABLE");
  EXPECT_EQ(table.find(key_of("a.0"))->unreachable_since, at(1'000).steady);
  table.replace(state, at(9'000));
  EXPECT_EQ(table.find(key_of("a.0"))->unreachable_since, at(1'000).steady) << "since then";
  table.replace(cluster_of(tasks_named("a", 2)), at(10'000));
  EXPECT_EQ(listed(table), "a.0 a.1");
  EXPECT_EQ(table.find(key_of("a.0"))->unreachable_since, std::nullopt);
}

TEST(MesosGuard, RecoveredAgentsAreAwaited) {
  MesosTable table = table_of({task_of("a.0"), task_of("b.0", "S1")});
  MesosState state = cluster_of({task_of("b.0", "S1")});
  state.agents = {agent_of(1)};
  state.recovered_agents = {"S0"};
  table.replace(state, at(1'000));
  EXPECT_EQ(listed(table), "a.0(held) b.0") << "one is enough";
  EXPECT_TRUE(table.agents().contains("S0"));
  EXPECT_THAT(table.tick(at(600'000).steady).tasks, IsEmpty()) << "agents take up to ten minutes";
  EXPECT_THAT(table.give_up(key_of("a.0")).tasks, IsEmpty()) << "no port is no reason: its absence has one";
  table.replace(cluster_of({task_of("a.0"), task_of("b.0", "S1")}), at(600'000));
  EXPECT_EQ(listed(table), "a.0 b.0");
}

TEST(MesosGuard, AnAgentThatComesBackWithoutItEndsTheWait) {
  MesosTable table = table_of({task_of("a.0"), task_of("b.0", "S1")});
  MesosState state = cluster_of({task_of("b.0", "S1")});
  state.recovered_agents = {"S0"};
  table.replace(state, at(0));
  table.replace(cluster_of({task_of("b.0", "S1")}), at(59'999));
  EXPECT_EQ(listed(table), "a.0(held) b.0") << "the grace is for all";
  table.replace(cluster_of({task_of("b.0", "S1")}), at(60'000));
  EXPECT_EQ(listed(table), "b.0");
}

TEST(MesosGuard, RecoveredFrameworksAreAwaited) {
  MesosTable table = table_of(tasks_named("a", 3));
  MesosState state = cluster_of({});
  state.frameworks[0].recovered = true;
  table.replace(state, at(1'000));
  EXPECT_EQ(table.held(), 3U);
  MesosFramework back = framework_of("F1", {});
  EXPECT_TRUE(table.apply(MesosFrameworkUpdated{back}, at(2'000)).resync) << "the state says which are left";
  table.apply(MesosTaskAdded{"F1", task_of("a.1")}, at(2'001));
  EXPECT_EQ(listed(table), "a.0(held) a.1 a.2(held)");
}

TEST(MesosGuard, ConfirmationsRemoveAtOnce) {
  MesosTable table = table_of(tasks_named("a", 6));
  table.replace(cluster_of({}), at(0));
  ASSERT_EQ(table.held(), 6U);
  EXPECT_THAT(table.apply(update("a.0", "TASK_FAILED"), at(1)).tasks, ElementsAre(key_of("a.0")));
  MesosState state = cluster_of({});
  state.frameworks[0].ended = {"a.1"};
  state.frameworks[0].unreachable = {"a.2"};
  table.replace(state, at(2));
  EXPECT_EQ(listed(table), "a.3(held) a.4(held) a.5(held)");
  table.apply(MesosAgentRemoved{"S1"}, at(3));
  EXPECT_EQ(table.held(), 3U);
  table.apply(MesosAgentRemoved{"S0"}, at(3));
  EXPECT_EQ(listed(table), "");

  table.replace(cluster_of(tasks_named("a", 6)), at(4));
  table.replace(without_frameworks(), at(5));
  EXPECT_THAT(table.apply(MesosFrameworkRemoved{"F1"}, at(6)).tasks, SizeIs(6));
  EXPECT_EQ(listed(table), "");
}

TEST(MesosGuard, AHoldEndsWithItsTimeOrTheOperator) {
  MesosTable table = table_of(tasks_named("a", 6));
  table.replace(cluster_of({}), at(0));
  EXPECT_EQ(table.next_due(), at(60'000).steady);
  EXPECT_THAT(table.tick(at(299'999).steady).tasks, IsEmpty());
  table.replace(cluster_of({}), at(200'000));
  EXPECT_EQ(table.held(), 6U) << "the same again begins nothing anew";
  EXPECT_THAT(table.tick(at(300'000).steady).tasks, SizeIs(6));
  EXPECT_EQ(listed(table), "");

  table.replace(cluster_of(tasks_named("a", 6)), at(301'000));
  table.replace(cluster_of({}), at(302'000));
  EXPECT_THAT(table.accept().tasks, SizeIs(6));
  EXPECT_EQ(listed(table), "");
  EXPECT_EQ(table.next_due(), std::nullopt);
}

TEST(MesosGuard, ProbesEndAHold) {
  MesosTable table = table_of(tasks_named("a", 6));
  table.replace(cluster_of({}), at(0));
  EXPECT_THAT(table.to_probe(at(59'999).steady, 10), IsEmpty());
  EXPECT_THAT(table.to_probe(at(60'000).steady, 10), SizeIs(6));
  const SteadyTime now = at(60'500).steady;
  EXPECT_THAT(table.probed(key_of("a.1"), Probe::unreachable, now).tasks, IsEmpty()) << "nobody has answered";
  EXPECT_THAT(table.probed(key_of("a.2"), Probe::connected, now).tasks, IsEmpty());
  EXPECT_THAT(table.probed(key_of("a.0"), Probe::refused, now).tasks, ElementsAre(key_of("a.0")));
  EXPECT_THAT(table.probed(key_of("a.1"), Probe::unreachable, now).tasks, ElementsAre(key_of("a.1")));
  EXPECT_THAT(table.give_up(key_of("a.3")).tasks, ElementsAre(key_of("a.3"))) << "no port to probe";
  EXPECT_EQ(listed(table), "a.2(held) a.4(held) a.5(held)");
  EXPECT_THAT(table.probed(key_of("a.0"), Probe::refused, now).tasks, IsEmpty()) << "it is gone already";
  table.apply(MesosTaskAdded{"F1", task_of("a.2")}, at(61'000));
  EXPECT_THAT(table.probed(key_of("a.2"), Probe::refused, now).tasks, IsEmpty()) << "it is listed again";
}

TEST(MesosGuard, MayBeOff) {
  MesosGuard guard;
  guard.is_on = false;
  MesosTable table = table_of(tasks_named("a", 10), guard);
  MesosState state = cluster_of({});
  state.recovered_agents = {"S0"};
  table.replace(state, at(1));
  EXPECT_EQ(listed(table), "");
}

TEST(MesosGuard, ItsNumbersAreThoseOfTheConfiguration) {
  MesosGuard guard{true, 2, 0.1, net::Millis(10), net::Millis(20)};
  MesosTable table = table_of(tasks_named("a", 20), guard);
  table.replace(cluster_of(tasks_named("a", 18)), at(0));
  EXPECT_EQ(table.held(), 2U);
  EXPECT_THAT(table.to_probe(at(10).steady, 10), SizeIs(2));
  EXPECT_THAT(table.tick(at(20).steady).tasks, SizeIs(2));
}

// ---- snapshots

TEST(MesosTable, ListsThatAreNoneKeepWhatTheyHad) {
  MesosTable table = table_of(tasks_named("a", 6));
  MesosState state;
  state.leader = "master@10.0.0.2:5050";
  table.replace(state, at(1));
  EXPECT_THAT(table.tasks(), SizeIs(6));
  EXPECT_THAT(table.agents(), SizeIs(2));
  EXPECT_EQ(table.leader(), "master@10.0.0.2:5050");

  state = cluster_of({});
  state.frameworks[0].is_partial = true;
  state.frameworks[0].name = "renamed";
  state.frameworks.push_back(framework_of("F2", {task_of("b.0")}));
  table.replace(state, at(2));
  EXPECT_THAT(table.tasks(), SizeIs(7));
  EXPECT_EQ(table.held(), 0U);
  EXPECT_EQ(table.find(key_of("a.0"))->framework->name, "renamed");
}

TEST(MesosTable, TheSameIdInTwoFrameworksIsTwoTasks) {
  MesosState state = cluster_of({task_of("a")});
  state.frameworks.push_back(framework_of("F2", {task_of("a")}));
  MesosTable table{MesosGuard{}};
  table.replace(state, at(0));
  EXPECT_THAT(table.tasks(), SizeIs(2));
  table.apply(MesosFrameworkRemoved{"F2"}, at(1));
  EXPECT_NE(table.find(key_of("a")), nullptr);
  EXPECT_THAT(table.tasks(), SizeIs(1));
}

TEST(MesosTable, WhatStaysTheSameIsTheSameValue) {
  MesosTable table = table_of({task_of("a.0")});
  const auto task = table.find(key_of("a.0"))->task;
  const auto agent = table.find(key_of("a.0"))->agent;
  table.replace(cluster_of({task_of("a.0")}), at(1));
  EXPECT_EQ(table.find(key_of("a.0"))->task, task);
  EXPECT_EQ(table.find(key_of("a.0"))->agent, agent);
}

TEST(MesosTable, ATaskOfAnUnknownAgentHasNone) {
  MesosTable table = table_of({task_of("a.0", "S7")});
  EXPECT_EQ(table.find(key_of("a.0"))->agent, nullptr);
  EXPECT_THAT(table.apply(MesosAgentAdded{agent_of(7)}, at(1)).tasks, ElementsAre(key_of("a.0")));
  EXPECT_EQ(table.find(key_of("a.0"))->agent->id, "S7");
}

TEST(MesosTable, ItsStateReadsBack) {
  MesosTable table = table_of(tasks_named("a", 6));
  table.replace(cluster_of({task_of("b.0", "S1")}), at(1));
  MesosTable other{MesosGuard{}};
  other.replace(state_read(text_of(table.belief())), at(2));
  EXPECT_THAT(other.tasks(), SizeIs(7)) << "what is held is kept";
  EXPECT_EQ(text_of(other.belief()), text_of(table.belief()));
}

TEST(MesosTable, WhoWasWellIsKnownToHaveBeenAfterARestart) {
  MesosTable table{MesosGuard{.is_on = false}};
  MesosTask task = task_of("web.a");
  task.grace_seconds = 10;
  task.statuses.front().healthy = true;
  table.replace(cluster_of({task}), at(0));
  MesosTask silent = task;
  silent.statuses.front().healthy.reset();
  table.replace(cluster_of({silent}), at(1));
  ASSERT_TRUE(table.tasks().begin()->second.was_well);
  MesosTable other{MesosGuard{.is_on = false}};
  other.replace(state_read(text_of(table.belief())), at(2));
  EXPECT_TRUE(other.tasks().begin()->second.was_well);
  other.replace(cluster_of({silent}), at(3));
  EXPECT_TRUE(other.tasks().begin()->second.was_well);
  EXPECT_EQ(*other.tasks().begin()->second.task, silent) << "the master's word counts again";
  MesosTask ill = task;
  ill.statuses.front().healthy = false;
  table.replace(cluster_of({ill}), at(4));
  other.replace(state_read(text_of(table.belief())), at(5));
  EXPECT_EQ(other.tasks().begin()->second.task->statuses.back().healthy, false)
      << "the newest report decides";
}

TEST(MesosTable, WhatIsKeptIsInTheOrderInWhichItCame) {
  MesosTable table{MesosGuard{}};
  MesosState state = cluster_of({task_of("z.0"), task_of("a.0")});
  state.frameworks.insert(state.frameworks.begin(), state.frameworks.front());
  state.frameworks.front().id = "F9";
  state.frameworks.front().tasks = {task_of("m.0")};
  table.replace(std::move(state), at(0));
  table.apply(MesosTaskAdded{"F1", task_of("b.0")}, at(1));
  const MesosBelief belief = table.belief();
  ASSERT_THAT(belief.frameworks, SizeIs(2));
  EXPECT_EQ(belief.frameworks[0].info->id, "F9") << "its task was the first";
  std::vector<std::string> ids;
  for (const auto& task : belief.frameworks[1].tasks) ids.push_back(task->id);
  EXPECT_THAT(ids, ElementsAre("z.0", "a.0", "b.0"));
}

// ---- events

TEST(MesosEventsTable, TasksComeAndGo) {
  MesosTable table = table_of({task_of("a.0")});
  EXPECT_THAT(table.apply(MesosTaskAdded{"F1", task_of("a.1", "S0", "TASK_STAGING")}, at(1)).tasks,
              ElementsAre(key_of("a.1")));
  EXPECT_EQ(state_of(table, "a.1"), "TASK_STAGING");
  EXPECT_THAT(table.apply(update("a.1", "TASK_RUNNING"), at(2)).tasks, ElementsAre(key_of("a.1")));
  EXPECT_EQ(state_of(table, "a.1"), "TASK_RUNNING");
  EXPECT_EQ(table.find(key_of("a.1"))->running_since, at(2).steady);
  table.apply(update("a.1", "TASK_KILLING"), at(3));
  EXPECT_EQ(state_of(table, "a.1"), "TASK_KILLING");
  for (const char* end : {"TASK_FINISHED", "TASK_FAILED", "TASK_KILLED", "TASK_ERROR", "TASK_GONE",
                          "TASK_GONE_BY_OPERATOR", "TASK_DROPPED"}) {
    table.apply(MesosTaskAdded{"F1", task_of("a.1")}, at(4));
    EXPECT_THAT(table.apply(update("a.1", end), at(5)).tasks, ElementsAre(key_of("a.1")));
    EXPECT_EQ(listed(table), "a.0") << end;
  }
}

TEST(MesosEventsTable, WhatIsNotKnownAsksForTheState) {
  MesosTable table = table_of({task_of("a.0")});
  EXPECT_TRUE(table.apply(update("x", "TASK_RUNNING"), at(1)).resync);
  EXPECT_FALSE(table.apply(update("x", "TASK_FINISHED"), at(1)).resync) << "gone it is anyway";
  EXPECT_TRUE(table.apply(MesosTaskAdded{"F7", task_of("x")}, at(1)).resync);
  EXPECT_TRUE(table.apply(MesosFrameworkUpdated{framework_of("F7", {})}, at(1)).resync) << "for its pid";
  EXPECT_TRUE(table.apply(MesosOther{true}, at(1)).resync);
  EXPECT_FALSE(table.apply(MesosOther{false}, at(1)).resync);
  EXPECT_FALSE(table.apply(MesosHeartbeat{}, at(1)).resync);
  EXPECT_FALSE(table.apply(MesosSubscribed{}, at(1)).resync);
  EXPECT_EQ(listed(table), "a.0");
}

TEST(MesosEventsTable, EarlyUpdatesNameTheAgent) {
  MesosTable table = table_of({task_of("a.0"), task_of("b.0", "S1")});
  EXPECT_TRUE(table.apply(MesosTaskUpdated{"", "a.0", "TASK_RUNNING", std::nullopt, "S1"}, at(1)).resync);
  EXPECT_TRUE(table.apply(MesosTaskUpdated{"", "a.0", "TASK_RUNNING", std::nullopt, ""}, at(1)).resync);
  EXPECT_THAT(table.apply(MesosTaskUpdated{"", "a.0", "TASK_KILLED", std::nullopt, "S0"}, at(1)).tasks,
              ElementsAre(key_of("a.0")));
  EXPECT_EQ(listed(table), "b.0");
}

TEST(MesosEventsTable, StatusesAreAddedAndTheAddressStays) {
  MesosTask task = task_of("a.0");
  task.statuses = {{"TASK_STAGING", 1, std::nullopt, {}, {}},
                   {"TASK_RUNNING", 2, std::nullopt, {}, {{"weave", {"10.9.0.7"}}}}};
  MesosTable table = table_of({task});
  for (int i = 0; i < 20; ++i) {
    MesosTaskUpdated health = update("a.0", "TASK_RUNNING");
    health.status = MesosStatus{"TASK_RUNNING", 3.0 + i, i % 2 == 0, {}, {}};
    table.apply(health, at(i));
    table.apply(health, at(i));  // told again
  }
  const auto& statuses = table.find(key_of("a.0"))->task->statuses;
  EXPECT_THAT(statuses, SizeIs(8));
  EXPECT_EQ(statuses[0], task.statuses[1]);
  EXPECT_EQ(statuses.back().timestamp, 22);
  EXPECT_TRUE(table.find(key_of("a.0"))->was_well);
}

TEST(MesosEventsTable, AnAgentThatIsRemovedTakesItsTasksOutOfReach) {
  MesosTable table = table_of(
      {task_of("a.0"), task_of("a.1", "S0", "TASK_KILLING"), task_of("b.0", "S1"), task_of("c.0", "S1")});
  const auto touched = table.apply(MesosAgentRemoved{"S0"}, at(5'000));
  EXPECT_THAT(touched.tasks, UnorderedElementsAre(key_of("a.0"), key_of("a.1")));
  EXPECT_THAT(touched.agents, ElementsAre("S0"));
  EXPECT_EQ(state_of(table, "a.0"), "TASK_UNREACHABLE");
  EXPECT_EQ(table.find(key_of("a.0"))->unreachable_since, at(5'000).steady);
  EXPECT_EQ(state_of(table, "a.1"), "TASK_KILLING") << "it does not come back into service by that";
  EXPECT_EQ(state_of(table, "b.0"), "TASK_RUNNING");
  EXPECT_FALSE(table.agents().contains("S0"));

  table.apply(MesosAgentAdded{agent_of(0)}, at(6'000));
  EXPECT_EQ(state_of(table, "a.0"), "TASK_UNREACHABLE") << "its tasks are told of one by one";
  table.apply(MesosTaskAdded{"F1", task_of("a.0")}, at(6'001));
  EXPECT_EQ(state_of(table, "a.0"), "TASK_RUNNING");
  EXPECT_EQ(table.find(key_of("a.0"))->unreachable_since, std::nullopt);
}

TEST(MesosEventsTable, ATaskThatIsAddedAgainIsBackWhateverItsClockSays) {
  MesosTable table = table_of({task_of("a.0")});
  MesosTaskUpdated lost = update("a.0", "TASK_UNREACHABLE");
  lost.status = MesosStatus{"TASK_UNREACHABLE", 1'900'000'000, std::nullopt, {}, {}};
  table.apply(lost, at(1));
  EXPECT_EQ(state_of(table, "a.0"), "TASK_UNREACHABLE");
  table.apply(MesosTaskAdded{"F1", task_of("a.0")}, at(2));
  EXPECT_EQ(state_of(table, "a.0"), "TASK_RUNNING");
}

TEST(MesosEventsTable, AFrameworkKeepsItsPidAndItsTime) {
  MesosState state = cluster_of({task_of("a.0")});
  state.frameworks[0].pid = "scheduler-1@10.0.0.5:15101";
  MesosTable table{MesosGuard{}};
  table.replace(state, at(0));
  MesosFramework updated = framework_of("F1", {});
  updated.registered_time = 0;
  updated.name = "renamed";
  const auto touched = table.apply(MesosFrameworkUpdated{updated}, at(1));
  EXPECT_TRUE(touched.resync) << "its scheduler may be another now";
  EXPECT_THAT(touched.tasks, ElementsAre(key_of("a.0")));
  EXPECT_THAT(touched.frameworks, ElementsAre("F1"));
  const auto& framework = *table.find(key_of("a.0"))->framework;
  EXPECT_EQ(framework.name, "renamed");
  EXPECT_EQ(framework.pid, "scheduler-1@10.0.0.5:15101");
  EXPECT_EQ(framework.registered_time, 1'600'000'000);
  state.frameworks[0].pid = "";
  table.replace(state, at(2));
  EXPECT_FALSE(table.apply(MesosFrameworkUpdated{updated}, at(3)).resync) << "it speaks HTTP";
}

TEST(MesosEventsTable, ASnapshotOfTheStreamGoesThroughTheGuardAndKeepsPids) {
  MesosState state = cluster_of(tasks_named("a", 6));
  state.frameworks[0].pid = "scheduler-1@10.0.0.5:15101";
  MesosTable table{MesosGuard{}};
  table.replace(state, at(0));
  MesosState flat = cluster_of({task_of("b.0")});
  flat.leader.clear();
  const auto touched =
      table.apply(MesosSubscribed{15, std::make_shared<const MesosState>(std::move(flat))}, at(1));
  EXPECT_TRUE(touched.all && touched.resync);
  EXPECT_EQ(table.held(), 6U);
  EXPECT_NE(table.find(key_of("b.0")), nullptr);
  EXPECT_EQ(table.leader(), "master@10.0.0.1:5050");
  EXPECT_EQ(table.frameworks().at("F1")->pid, "scheduler-1@10.0.0.5:15101");
}

TEST(MesosEventsTable, OnlyWhatAnEventTouchesIsTold) {
  std::vector<MesosTask> tasks = tasks_named("a", 1000);
  for (int i = 0; i < 3; ++i) tasks.push_back(task_of("b." + std::to_string(i), "S1"));
  MesosTable table = table_of(tasks);
  EXPECT_THAT(table.apply(MesosAgentRemoved{"S1"}, at(1)).tasks, SizeIs(3));
  EXPECT_THAT(table.apply(MesosAgentAdded{agent_of(1)}, at(1)).tasks, SizeIs(3));
  const auto touched = table.apply(MesosTaskAdded{"F1", task_of("a.7")}, at(1));
  EXPECT_FALSE(touched.all);
  EXPECT_THAT(touched.tasks, SizeIs(1));
}

}  // namespace
}  // namespace muster::registry::sources
