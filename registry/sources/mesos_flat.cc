#include "registry/sources/mesos_flat.h"

#include <map>

#include "registry/sources/json_element.h"
#include "registry/sources/mesos_elements.h"

namespace muster::registry::sources {

namespace {

namespace json = boost::json;
using How = Entry::How;

// From the first on.
enum : Place {
  kFlat,
  kTaskGroup,
  kAgentGroup,
  kFrameworkGroup,
  kTasks,
  kEnded,
  kUnreachable,
  kAgents,
  kRecoveredAgents,
  kFrameworks,
};

std::string_view reason_of(Place list) {
  switch (list) {
    case kTasks: return "bad_task";
    case kAgents: return "bad_agent";
    case kFrameworks: return "bad_framework";
    default: return "";
  }
}

}  // namespace

Entry MesosFlatReader::begin(Place in, std::string_view key, bool is_object) {
  const auto here = static_cast<Place>(in - first_);
  if (here == kFlat) return begin_group(key, is_object);
  if (here == kTaskGroup || here == kAgentGroup || here == kFrameworkGroup)
    return begin_list(here, key, is_object);
  if (is_object) return {How::hold, in, true};
  if (const auto reason = reason_of(here); !reason.empty()) drop(state_.dropped, reason);
  return {};
}

// A list that is empty is left out: who has the object knows that there are none.
Entry MesosFlatReader::begin_group(std::string_view key, bool is_object) {
  if (!is_object) return {};
  Place group = kFlat;
  if (key == "get_tasks") {
    group = kTaskGroup;
    has_tasks_ = true;
  } else if (key == "get_agents") {
    group = kAgentGroup;
    state_.has_agents = true;
  } else if (key == "get_frameworks") {
    group = kFrameworkGroup;
    state_.has_frameworks = true;
  }
  return group == kFlat ? Entry{} : Entry{How::enter, static_cast<Place>(first_ + group), false};
}

Entry MesosFlatReader::begin_list(Place group, std::string_view key, bool is_object) {
  struct Row {
    Place group;
    std::string_view key;
    Place list;
  };
  static constexpr Row kRows[] = {
      {kTaskGroup, "tasks", kTasks},
      {kTaskGroup, "completed_tasks", kEnded},
      {kTaskGroup, "unreachable_tasks", kUnreachable},
      {kAgentGroup, "agents", kAgents},
      {kAgentGroup, "recovered_agents", kRecoveredAgents},
      {kFrameworkGroup, "frameworks", kFrameworks},
  };
  for (const Row& row : kRows) {
    if (row.group != group || row.key != key) continue;
    if (!is_object) return {How::enter, static_cast<Place>(first_ + row.list), false};
    if (row.list == kTasks) has_tasks_ = false;
    if (row.list == kAgents) state_.has_agents = false;
    if (row.list == kFrameworks) state_.has_frameworks = false;
  }
  return {};
}

void MesosFlatReader::take_id(const json::object& task, Ids& to) {
  std::string framework = mesos_id_at(task, "framework_id");
  std::string id = mesos_id_at(task, "task_id");
  if (!framework.empty() && !id.empty()) to.emplace_back(std::move(framework), std::move(id));
}

void MesosFlatReader::held(Place in, const json::value& element) {
  const json::object& object = element.get_object();
  Dropped& dropped = state_.dropped;
  switch (in - first_) {
    case kTasks:
      if (auto read = read_mesos_task_v1(object, most_ports_, dropped))
        tasks_.push_back({std::move(read->framework_id), std::move(read->task)});
      break;
    case kEnded: take_id(object, ended_); break;
    case kUnreachable: take_id(object, unreachable_); break;
    case kAgents:
      if (auto agent = read_mesos_agent_v1(object, dropped)) state_.agents.push_back(std::move(*agent));
      break;
    case kRecoveredAgents:
      if (std::string id = mesos_id_at(object, "id"); !id.empty())
        state_.recovered_agents.push_back(std::move(id));
      break;
    case kFrameworks:
      if (auto framework = read_mesos_framework_v1(object, dropped))
        state_.frameworks.push_back(std::move(*framework));
      break;
    default: break;
  }
}

void MesosFlatReader::scalar(Place in, std::string_view key, const json::value& value) {
  const auto here = static_cast<Place>(in - first_);
  if (const auto reason = reason_of(here); !reason.empty()) return drop(state_.dropped, reason);
  if (value.is_null()) return;  // as if it were absent
  if (here == kTaskGroup && key == "tasks") has_tasks_ = false;
  if (here == kAgentGroup && key == "agents") state_.has_agents = false;
  if (here == kFrameworkGroup && key == "frameworks") state_.has_frameworks = false;
}

MesosState MesosFlatReader::take() {
  std::map<std::string, MesosFramework*> by_id;
  for (MesosFramework& framework : state_.frameworks) {
    framework.is_partial = !has_tasks_;
    by_id[framework.id] = &framework;
  }
  const auto framework_of = [&](const std::string& id) -> MesosFramework* {
    const auto found = by_id.find(id);
    return found == by_id.end() ? nullptr : found->second;
  };
  for (Loose& loose : tasks_) {
    if (MesosFramework* framework = framework_of(loose.framework_id)) {
      framework->tasks.push_back(std::move(loose.task));
    } else {
      drop(state_.dropped, "no_framework");
    }
  }
  for (auto& [framework_id, id] : ended_) {
    if (MesosFramework* framework = framework_of(framework_id)) framework->ended.push_back(std::move(id));
  }
  for (auto& [framework_id, id] : unreachable_) {
    if (MesosFramework* framework = framework_of(framework_id))
      framework->unreachable.push_back(std::move(id));
  }
  return std::move(state_);
}

}  // namespace muster::registry::sources
