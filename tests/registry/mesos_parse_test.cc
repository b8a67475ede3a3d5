// The state of a Mesos master, read in pieces.
#include "registry/sources/mesos_parse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster::registry::sources {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;
using Kind = MesosParseError::Kind;

// Two agents, one that has not come back, a framework that was read and one that Mesos knows from its agents
// only.
constexpr std::string_view kState = R"json({
"version": "1.11.0", "flags": {"zk": ["leader", {"leader": "not this"}]}, "leader": "master@10.0.0.1:5050",
"pid": "master@10.0.0.2:5050", "leader_info": {"id": "x", "pid": "master@10.0.0.1:5050", "port": 5050, "hostname": "m1"},
"slaves": [
 {"id": "20-S0", "hostname": "agent0", "pid": "slave(1)@10.0.1.10:5051", "active": true, "port": 5051,
  "domain": {"fault_domain": {"region": {"name": "eu"}, "zone": {"name": "eu-1a"}}}, "attributes": {"rack": 7}},
 {"id": "20-S1", "hostname": "agent1", "pid": "slave(1)@10.0.1.11:5051", "active": false}],
"recovered_slaves": [{"id": "20-S9", "hostname": "agent9"}],
"frameworks": [
 {"completed_tasks": [{"id": "old.1", "name": "old", "statuses": [{"state": "TASK_FINISHED"}]}],
  "tasks": [
   {"id": "web.aaa", "name": "web", "slave_id": "20-S0", "state": "TASK_RUNNING",
    "resources": {"cpus": 0.1, "ports": "[31000-31000, 31004-31004]"},
    "labels": [{"key": "weight", "value": "3"}], "statuses": [{"state": "TASK_RUNNING", "timestamp": 1700000000.5}]},
   {"id": "cart.bbb", "name": "cart", "slave_id": "20-S1", "state": "TASK_RUNNING",
    "resources": {"ports": "[31005-31005]"}, "health_check": {"grace_period_seconds": 2.5},
    "statuses": [{"state": "TASK_RUNNING", "timestamp": 5, "healthy": false,
      "labels": [{"key": "Docker.NetworkSettings.IPAddress", "value": "172.17.0.3"}],
      "container_status": {"network_infos": [
        {"name": "weave", "ip_addresses": [{"protocol": "IPv4", "ip_address": "10.9.0.7"}, {"ip_address": "fd00::7"}]},
        {"ip_address": "10.9.0.8"}]}}],
    "discovery": {"visibility": "FRAMEWORK", "name": "cart.shop.prod", "labels": {"labels": [{"key": "a", "value": "b"}]},
      "ports": {"ports": [{"number": 8080, "name": "http", "protocol": "tcp", "labels": {"labels": [
        {"key": "network-scope", "value": "host"}]}}, {"number": 5353, "protocol": "tcp,udp"}]}}}],
  "unreachable_tasks": [{"id": "lost.1"}],
  "id": "F1", "name": "marathon", "pid": "scheduler-1@10.0.0.5:15101", "hostname": "s1", "active": true, "connected": false,
  "registered_time": 1699999999.25},
 {"id": "F2", "name": "chronos", "recovered": true, "active": false, "tasks": null}]
} )json";

MesosState parsed(std::string_view text, MesosLimits limits = {}) {
  MesosStateParser parser(limits);
  EXPECT_TRUE(parser.write(text));
  auto state = parser.finish();
  EXPECT_TRUE(state.has_value()) << (state ? "" : state.error().message);
  return state ? std::move(*state) : MesosState();
}

MesosParseError refused(std::string_view text, MesosLimits limits = {}) {
  MesosStateParser parser(limits);
  parser.write(text);
  auto state = parser.finish();
  EXPECT_FALSE(state.has_value()) << text;
  return state ? MesosParseError() : state.error();
}

