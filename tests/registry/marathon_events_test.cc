// What Marathon's events mean, row by row.
#include "registry/sources/marathon_events.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster::registry::sources {
namespace {

using ::testing::Contains;
using ::testing::Not;
using Act = MarathonAct;
using Apps = std::vector<std::string>;

MarathonHint hint(Act act, std::string task, Apps apps) {
  return {act, std::move(task), std::move(apps), false, false, false, false, "other"};
}
MarathonHint pods() { return {Act::none, "", {}, true, false, false, false, "other"}; }
MarathonHint everything() { return {Act::none, "", {}, false, true, false, false, "other"}; }
MarathonHint bad(Apps apps = {}) {
  return {Act::none, "", std::move(apps), false, true, false, true, "other"};
}

struct Row {
  const char* name;
  const char* data;
  MarathonHint hint;
};

TEST(MarathonEvents, MeanWhatTheTableSays) {
  const Row rows[] = {
      {"status_update_event",
       R"({"taskId":"a.1","taskStatus":"TASK_RUNNING","appId":"/a","host":"h","ports":[31000]})",
       hint(Act::none, "", {"/a"})},
      {"status_update_event", R"({"taskId":"a.1","taskStatus":"TASK_STAGING","appId":"/a"})",
       hint(Act::none, "", {"/a"})},
      {"status_update_event", R"({"taskId":"a.1","taskStatus":"TASK_KILLING","appId":"/a"})",
       hint(Act::out, "a.1", {"/a"})},
      {"status_update_event", R"({"taskId":"a.1","taskStatus":"TASK_KILLED","appId":"/a"})",
       hint(Act::ended, "a.1", {"/a"})},
      {"status_update_event", R"({"taskId":"a.1","taskStatus":"TASK_FINISHED","appId":"/a"})",
       hint(Act::ended, "a.1", {"/a"})},
      {"status_update_event", R"({"taskId":"a.1","taskStatus":"TASK_FAILED","appId":"/a"})",
       hint(Act::ended, "a.1", {"/a"})},
      {"status_update_event", R"({"taskId":"a.1","taskStatus":"TASK_ERROR","appId":"/a"})",
       hint(Act::ended, "a.1", {"/a"})},
      {"status_update_event", R"({"taskId":"a.1","taskStatus":"TASK_GONE","appId":"/a"})",
       hint(Act::ended, "a.1", {"/a"})},
      {"status_update_event", R"({"taskId":"a.1","taskStatus":"TASK_GONE_BY_OPERATOR","appId":"/a"})",
       hint(Act::ended, "a.1", {"/a"})},
      {"status_update_event", R"({"taskId":"a.1","taskStatus":"TASK_DROPPED","appId":"/a"})",
       hint(Act::ended, "a.1", {"/a"})},
      {"status_update_event", R"({"taskId":"a.1","taskStatus":"TASK_LOST","appId":"/a"})",
       hint(Act::unreachable, "a.1", {"/a"})},
      {"status_update_event", R"({"taskId":"a.1","taskStatus":"TASK_UNREACHABLE","appId":"/a"})",
       hint(Act::unreachable, "a.1", {"/a"})},
      {"status_update_event", R"({"taskStatus":"TASK_KILLED","appId":"/a"})", bad({"/a"})},
      {"status_update_event", R"({"taskId":"a.1","taskStatus":"TASK_RUNNING"})", everything()},
      {"instance_changed_event", R"({"instanceId":"a.i","condition":"Running","runSpecId":"/a"})",
       hint(Act::none, "", {"/a"})},
      {"instance_changed_event", R"({"instanceId":"a.i","condition":"Killing","runSpecId":"/a"})",
       hint(Act::out, "a.i", {"/a"})},
      {"instance_changed_event", R"({"instanceId":"a.i","condition":"Killed","runSpecId":"/a"})",
       hint(Act::ended, "a.i", {"/a"})},
      {"instance_changed_event", R"({"instanceId":"a.i","condition":"Finished","runSpecId":"/a"})",
       hint(Act::ended, "a.i", {"/a"})},
      {"instance_changed_event", R"({"instanceId":"a.i","condition":"Failed","runSpecId":"/a"})",
       hint(Act::ended, "a.i", {"/a"})},
      {"instance_changed_event", R"({"instanceId":"a.i","condition":"Error","runSpecId":"/a"})",
       hint(Act::ended, "a.i", {"/a"})},
      {"instance_changed_event", R"({"instanceId":"a.i","condition":"Gone","runSpecId":"/a"})",
       hint(Act::ended, "a.i", {"/a"})},
      {"instance_changed_event", R"({"instanceId":"a.i","condition":"Dropped","runSpecId":"/a"})",
       hint(Act::ended, "a.i", {"/a"})},
      {"instance_changed_event", R"({"instanceId":"a.i","condition":"UnreachableInactive","runSpecId":"/a"})",
       hint(Act::unreachable, "a.i", {"/a"})},
      {"instance_health_changed_event", R"({"instanceId":"a.i","runSpecId":"/a","healthy":false})",
       hint(Act::not_alive, "a.i", {"/a"})},
      {"instance_health_changed_event", R"({"instanceId":"a.i","runSpecId":"/a","healthy":true})",
       hint(Act::none, "", {"/a"})},
      {"instance_health_changed_event", R"({"instanceId":"a.i","runSpecId":"/a","healthy":null})",
       hint(Act::none, "", {"/a"})},
      {"health_status_changed_event", R"({"appId":"/a","instanceId":"a.i","alive":false})",
       hint(Act::not_alive, "a.i", {"/a"})},
      {"health_status_changed_event", R"({"appId":"/a","taskId":"a.1","alive":false})",
       hint(Act::not_alive, "a.1", {"/a"})},
      {"health_status_changed_event", R"({"appId":"/a","taskId":"a.1","alive":true})",
       hint(Act::none, "", {"/a"})},
      {"unhealthy_instance_kill_event", R"({"appId":"/a","taskId":"a.1","instanceId":"a.i","reason":"x"})",
       hint(Act::out, "a.1", {"/a"})},
      {"unhealthy_task_kill_event", R"({"appId":"/a","taskId":"a.1"})", hint(Act::out, "a.1", {"/a"})},
      {"unhealthy_instance_kill_event", R"({"appId":"/a","instanceId":"a.i"})",
       hint(Act::out, "a.i", {"/a"})},
      {"app_terminated_event", R"({"appId":"/a"})", hint(Act::app_ended, "", {"/a"})},
      {"app_terminated_event", "{}", bad()},
      {"api_post_event", R"({"clientIp":"::1","uri":"/v2/apps//a","appDefinition":{"id":"/a","cmd":"x"}})",
       hint(Act::none, "", {"/a"})},
      {"api_post_event", "{}", everything()},
      {"deployment_success",
       R"({"id":"d","plan":{"id":"d","steps":[{"actions":[{"action":"StartApplication","app":"/a"}]},
        {"actions":[{"action":"ScaleApplication","app":"/a"},{"action":"ScaleApplication","app":"/b"},7]},8]}})",
       hint(Act::none, "", {"/a", "/b"})},
      {"deployment_failed", R"({"id":"d"})", everything()},
      {"deployment_step_success",
       R"({"currentStep":{"actions":[{"action":"ScaleApplication","app":"/c"}]},"plan":{}})",
       hint(Act::none, "", {"/c"})},
      {"deployment_step_success", R"({"currentStep":{"actions":[{"action":"ScalePod","pod":"/p"}]}})",
       pods()},
      {"pod_created_event", "{}", pods()},
      {"pod_updated_event", "{}", pods()},
      {"pod_deleted_event", "{}", pods()},
      {"event_stream_attached",
       R"({"remoteAddress":"::1"})",
       {Act::none, "", {}, false, false, true, false, "other"}},
      {"event_stream_attached", "-", {Act::none, "", {}, false, false, true, false, "other"}},
      {"subscribe_event", "not JSON", {}},
      {"deployment_info", "{}", {}},
      {"", "{}", {}},
      {"status_update_event", "not JSON", bad()},
      {"status_update_event", "[]", bad()},
      {"status_update_event", R"({"taskId":7,"taskStatus":7,"appId":7})", everything()},
  };
  const auto& known = marathon_event_types();
  for (const Row& row : rows) {
    MarathonHint expected = row.hint;
    if (std::ranges::find(known, row.name) != known.end()) expected.type = row.name;
    EXPECT_EQ(read_marathon_event({row.name, row.data}), expected) << row.name << " " << row.data;
  }
}

TEST(MarathonEvents, AreSubscribedToByName) {
  EXPECT_THAT(marathon_event_types(), Contains("status_update_event"));
  EXPECT_THAT(marathon_event_types(), Contains("app_terminated_event"));
  EXPECT_THAT(marathon_event_types(), Not(Contains("deployment_info")));
}

}  // namespace
}  // namespace muster::registry::sources
