// The events of a Mesos stream, from octets.
#include "registry/sources/mesos_events.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster::registry::sources {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

std::string record(const std::string& text) { return std::to_string(text.size()) + "\n" + text; }

const std::string kTask =
    R"({"task_id":{"value":"web.a"},"framework_id":{"value":"F1"},"agent_id":{"value":"S0"},
 "name":"web","state":"TASK_RUNNING","labels":{"labels":[{"key":"weight","value":"3"}]},
 "resources":[{"name":"cpus","type":"SCALAR","scalar":{"value":1}},
  {"name":"ports","type":"RANGES","ranges":{"range":[{"begin":31000,"end":31001},{"begin":31004,"end":31004}]}}],
 "statuses":[{"state":"TASK_RUNNING","timestamp":5.5,"healthy":true}]})";

// As "NAME what", one a line.
struct Shown {
  std::string operator()(const MesosSubscribed& e) const {
    return "subscribed " +
           (e.heartbeat_seconds ? std::to_string(static_cast<int>(*e.heartbeat_seconds)) : "none");
  }
  std::string operator()(const MesosHeartbeat&) const { return "heartbeat"; }
  std::string operator()(const MesosTaskAdded& e) const {
    std::string text = "added " + e.framework_id + " " + e.task.id + " " + e.task.name + " " +
                       e.task.agent_id + " " + e.task.state;
    for (const auto port : e.task.ports.numbers) text += " " + std::to_string(port);
    for (const auto& label : e.task.labels) text += " " + label.key + "=" + label.value;
    return text + " " + std::to_string(e.task.statuses.size());
  }
  std::string operator()(const MesosTaskUpdated& e) const {
    return "updated " + e.framework_id + " " + e.task_id + " " + e.state + (e.status ? " status" : "");
  }
  std::string operator()(const MesosAgentAdded& e) const {
    return "agent " + e.agent.id + " " + e.agent.hostname + " " + e.agent.pid + " " + e.agent.zone;
  }
  std::string operator()(const MesosAgentRemoved& e) const { return "agent gone " + e.id; }
  std::string operator()(const MesosFrameworkUpdated& e) const {
    return "framework " + e.framework.id + " " + e.framework.name +
           (e.framework.recovered ? " recovered" : "");
  }
  std::string operator()(const MesosFrameworkRemoved& e) const { return "framework gone " + e.id; }
  std::string operator()(const MesosOther& e) const { return e.is_bad ? "bad" : "other"; }
};

std::vector<std::string> shown(const std::vector<std::string_view>& pieces, MesosEventReader& reader) {
  std::vector<std::string> all;
  for (const std::string_view piece : pieces) {
    for (const MesosEvent& event : reader.write(piece)) all.push_back(std::visit(Shown(), event));
  }
  return all;
}

std::vector<std::string> shown(const std::string& stream) {
  MesosEventReader reader{MesosEventLimits{}};
  return shown({stream}, reader);
}