TEST(MesosParse, ReadsWhatTheViewNeeds) {
  const MesosState state = parsed(kState);
  EXPECT_EQ(state.leader, "master@10.0.0.1:5050");
  EXPECT_EQ(state.pid, "master@10.0.0.2:5050") << "the top's, no other";
  EXPECT_THAT(state.agents,
              ElementsAre(MesosAgent{"20-S0", "agent0", "slave(1)@10.0.1.10:5051", true, "eu", "eu-1a"},
                          MesosAgent{"20-S1", "agent1", "slave(1)@10.0.1.11:5051", false, "", ""}));
  EXPECT_THAT(state.recovered_agents, ElementsAre("20-S9"));
  EXPECT_TRUE(state.has_agents && state.has_frameworks);
  EXPECT_THAT(state.dropped, IsEmpty());
  ASSERT_THAT(state.frameworks, SizeIs(2));
  const MesosFramework& marathon = state.frameworks[0];
  EXPECT_EQ(marathon.id + " " + marathon.name + " " + marathon.pid + " " + marathon.hostname,
            "F1 marathon scheduler-1@10.0.0.5:15101 s1");
  EXPECT_TRUE(marathon.active && !marathon.connected && !marathon.recovered && !marathon.is_partial);
  EXPECT_EQ(marathon.registered_time, 1699999999.25);
  EXPECT_THAT(marathon.ended, ElementsAre("old.1"));
  EXPECT_THAT(marathon.unreachable, ElementsAre("lost.1"));
  const MesosFramework& chronos = state.frameworks[1];
  EXPECT_TRUE(chronos.recovered && !chronos.active && chronos.tasks.empty() && !chronos.is_partial)
      << "null is absent";

  ASSERT_THAT(marathon.tasks, SizeIs(2));
  MesosTask web;
  web.id = "web.aaa";
  web.name = "web";
  web.agent_id = "20-S0";
  web.state = "TASK_RUNNING";
  web.ports.numbers = {31000, 31004};
  web.labels = {{"weight", "3"}};
  web.statuses = {{"TASK_RUNNING", 1700000000.5, std::nullopt, {}, {}}};
  EXPECT_EQ(marathon.tasks[0], web);
  MesosTask cart;
  cart.id = "cart.bbb";
  cart.name = "cart";
  cart.agent_id = "20-S1";
  cart.state = "TASK_RUNNING";
  cart.ports.numbers = {31005};
  cart.grace_seconds = 2.5;
  cart.statuses = {{"TASK_RUNNING",
                    5,
                    false,
                    {{"Docker.NetworkSettings.IPAddress", "172.17.0.3"}},
                    {{"weave", {"10.9.0.7", "fd00::7"}}, {"", {"10.9.0.8"}}}}};
  cart.discovery = {"cart.shop.prod",
                    "FRAMEWORK",
                    {{"a", "b"}},
                    {{8080, "http", "tcp", "", {{"network-scope", "host"}}}, {5353, "", "tcp,udp", "", {}}}};
  EXPECT_EQ(marathon.tasks[1], cart);
}

TEST(MesosParse, PiecesOfAnySizeMakeNoDifference) {
  const MesosState whole = parsed(kState);
  for (std::size_t cut = 1; cut < kState.size(); ++cut) {
    MesosStateParser parser({});
    ASSERT_TRUE(parser.write(kState.substr(0, cut)));
    ASSERT_TRUE(parser.write(kState.substr(cut)));
    ASSERT_EQ(*parser.finish(), whole) << cut;
  }
  MesosStateParser parser({});
  for (const char octet : kState) ASSERT_TRUE(parser.write({&octet, 1}));
  EXPECT_EQ(*parser.finish(), whole);
}

TEST(MesosParse, WhatIsCutShortIsNoState) {
  const std::size_t end = kState.find_last_of('}');
  for (std::size_t size = 0; size <= end; ++size)
    ASSERT_EQ(refused(kState.substr(0, size)).kind, Kind::parse) << size;
}

