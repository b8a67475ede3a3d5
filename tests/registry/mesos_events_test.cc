// The stream of a Mesos master: events from octets.
#include "registry/sources/mesos_events.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "tests/registry/support/mesos_documents.h"

namespace muster::registry::sources {
namespace {

using flat::record;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

constexpr MesosEventLimits kWithState{std::size_t{512} << 20, 256, 1'000'000, true};

MesosTask full_task() {
  MesosTask task = task_of("cart.bbb", "S1");
  task.ports.numbers = {31005, 31006};
  task.labels = {{"weight", "3"}};
  task.grace_seconds = 2.5;
  task.statuses = {{"TASK_STAGING", 4, std::nullopt, {}, {}},
                   {"TASK_RUNNING",
                    5.25,
                    false,
                    {{"Docker.NetworkSettings.IPAddress", "172.17.0.3"}},
                    {{"weave", {"10.9.0.7", "fd00::7"}}, {"", {"10.9.0.8"}}}}};
  task.discovery = {
      "cart.shop.prod",
      "FRAMEWORK",
      {{"a", "b"}},
      {{8080, "http", "tcp", "", {{"network-scope", "host"}}}, {5353, "", "tcp,udp", "CLUSTER", {}}}};
  return task;
}

MesosState full_cluster() {
  MesosState state = cluster_of({task_of("web.aaa"), full_task()});
  state.agents[1].region = "eu";
  state.agents[1].zone = "eu-1a";
  state.agents[1].active = false;
  state.recovered_agents = {"S9"};
  state.frameworks[0].ended = {"old.1", "old.2"};
  state.frameworks[0].unreachable = {"lost.1"};
  state.frameworks[0].hostname = "s1";
  state.frameworks[0].registered_time = 1'699'999'999.25;
  state.frameworks.push_back(framework_of("F2", {}));
  state.frameworks[1].recovered = true;
  state.frameworks[1].active = state.frameworks[1].connected = false;
  return state;
}

struct Read {
  std::vector<MesosEvent> events;
  std::string error;
  Dropped dropped;
};

Read read(std::vector<std::string_view> pieces, MesosEventLimits limits = kWithState) {
  MesosEventReader reader(limits);
  Read read;
  for (const std::string_view piece : pieces) {
    for (MesosEvent& event : reader.write(piece)) read.events.push_back(std::move(event));
  }
  read.error = reader.error();
  read.dropped = reader.dropped();
  return read;
}

template <class Event>
Event only(const std::string& text) {
  const Read stream = read({text});
  EXPECT_THAT(stream.events, SizeIs(1)) << text;
  const Event* event = stream.events.size() == 1 ? std::get_if<Event>(&stream.events[0]) : nullptr;
  EXPECT_NE(event, nullptr) << text;
  return event == nullptr ? Event() : *event;
}

bool is_bad(const MesosEvent& event) {
  const auto* other = std::get_if<MesosOther>(&event);
  return other != nullptr && other->is_bad;
}

// All there is of an event, to compare it.
std::string said(const MesosEvent& event) {
  struct Say {
    std::string operator()(const MesosSubscribed& one) const {
      return std::to_string(one.heartbeat_seconds.value_or(-1)) +
             (one.state ? boost::json::serialize(flat::state(*one.state)) : "no state");
    }
    std::string operator()(const MesosHeartbeat&) const { return ""; }
    std::string operator()(const MesosTaskAdded& one) const {
      return one.framework_id + boost::json::serialize(flat::task("", one.task));
    }
    std::string operator()(const MesosTaskUpdated& one) const {
      return one.framework_id + "/" + one.agent_id + "/" + one.task_id + "/" + one.state +
             (one.status ? boost::json::serialize(flat::status(*one.status)) : "");
    }
    std::string operator()(const MesosAgentAdded& one) const {
      return boost::json::serialize(flat::agent(one.agent));
    }
    std::string operator()(const MesosAgentRemoved& one) const { return one.id; }
    std::string operator()(const MesosFrameworkUpdated& one) const {
      return boost::json::serialize(flat::framework(one.framework));
    }
    std::string operator()(const MesosFrameworkRemoved& one) const { return one.id; }
    std::string operator()(const MesosOther& one) const { return one.is_bad ? "bad" : ""; }
  };
  return std::string(name_of(event)) + " " + std::visit(Say(), event);
}

std::string whole_stream() {
  namespace json = boost::json;
  const MesosState cluster = full_cluster();
  const json::object status = flat::status(cluster.frameworks[0].tasks[1].statuses[1]);
  json::object full_status = status;
  full_status["task_id"] = flat::id("cart.bbb");
  full_status["agent_id"] = flat::id("S1");
  const auto event = [](const char* type, const char* member, json::object said) {
    return record(json::object{{"type", type}, {member, std::move(said)}});
  };
  const auto updated = [&](const char* state) {
    return event("TASK_UPDATED", "task_updated",
                 {{"framework_id", flat::id("F1")}, {"state", state}, {"status", full_status}});
  };
  return flat::subscribed(flat::state(cluster)) + record(std::string(R"({"type":"HEARTBEAT"})")) + "\n" +
         event("TASK_ADDED", "task_added", {{"task", flat::task("F1", full_task())}}) +
         updated("TASK_RUNNING") +
         event("AGENT_ADDED", "agent_added", {{"agent", flat::agent(cluster.agents[1])}}) +
         event("AGENT_REMOVED", "agent_removed", {{"agent_id", flat::id("S1")}}) + "\n\n" +
         event("FRAMEWORK_ADDED", "framework_added",
               {{"framework", flat::framework(cluster.frameworks[0])}}) +
         event("FRAMEWORK_UPDATED", "framework_updated",
               {{"framework", flat::framework(cluster.frameworks[1])}}) +
         event("FRAMEWORK_REMOVED", "framework_removed", {{"framework_info", {{"id", flat::id("F2")}}}});
}

TEST(MesosEvents, EachRowOfTheTableIsRead) {
  const Read stream = read({whole_stream()});
  EXPECT_EQ(stream.error, "");
  EXPECT_THAT(stream.dropped, IsEmpty());
  std::vector<std::string> names;
  for (const MesosEvent& event : stream.events) names.emplace_back(name_of(event));
  ASSERT_THAT(names,
              ElementsAre("SUBSCRIBED", "HEARTBEAT", "TASK_ADDED", "TASK_UPDATED", "AGENT_ADDED",
                          "AGENT_REMOVED", "FRAMEWORK_UPDATED", "FRAMEWORK_UPDATED", "FRAMEWORK_REMOVED"));
  EXPECT_EQ(std::get<MesosSubscribed>(stream.events[0]).heartbeat_seconds, 15);
  const auto& added = std::get<MesosTaskAdded>(stream.events[2]);
  EXPECT_EQ(added.framework_id, "F1");
  EXPECT_EQ(added.task, full_task());
  const auto& updated = std::get<MesosTaskUpdated>(stream.events[3]);
  EXPECT_EQ(updated.framework_id + "/" + updated.task_id + "/" + updated.state, "F1/cart.bbb/TASK_RUNNING");
  EXPECT_EQ(updated.status, full_task().statuses[1]);
  const MesosState cluster = full_cluster();
  EXPECT_EQ(std::get<MesosAgentAdded>(stream.events[4]).agent, cluster.agents[1]);
  EXPECT_EQ(std::get<MesosAgentRemoved>(stream.events[5]).id, "S1");
  const auto& framework = std::get<MesosFrameworkUpdated>(stream.events[6]).framework;
  EXPECT_EQ(framework.name, "marathon");
  EXPECT_EQ(framework.registered_time, 1'699'999'999.25);
  EXPECT_TRUE(std::get<MesosFrameworkUpdated>(stream.events[7]).framework.recovered);
  EXPECT_EQ(std::get<MesosFrameworkRemoved>(stream.events[8]).id, "F2");
}

TEST(MesosEvents, TheFlatStateIsTheStateOfTheMaster) {
  const MesosState cluster = full_cluster();
  MesosState whole = cluster;
  whole.leader.clear();  // the v1 API does not tell it
  const auto subscribed = only<MesosSubscribed>(flat::subscribed(flat::state(cluster)));
  ASSERT_NE(subscribed.state, nullptr);
  EXPECT_EQ(*subscribed.state, whole);
  EXPECT_EQ(whole.frameworks[0].tasks[1], full_task());
}

TEST(MesosEvents, PiecesOfAnySizeMakeNoDifference) {
  const std::string stream = whole_stream();
  std::vector<std::string> whole;
  for (const MesosEvent& event : read({stream}).events) whole.push_back(said(event));
  const auto check = [&](const Read& read, std::size_t cut) {
    std::vector<std::string> pieces;
    for (const MesosEvent& event : read.events) pieces.push_back(said(event));
    ASSERT_EQ(pieces, whole) << cut;
  };
  for (std::size_t cut = 1; cut < stream.size(); ++cut)
    check(read({std::string_view(stream).substr(0, cut), std::string_view(stream).substr(cut)}), cut);
  std::vector<std::string_view> octets;
  for (std::size_t i = 0; i < stream.size(); ++i) octets.push_back(std::string_view(stream).substr(i, 1));
  check(read(octets), 1);
}

TEST(MesosEvents, EarlyFormsOfAnUpdate) {
  const auto updated = only<MesosTaskUpdated>(record(std::string(
      R"({"type":"TASK_UPDATED","task_updated":{"task_id":{"value":"t"},"agent_id":{"value":"S0"},"state":"TASK_FAILED"}})")));
  EXPECT_EQ(said(updated), "TASK_UPDATED /S0/t/TASK_FAILED");
  EXPECT_FALSE(updated.status.has_value());
  const auto early =
      only<MesosSubscribed>(record(std::string(R"({"type":"SUBSCRIBED","subscribed":{"get_state":{}}})")));
  EXPECT_EQ(early.heartbeat_seconds, std::nullopt);
  ASSERT_NE(early.state, nullptr);
  EXPECT_FALSE(early.state->has_agents || early.state->has_frameworks) << "it tells of none";
}

TEST(MesosEvents, TheTypeMayStandAnywhere) {
  EXPECT_EQ(
      said(only<MesosAgentRemoved>(record(std::string(
          R"({"agent_removed":{"agent_id":{"value":"S1"}},"task_added":{},"x":[{}],"type":"AGENT_REMOVED"})")))),
      "AGENT_REMOVED S1");
}

TEST(MesosEvents, TheStateIsReadOnlyWhenItIsWanted) {
  const Read stream = read({flat::subscribed(flat::state(full_cluster()))}, MesosEventLimits{});
  ASSERT_THAT(stream.events, SizeIs(1));
  EXPECT_EQ(std::get<MesosSubscribed>(stream.events[0]).state, nullptr);
  EXPECT_EQ(std::get<MesosSubscribed>(stream.events[0]).heartbeat_seconds, 15);
}

TEST(MesosEvents, WhatIsNotKnownIsPassedOver) {
  for (const char* text : {R"({"type":"UNKNOWN"})", R"({"type":"TASK_MOVED","task_moved":{"a":[1,{}]}})",
                           R"({"type":"HEARTBEAT","heartbeat":7})"}) {
    const Read stream = read({record(std::string(text))});
    ASSERT_THAT(stream.events, SizeIs(1)) << text;
    EXPECT_FALSE(is_bad(stream.events[0])) << text;
  }
}

TEST(MesosEvents, ABadRecordCostsItselfAlone) {
  const std::string good = record(std::string(R"({"type":"HEARTBEAT"})"));
  for (const char* text :
       {"", "x", "[]", "7", "{}", "{\"type\":7}", "{\"type\":\"HEARTBEAT\"", "{\"type\":\"TASK_ADDED\"}",
        "{\"type\":\"TASK_ADDED\",\"task_added\":7}",
        "{\"type\":\"TASK_ADDED\",\"task_added\":{\"task\":{}}}",
        "{\"type\":\"TASK_ADDED\",\"task_added\":{\"task\":{\"task_id\":{\"value\":\"t\"}}}}",
        "{\"type\":\"TASK_UPDATED\",\"task_updated\":{\"framework_id\":{\"value\":\"F\"}}}",
        "{\"type\":\"AGENT_ADDED\",\"agent_added\":{\"agent\":{\"agent_info\":{}}}}",
        "{\"type\":\"AGENT_REMOVED\",\"agent_removed\":{\"agent_id\":\"S0\"}}",
        "{\"type\":\"FRAMEWORK_ADDED\",\"framework_added\":{}}",
        "{\"type\":\"FRAMEWORK_REMOVED\",\"framework_removed\":{}}"}) {
    const Read stream = read({good + record(std::string(text)) + good});
    EXPECT_EQ(stream.error, "") << text;
    ASSERT_THAT(stream.events, SizeIs(3)) << text;
    EXPECT_TRUE(std::holds_alternative<MesosHeartbeat>(stream.events[0])) << text;
    EXPECT_TRUE(is_bad(stream.events[1])) << text << " is " << name_of(stream.events[1]);
    EXPECT_TRUE(std::holds_alternative<MesosHeartbeat>(stream.events[2])) << text;
  }
}

TEST(MesosEvents, WhatIsNoStreamEndsIt) {
  const Read none = read({"HTTP/1.1 200 OK\r\n", record(std::string(R"({"type":"HEARTBEAT"})"))});
  EXPECT_THAT(none.events, IsEmpty());
  EXPECT_THAT(none.error, HasSubstr("decimal number"));
  const Read large = read({"100\n"}, {99, 256, 10, true});
  EXPECT_THAT(large.error, HasSubstr("more than 99 octets"));
}

TEST(MesosEvents, TheSnapshotHasItsLimits) {
  const std::string text = flat::subscribed(flat::state(full_cluster()));
  MesosEventLimits limits = kWithState;
  limits.most_elements = 9;  // two agents, one recovered, two frameworks, two tasks, three that were
  EXPECT_TRUE(is_bad(read({text}, limits).events.at(0)));
  limits.most_elements = 10;
  EXPECT_FALSE(is_bad(read({text}, limits).events.at(0)));
}

TEST(MesosEvents, ABadElementOfTheSnapshotCostsItselfAlone) {
  struct Row {
    const char* group;
    const char* list;
    const char* element;
    const char* reason;
  };
  const Row rows[] = {
      {"get_tasks", "tasks", "7", "bad_task"},
      {"get_tasks", "tasks", "[]", "bad_task"},
      {"get_tasks", "tasks", "{}", "bad_task"},
      {"get_tasks", "tasks", R"({"task_id":"t","framework_id":{"value":"F1"}})", "bad_task"},
      {"get_tasks", "tasks", R"({"task_id":{"value":"t"},"framework_id":{"value":"F7"}})", "no_framework"},
      {"get_agents", "agents", "null", "bad_agent"},
      {"get_agents", "agents", R"({"agent_info":7})", "bad_agent"},
      {"get_frameworks", "frameworks", "[[]]", "bad_framework"},
      {"get_frameworks", "frameworks", R"({"framework_info":{"id":7}})", "bad_framework"},
  };
  for (const Row& row : rows) {
    boost::json::object state = flat::state(full_cluster());
    state[row.group].as_object()[row.list].as_array().insert(
        state[row.group].as_object()[row.list].as_array().begin(), boost::json::parse(row.element));
    const auto subscribed = only<MesosSubscribed>(flat::subscribed(state));
    ASSERT_NE(subscribed.state, nullptr);
    MesosState read = *subscribed.state;
    EXPECT_THAT(read.dropped, ElementsAre(Pair(row.reason, 1))) << row.element;
    read.dropped.clear();
    EXPECT_EQ(read, *only<MesosSubscribed>(flat::subscribed(flat::state(full_cluster()))).state)
        << row.element;
  }
}

TEST(MesosEvents, ListsThatAreNoneAreTold) {
  for (const char* none : {"7", "{}", "\"x\""}) {
    const auto with = [&](const char* group, const char* list) {
      boost::json::object state = flat::state(full_cluster());
      state[group].as_object()[list] = boost::json::parse(none);
      return *only<MesosSubscribed>(flat::subscribed(state)).state;
    };
    EXPECT_TRUE(with("get_tasks", "tasks").frameworks[0].is_partial) << none;
    EXPECT_FALSE(with("get_agents", "agents").has_agents) << none;
    EXPECT_FALSE(with("get_frameworks", "frameworks").has_frameworks) << none;
    EXPECT_TRUE(with("get_agents", "agents").has_frameworks) << none;
  }
  // A list that is empty is left out.
  boost::json::object empty = {{"get_tasks", boost::json::object()},
                               {"get_agents", boost::json::object()},
                               {"get_frameworks", boost::json::object()}};
  const auto subscribed = only<MesosSubscribed>(flat::subscribed(empty));
  EXPECT_TRUE(subscribed.state->has_agents && subscribed.state->has_frameworks);
}

}  // namespace
}  // namespace muster::registry::sources