const std::vector<std::pair<std::string, std::string>> kRows = {
    {R"({"type":"SUBSCRIBED","subscribed":{"get_state":{"get_tasks":{"tasks":[)" + kTask +
         R"(]}},"heartbeat_interval_seconds":15.0}})",
     "subscribed 15"},
    {R"({"subscribed":{"get_state":{}},"type":"SUBSCRIBED"})", "subscribed none"},
    {R"({"type":"HEARTBEAT"})", "heartbeat"},
    {R"({"type":"TASK_ADDED","task_added":{"task":)" + kTask + "}}",
     "added F1 web.a web S0 TASK_RUNNING 31000 31001 31004 weight=3 1"},
    {R"({"task_added":{"task":)" + kTask + R"(},"type":"TASK_ADDED"})",
     "added F1 web.a web S0 TASK_RUNNING 31000 31001 31004 weight=3 1"},
    {R"({"type":"TASK_UPDATED","task_updated":{"framework_id":{"value":"F1"},"state":"TASK_KILLED",
         "status":{"task_id":{"value":"web.a"},"state":"TASK_KILLED","timestamp":6}}})",
     "updated F1 web.a TASK_KILLED status"},
    {R"({"type":"TASK_UPDATED","task_updated":{"task_id":{"value":"web.a"},"agent_id":{"value":"S0"},"state":"TASK_LOST"}})",
     "updated  web.a TASK_LOST"},
    {R"({"type":"AGENT_ADDED","agent_added":{"agent":{"agent_info":{"id":{"value":"S0"},"hostname":"a0",
         "domain":{"fault_domain":{"zone":{"name":"z1"}}}},"pid":"slave(1)@10.0.1.10:5051","active":true}}})",
     "agent S0 a0 slave(1)@10.0.1.10:5051 z1"},
    {R"({"type":"AGENT_REMOVED","agent_removed":{"agent_id":{"value":"S0"}}})", "agent gone S0"},
    {R"({"type":"FRAMEWORK_ADDED","framework_added":{"framework":{"framework_info":{"id":{"value":"F1"},"name":"marathon"},"recovered":true}}})",
     "framework F1 marathon recovered"},
    {R"({"type":"FRAMEWORK_UPDATED","framework_updated":{"framework":{"framework_info":{"id":{"value":"F1"},"name":"m2"}}}})",
     "framework F1 m2"},
    {R"({"type":"FRAMEWORK_REMOVED","framework_removed":{"framework_info":{"id":{"value":"F1"}}}})",
     "framework gone F1"},
    {R"({"type":"SOMETHING_NEW","something_new":{}})", "other"},
    {R"({"type":"TASK_ADDED","task_added":{"task":{"task_id":{"value":""}}}})", "bad"},
    {R"({"type":"TASK_ADDED"})", "bad"},
    {R"({"type":"AGENT_REMOVED","agent_removed":{"agent_id":7}})", "bad"},
    {R"({"type":"HEARTBEAT")", "bad"},
    {R"([])", "bad"},
};

TEST(MesosEvents, EveryKind) {
  for (const auto& [text, expected] : kRows) EXPECT_THAT(shown(record(text)), ElementsAre(expected)) << text;
}

TEST(MesosEvents, OneThatCannotBeReadCostsItself) {
  MesosEventReader reader{MesosEventLimits{}};
  const std::string stream = record("nonsense") + record(R"({"type":"HEARTBEAT"})");
  EXPECT_THAT(shown({stream}, reader), ElementsAre("bad", "heartbeat"));
  EXPECT_THAT(reader.dropped(), ElementsAre(Pair("bad_event", 1)));
  EXPECT_EQ(reader.error(), "");
}

TEST(MesosEvents, AStreamMayBeCutAnywhere) {
  std::string stream;
  std::vector<std::string> expected;
  for (const auto& [text, event] : kRows) {
    stream += record(text);
    expected.push_back(event);
  }
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    MesosEventReader reader{MesosEventLimits{}};
    ASSERT_EQ(shown({std::string_view(stream).substr(0, cut), std::string_view(stream).substr(cut)}, reader),
              expected)
        << cut;
  }
}

TEST(MesosEvents, WhatIsNoStreamEndsIt) {
  MesosEventReader reader{MesosEventLimits{.most_octets = 100, .most_ports = 256}};
  EXPECT_THAT(shown({"<html>"}, reader), IsEmpty());
  EXPECT_NE(reader.error(), "");
  EXPECT_THAT(shown({record(R"({"type":"HEARTBEAT"})")}, reader), IsEmpty());
  MesosEventReader limited{MesosEventLimits{.most_octets = 10, .most_ports = 256}};
  EXPECT_THAT(shown({"11\n"}, limited), IsEmpty());
  EXPECT_EQ(limited.error(), "a record of more than 10 octets");
}

}  // namespace
}  // namespace muster::registry::sources