TEST(MesosParse, WhatIsNoStateIsRefusedWithThePlace) {
  for (const char* text : {"", " ", "[]", "7", "\"x\"", "true", "null", "{", "{\"a\":}", "{} {}", "{}x",
                           "<html>", "{\"slaves\":[1,]}"})
    EXPECT_EQ(refused(text).kind, Kind::parse) << text;
  EXPECT_THAT(refused("{\"a\": tru}").message, HasSubstr("at octet "));
  EXPECT_THAT(refused("[]").message, HasSubstr("no object"));
  MesosStateParser parser({});
  EXPECT_TRUE(parser.write("{} \n"));
  EXPECT_TRUE(parser.write("\t"));
  EXPECT_FALSE(parser.write("{}")) << "trailing text in a later piece";
  EXPECT_FALSE(parser.finish().has_value());
}

TEST(MesosParse, LimitsAreTold) {
  MesosLimits limits;
  limits.most_elements = 8;  // three agents, two frameworks, two tasks and two that have ended
  EXPECT_EQ(refused(kState, limits).kind, Kind::limit);
  limits.most_elements = 9;
  EXPECT_THAT(parsed(kState, limits).frameworks, SizeIs(2));
  limits = {};
  limits.most_octets = kState.size() - 1;
  EXPECT_EQ(refused(kState, limits).kind, Kind::limit);
  limits.most_octets = kState.size();
  EXPECT_THAT(parsed(kState, limits).frameworks, SizeIs(2));
  EXPECT_EQ(refused("{\"a\":" + std::string(65, '[') + std::string(65, ']') + "}").kind, Kind::limit);
  EXPECT_EQ(refused("{\"leader\":\"" + std::string((64 << 10) + 1, 'x') + "\"}").kind, Kind::limit);
  EXPECT_EQ(refused("{\"slaves\":[{\"id\":\"" + std::string((64 << 10) + 1, 'x') + "\"}]}").kind,
            Kind::limit);
  limits = {};
  limits.most_ports = 1;
  const MesosState state = parsed(kState, limits);
  EXPECT_EQ(state.frameworks[0].tasks[0].ports.numbers, (std::vector<std::uint16_t>{31000}));
  EXPECT_THAT(state.dropped, ElementsAre(Pair("ports_truncated", 1)));
}

