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

template <class Value>
std::shared_ptr<const Value> shared(Value value) {
  return std::make_shared<const Value>(std::move(value));
}

std::vector<std::string> pieces_of(const MesosBelief& belief) {
  std::vector<std::string> pieces;
  write_mesos_state(belief, [&](std::string_view piece) { pieces.emplace_back(piece); });
  return pieces;
}

MesosState read_back(const MesosBelief& belief) {
  std::string text;
  for (const std::string& piece : pieces_of(belief)) text += piece;
  return read(text);
}

TEST(MesosWrite, WhatIsWrittenReadsBackTheSame) {
  MesosBelief belief;
  belief.leader = "master@10.0.0.1:5050";
  belief.agents = {shared(MesosAgent{"S0", "agent0", "slave(1)@10.0.1.10:5051", true, "eu", "eu-1a"}),
                   shared(MesosAgent{"S1", "", "", false, "", ""})};
  MesosFramework marathon;
  marathon.id = "F1";
  marathon.name = "marathon";
  marathon.pid = "scheduler-1@10.0.0.5:15101";
  marathon.hostname = "s1";
  marathon.connected = false;
  marathon.registered_time = 1699999999.25;
  MesosTask bare;
  bare.id = "bare";
  MesosFramework recovered;
  recovered.id = "F2";
  recovered.recovered = true;
  belief.frameworks = {{shared(marathon), {shared(full_task()), shared(bare)}}, {shared(recovered), {}}};

  const MesosState back = read_back(belief);
  marathon.tasks = {full_task(), bare};
  MesosState expected;
  expected.leader = belief.leader;
  expected.has_agents = expected.has_frameworks = true;
  expected.agents = {*belief.agents[0], *belief.agents[1]};
  expected.frameworks = {marathon, recovered};
  ASSERT_EQ(back.frameworks.size(), 2U);
  EXPECT_EQ(back.frameworks[0].tasks, marathon.tasks);
  EXPECT_TRUE(back == expected);
}

TEST(MesosWrite, NothingIsAState) {
  MesosState nothing;
  nothing.has_agents = nothing.has_frameworks = true;
  EXPECT_TRUE(read_back({}) == nothing);
}

TEST(MesosWrite, ALargeOneComesInPieces) {
  MesosBelief belief;
  MesosFramework marathon;
  marathon.id = "F1";
  belief.frameworks = {{shared(marathon), {}}};
  for (int i = 0; i < 2'000; ++i) {
    MesosTask task = full_task();
    task.id = "web." + std::to_string(i);
    belief.frameworks[0].tasks.push_back(shared(std::move(task)));
    belief.agents.push_back(shared(MesosAgent{"S" + std::to_string(i), "agent", "", true, "eu", "eu-1a"}));
  }
  const auto pieces = pieces_of(belief);
  EXPECT_GT(pieces.size(), 10u);
  for (const std::string& piece : pieces) EXPECT_LT(piece.size(), 70'000u);
  const MesosState back = read_back(belief);
  ASSERT_EQ(back.frameworks.size(), 1u);
  ASSERT_EQ(back.frameworks[0].tasks.size(), 2'000u);
  EXPECT_EQ(back.frameworks[0].tasks[1'999], *belief.frameworks[0].tasks[1'999]);
  EXPECT_EQ(back.agents.size(), 2'000u);
}

}  // namespace
}  // namespace muster::registry::sources
