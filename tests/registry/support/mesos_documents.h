// Clusters of Mesos for tests: as values, and as the v1 operator API writes them.
#pragma once

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "registry/net/clock.h"
#include "registry/sources/mesos_state.h"
#include "registry/sources/mesos_task_key.h"

namespace muster::registry::sources {

inline net::Instant at(std::int64_t ms) {
  return {net::SteadyTime(net::Millis(1'000'000 + ms)), net::WallTime(net::Millis(1'767'323'047'000 + ms))};
}

// By default it runs on S0, where it has port 31000, and has said so.
inline MesosTask task_of(const std::string& id, const std::string& agent = "S0",
                         const std::string& state = "TASK_RUNNING") {
  MesosTask task;
  task.id = id;
  task.name = id.substr(0, id.find('.'));
  task.agent_id = agent;
  task.state = state;
  task.ports.numbers = {31000};
  task.statuses = {{state, 1'700'000'000, std::nullopt, {}, {}}};
  return task;
}

inline MesosAgent agent_of(int number) {
  const std::string n = std::to_string(number);
  return {"S" + n, "agent" + n, "slave(1)@10.0.1." + n + ":5051", true, "", ""};
}

inline MesosFramework framework_of(const std::string& id, std::vector<MesosTask> tasks) {
  MesosFramework framework;
  framework.id = id;
  framework.name = id == "F1" ? "marathon" : "name-of-" + id;
  framework.registered_time = 1'600'000'000;
  framework.tasks = std::move(tasks);
  return framework;
}

// With agents S0 and S1, and one framework, F1.
inline MesosState cluster_of(std::vector<MesosTask> tasks) {
  MesosState state;
  state.leader = "master@10.0.0.1:5050";
  state.has_agents = state.has_frameworks = true;
  state.agents = {agent_of(0), agent_of(1)};
  state.frameworks = {framework_of("F1", std::move(tasks))};
  return state;
}

inline std::vector<MesosTask> tasks_named(const std::string& name, int count) {
  std::vector<MesosTask> tasks;
  for (int i = 0; i < count; ++i) tasks.push_back(task_of(name + "." + std::to_string(i)));
  return tasks;
}

inline MesosTaskKey key_of(const std::string& id) { return {"F1", id}; }

// ---- the v1 operator API

namespace flat {

namespace json = boost::json;

inline json::object id(const std::string& value) { return {{"value", value}}; }

inline json::object labels(const MesosLabels& labels) {
  json::array list;
  for (const MesosLabel& label : labels) list.push_back({{"key", label.key}, {"value", label.value}});
  return {{"labels", std::move(list)}};
}

inline json::object status(const MesosStatus& status) {
  json::array networks;
  for (const MesosNetwork& network : status.networks) {
    json::array addresses;
    for (const std::string& address : network.addresses)
      addresses.push_back({{"protocol", "IPv4"}, {"ip_address", address}});
    networks.push_back({{"name", network.name}, {"ip_addresses", std::move(addresses)}});
  }
  json::object object = {{"state", status.state},
                         {"timestamp", status.timestamp},
                         {"container_status", {{"network_infos", std::move(networks)}}},
                         {"labels", labels(status.labels)}};
  if (status.healthy) object["healthy"] = *status.healthy;
  return object;
}

inline json::object discovery(const MesosDiscovery& discovery) {
  json::array ports;
  for (const MesosDiscoveryPort& port : discovery.ports) {
    ports.push_back({{"number", port.number},
                     {"name", port.name},
                     {"protocol", port.protocol},
                     {"visibility", port.visibility},
                     {"labels", labels(port.labels)}});
  }
  return {{"name", discovery.name},
          {"visibility", discovery.visibility},
          {"labels", labels(discovery.labels)},
          {"ports", {{"ports", std::move(ports)}}}};
}

inline json::object task(const std::string& framework, const MesosTask& task) {
  json::array ranges;
  for (const std::uint16_t port : task.ports.numbers) ranges.push_back({{"begin", port}, {"end", port}});
  json::array resources;
  resources.push_back({{"name", "cpus"}, {"type", "SCALAR"}, {"scalar", {{"value", 0.5}}}});
  resources.push_back({{"name", "ports"}, {"type", "RANGES"}, {"ranges", {{"range", std::move(ranges)}}}});
  json::array statuses;
  for (const MesosStatus& one : task.statuses) statuses.push_back(status(one));
  json::object object = {{"task_id", id(task.id)},
                         {"framework_id", id(framework)},
                         {"agent_id", id(task.agent_id)},
                         {"name", task.name},
                         {"state", task.state},
                         {"resources", std::move(resources)},
                         {"statuses", std::move(statuses)},
                         {"labels", labels(task.labels)}};
  if (task.discovery) object["discovery"] = discovery(*task.discovery);
  if (task.grace_seconds) object["health_check"] = {{"grace_period_seconds", *task.grace_seconds}};
  return object;
}

inline json::object agent(const MesosAgent& agent) {
  json::object info = {{"id", id(agent.id)}, {"hostname", agent.hostname}, {"port", 5051}};
  if (!agent.region.empty() || !agent.zone.empty()) {
    info["domain"] = {
        {"fault_domain", {{"region", {{"name", agent.region}}}, {"zone", {{"name", agent.zone}}}}}};
  }
  return {{"agent_info", std::move(info)}, {"pid", agent.pid}, {"active", agent.active}};
}

inline json::object framework(const MesosFramework& framework) {
  return {{"framework_info",
           {{"id", id(framework.id)}, {"name", framework.name}, {"hostname", framework.hostname}}},
          {"active", framework.active},
          {"connected", framework.connected},
          {"recovered", framework.recovered},
          {"registered_time",
           {{"nanoseconds", static_cast<std::int64_t>(framework.registered_time * 1000) * 1'000'000}}}};
}

inline json::object ended(const std::string& framework, const std::string& task) {
  return {{"framework_id", id(framework)}, {"task_id", id(task)}, {"state", "TASK_FINISHED"}};
}

inline json::object state(const MesosState& state) {
  json::array tasks, unreachable, completed, agents, recovered, frameworks;
  for (const MesosFramework& one : state.frameworks) {
    frameworks.push_back(framework(one));
    for (const MesosTask& each : one.tasks) tasks.push_back(task(one.id, each));
    for (const std::string& each : one.ended) completed.push_back(ended(one.id, each));
    for (const std::string& each : one.unreachable) unreachable.push_back(ended(one.id, each));
  }
  for (const MesosAgent& one : state.agents) agents.push_back(agent(one));
  for (const std::string& one : state.recovered_agents)
    recovered.push_back({{"id", id(one)}, {"hostname", "h"}});
  return {{"get_tasks",
           {{"tasks", std::move(tasks)},
            {"completed_tasks", std::move(completed)},
            {"unreachable_tasks", std::move(unreachable)}}},
          {"get_executors", json::object()},
          {"get_frameworks", {{"frameworks", std::move(frameworks)}}},
          {"get_agents", {{"agents", std::move(agents)}, {"recovered_agents", std::move(recovered)}}}};
}

inline std::string record(const std::string& text) { return std::to_string(text.size()) + "\n" + text; }
inline std::string record(const json::value& event) { return record(json::serialize(event)); }

inline std::string subscribed(const json::value& state) {
  return record(json::object{{"type", "SUBSCRIBED"},
                             {"subscribed", {{"get_state", state}, {"heartbeat_interval_seconds", 15.0}}}});
}

}  // namespace flat

}  // namespace muster::registry::sources