TEST(MesosParse, OneElementIsHeldAtATime) {
  MesosStateParser parser({});
  ASSERT_TRUE(parser.write("{\"frameworks\": [{\"id\": \"F\", \"tasks\": [{\"id\": \"0\"}"));
  const std::string large(60'000, 'x');
  for (int i = 1; i < 2'000; ++i) {
    const std::string task =
        ", {\"id\": \"" + std::to_string(i) + "\", \"command\": [\"" + large + "\", \"" + large + "\"]}";
    ASSERT_TRUE(parser.write(task)) << i;
  }
  ASSERT_TRUE(parser.write("]}]}"));
  const auto state = parser.finish();
  ASSERT_TRUE(state.has_value());
  EXPECT_EQ(state->frameworks[0].tasks.size(), 2'000U);
}

struct Bad {
  const char* task;
  const char* reason;
  bool stays;  // the task, without what was bad
};

TEST(MesosParse, ABadElementCostsItselfAlone) {
  const Bad rows[] = {
      {"7", "bad_task", false},
      {"null", "bad_task", false},
      {"[]", "bad_task", false},
      {"{}", "bad_task", false},
      {"{\"id\": 7}", "bad_task", false},
      {"{\"id\": \"\"}", "bad_task", false},
      {"{\"id\": \"x\", \"name\": {}}", "bad_task", false},
      {"{\"id\": \"x\", \"slave_id\": 3}", "bad_task", false},
      {"{\"id\": \"x\", \"resources\": {\"ports\": 31000}}", "bad_port", true},
      {"{\"id\": \"x\", \"resources\": {\"ports\": \"[a]\"}}", "bad_port", true},
      {"{\"id\": \"x\", \"statuses\": [7]}", "bad_status", true},
      {"{\"id\": \"x\", \"labels\": [{\"key\": 7}]}", "bad_label", true},
      {"{\"id\": \"x\", \"labels\": [\"k=v\"]}", "bad_label", true},
      {"{\"id\": \"x\", \"discovery\": {\"name\": \"n\", \"ports\": {\"ports\": [{\"number\": \"80\"}]}}}",
       "bad_port", true},
      {"{\"id\": \"x\", \"discovery\": {\"name\": \"n\", \"ports\": {\"ports\": [{\"number\": 0}]}}}",
       "bad_port", true},
      {"{\"id\": \"x\", \"discovery\": {\"name\": \"n\", \"ports\": {\"ports\": [{\"number\": 65536}]}}}",
       "bad_port", true},
      {"{\"id\": \"x\", \"statuses\": [{\"container_status\": {\"network_infos\": [{\"ip_addresses\": "
       "[{\"ip_address\": 1}]}]}}]}",
       "bad_address", true},
  };
  const std::string longest(1'024, 'n');
  EXPECT_THAT(
      parsed(R"({"frameworks": [{"id": "F", "tasks": [{"id": "a", "name": ")" + longest + "\"}]}]}").dropped,
      IsEmpty());
  for (const std::string& task :
       {"{\"id\": \"" + longest + "n\"}", "{\"id\": \"x\", \"name\": \"" + longest + "n\"}",
        "{\"id\": \"x\", \"discovery\": {\"name\": \"" + longest + "n\"}}"}) {
    const MesosState state = parsed(R"({"frameworks": [{"id": "F", "tasks": [)" + task + "]}]}");
    EXPECT_THAT(state.dropped, ElementsAre(Pair("name_too_long", 1)));
    EXPECT_THAT(state.frameworks.at(0).tasks, IsEmpty());
  }
  for (const Bad& row : rows) {
    const MesosState state =
        parsed(R"({"frameworks": [{"id": "F", "tasks": [{"id": "a"}, )" + std::string(row.task) +
               R"(, {"id": "b"}]}, {"id": "G", "tasks": [{"id": "c"}]}]})");
    EXPECT_THAT(state.dropped, ElementsAre(Pair(row.reason, 1))) << row.task;
    ASSERT_THAT(state.frameworks, SizeIs(2)) << row.task;
    EXPECT_EQ(state.frameworks[0].tasks.size(), row.stays ? 3U : 2U) << row.task;
    EXPECT_EQ(state.frameworks[0].tasks.back().id, "b") << row.task;
    EXPECT_EQ(state.frameworks[1].tasks.at(0).id, "c") << row.task;
  }
}

TEST(MesosParse, ListsThatAreNoneAreTold) {
  for (const char* tasks : {"{}", "7", "\"x\"", "true"}) {
    const MesosState state =
        parsed(R"({"frameworks": [{"id": "F", "tasks": )" + std::string(tasks) + "}, {\"id\": \"G\"}]}");
    ASSERT_THAT(state.frameworks, SizeIs(2)) << tasks;
    EXPECT_TRUE(state.frameworks[0].is_partial) << tasks;
    EXPECT_FALSE(state.frameworks[1].is_partial) << tasks;
  }
  const MesosState state =
      parsed(R"({"slaves": {}, "frameworks": [3, [], {"name": "no id"}], "recovered_slaves": [[], {}]})");
  EXPECT_FALSE(state.has_agents);
  EXPECT_TRUE(state.has_frameworks);
  EXPECT_THAT(state.dropped, ElementsAre(Pair("bad_framework", 3)));
  EXPECT_THAT(parsed(R"({"slaves": [1, [], {}, {"id": "S"}]})").dropped, ElementsAre(Pair("bad_agent", 3)));
}

}  // namespace
}  // namespace muster::registry::sources
