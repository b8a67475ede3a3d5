#include "registry/sources/marathon_events.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <utility>

#include "registry/sources/json_element.h"
#include "registry/sources/task_state.h"

namespace muster::registry::sources {

namespace {

namespace json = boost::json;

MarathonAct act_of(TaskState state) {
  switch (state) {
    case TaskState::ended: return MarathonAct::ended;
    case TaskState::killing: return MarathonAct::out;
    case TaskState::unreachable: return MarathonAct::unreachable;
    default: return MarathonAct::none;
  }
}

void add_app(const json::object& object, std::string_view key, MarathonHint& hint) {
  std::string id = text_at(object, key);
  if (!id.empty() && std::ranges::find(hint.apps, id) == hint.apps.end()) hint.apps.push_back(std::move(id));
}

// What is about a task names it first by `key`, in older events by `older`.
MarathonHint about_task(MarathonAct act, const json::object& data, std::string_view key,
                        std::string_view older, std::string_view app) {
  MarathonHint hint;
  hint.task = text_at(data, key);
  if (hint.task.empty() && !older.empty()) hint.task = text_at(data, older);
  if (!hint.task.empty()) hint.act = act;
  if (hint.act == MarathonAct::none) hint.task.clear();
  add_app(data, app, hint);
  hint.is_bad = act != MarathonAct::none && hint.task.empty();
  hint.everything = hint.apps.empty() || hint.is_bad;
  return hint;
}

MarathonHint status_update(const json::object& data) {
  return about_task(act_of(parse_task_state(text_at(data, "taskStatus"))), data, "taskId", "", "appId");
}

MarathonHint instance_changed(const json::object& data) {
  return about_task(act_of(parse_task_state(text_at(data, "condition"))), data, "instanceId", "",
                    "runSpecId");
}

MarathonHint instance_health_changed(const json::object& data) {
  const bool is_alive = flag_at(data, "healthy").value_or(true);
  return about_task(is_alive ? MarathonAct::none : MarathonAct::not_alive, data, "instanceId", "",
                    "runSpecId");
}

MarathonHint health_status_changed(const json::object& data) {
  const bool is_alive = flag_at(data, "alive").value_or(true);
  return about_task(is_alive ? MarathonAct::none : MarathonAct::not_alive, data, "instanceId", "taskId",
                    "appId");
}

MarathonHint unhealthy_kill(const json::object& data) {
  return about_task(MarathonAct::out, data, "taskId", "instanceId", "appId");
}

MarathonHint app_terminated(const json::object& data) {
  MarathonHint hint;
  add_app(data, "appId", hint);
  hint.is_bad = hint.everything = hint.apps.empty();
  if (!hint.is_bad) hint.act = MarathonAct::app_ended;
  return hint;
}

MarathonHint api_post(const json::object& data) {
  MarathonHint hint;
  if (const json::object* app = object_at(data, "appDefinition")) add_app(*app, "id", hint);
  hint.everything = hint.apps.empty();
  return hint;
}

// {"actions": [{"action": "ScaleApplication", "app": "/a"}, {"action": "…", "pod": "/p"}]}
void add_step(const json::object& step, MarathonHint& hint) {
  const json::array* actions = array_at(step, "actions");
  if (actions == nullptr) return;
  for (const json::value& one : *actions) {
    const json::object* action = one.if_object();
    if (action == nullptr) continue;
    add_app(*action, "app", hint);
    if (member(*action, "pod") != nullptr) hint.pods = true;
  }
}

MarathonHint deployment(const json::object& data) {
  MarathonHint hint;
  if (const json::object* step = object_at(data, "currentStep")) add_step(*step, hint);
  const json::object* plan = object_at(data, "plan");
  const json::array* steps = plan == nullptr ? nullptr : array_at(*plan, "steps");
  if (steps != nullptr) {
    for (const json::value& step : *steps) {
      if (const json::object* object = step.if_object()) add_step(*object, hint);
    }
  }
  hint.everything = hint.apps.empty() && !hint.pods;
  return hint;
}

MarathonHint pods_changed(const json::object&) {
  MarathonHint hint;
  hint.pods = true;
  return hint;
}

MarathonHint attached(const json::object&) {
  MarathonHint hint;
  hint.is_attached = true;
  return hint;
}

struct Row {
  std::string_view name;
  MarathonHint (*read)(const json::object& data);
};

constexpr Row kRows[] = {
    {"event_stream_attached", attached},
    {"status_update_event", status_update},
    {"instance_changed_event", instance_changed},
    {"instance_health_changed_event", instance_health_changed},
    {"health_status_changed_event", health_status_changed},
    {"unhealthy_instance_kill_event", unhealthy_kill},
    {"unhealthy_task_kill_event", unhealthy_kill},
    {"app_terminated_event", app_terminated},
    {"api_post_event", api_post},
    {"deployment_success", deployment},
    {"deployment_failed", deployment},
    {"deployment_step_success", deployment},
    {"pod_created_event", pods_changed},
    {"pod_updated_event", pods_changed},
    {"pod_deleted_event", pods_changed},
};

json::value parse(std::string_view text) {
  json::error_code error;
  json::parse_options options;
  options.max_depth = 64;
  return json::parse(json::string_view(text.data(), text.size()), error, {}, options);
}

}  // namespace

MarathonHint read_marathon_event(const EventFrame& frame) {
  const Row* row = std::ranges::find(kRows, frame.name, &Row::name);
  if (row == std::end(kRows)) return {};
  const json::value data = parse(frame.data);
  MarathonHint hint;
  if (const json::object* object = data.if_object()) {
    hint = row->read(*object);
  } else {
    hint.is_attached = row->read == attached;
    hint.is_bad = hint.everything = !hint.is_attached;
  }
  hint.type = row->name;
  return hint;
}

const std::vector<std::string>& marathon_event_types() {
  static const std::vector<std::string> types = [] {
    std::vector<std::string> names;
    for (const Row& row : kRows) names.emplace_back(row.name);
    return names;
  }();
  return types;
}

}  // namespace muster::registry::sources
