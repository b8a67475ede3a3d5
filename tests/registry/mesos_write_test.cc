#include "registry/sources/mesos_write.h"

#include <gtest/gtest.h>

#include "registry/sources/mesos_parse.h"

namespace muster::registry::sources {
namespace {

MesosState read(const std::string& text) {
  MesosStateParser parser{MesosLimits{}};
  parser.write(text);
  auto state = parser.finish();
  EXPECT_TRUE(state.has_value()) << text;
  return state ? std::move(*state) : MesosState();
}

MesosTask full_task() {
  MesosTask task;
  task.id = "web.\"a\"";
  task.name = "wéb\n";
  task.agent_id = "S0";
  task.state = "TASK_RUNNING";
  task.ports.numbers = {80, 81, 82, 443, 31000, 65535};
  task.labels = {{"weight", "3"}, {"empty", ""}};
  task.grace_seconds = 2.5;
  MesosStatus status;
  status.state = "TASK_RUNNING";
  status.timestamp = 1700000000.125;
  status.healthy = false;
  status.labels = {{"Docker.NetworkSettings.IPAddress", "172.17.0.3"}};
  status.networks = {{"weave", {"10.9.0.7", "fd00::7"}}, {"", {"10.9.0.8"}}};
  task.statuses = {status, MesosStatus{"TASK_STAGING", 1, {}, {}, {}}};
  MesosDiscovery discovery;
  discovery.name = "cart.shop.prod";
  discovery.visibility = "FRAMEWORK";
  discovery.labels = {{"a", "b"}};
  discovery.ports = {{8080, "http", "tcp", "CLUSTER", {{"network-scope", "host"}}},
                     {5353, "", "tcp,udp", "", {}}};
  task.discovery = discovery;
  return task;
}

TEST(MesosWrite, WhatIsWrittenReadsBackTheSame) {
  MesosState state;
  state.leader = "master@10.0.0.1:5050";
  state.has_agents = state.has_frameworks = true;
  state.agents = {{"S0", "agent0", "slave(1)@10.0.1.10:5051", true, "eu", "eu-1a"},
                  {"S1", "", "", false, "", ""}};
  state.recovered_agents = {"S9"};
  MesosFramework marathon;
  marathon.id = "F1";
  marathon.name = "marathon";
  marathon.pid = "scheduler-1@10.0.0.5:15101";
  marathon.hostname = "s1";
  marathon.connected = false;
  marathon.registered_time = 1699999999.25;
  marathon.ended = {"old.1"};
  marathon.unreachable = {"lost.1"};
  MesosTask bare;
  bare.id = "bare";
  marathon.tasks = {full_task(), bare};
  MesosFramework recovered;
  recovered.id = "F2";
  recovered.recovered = true;
  state.frameworks = {marathon, recovered};
  const MesosState back = read(write_mesos_state(state));
  ASSERT_EQ(back.frameworks.size(), 2U);
  EXPECT_EQ(back.frameworks[0].tasks, marathon.tasks);
  EXPECT_EQ(back.agents, state.agents);
  EXPECT_TRUE(back == state);
}

TEST(MesosWrite, NothingIsAState) {
  MesosState nothing;
  nothing.has_agents = nothing.has_frameworks = true;
  EXPECT_TRUE(read(write_mesos_state(nothing)) == nothing);
}

}  // namespace
}  // namespace muster::registry::sources
