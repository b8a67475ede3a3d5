// The states of a task, as Mesos and Marathon name them, by what they mean for who asks whether it may be
// served.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace muster::registry::sources {

enum class TaskState : std::uint8_t {
  staging,  // and whatever comes before it
  starting,
  running,
  killing,
  unreachable,  // its agent is, or the task is LOST
  ended,        // for good: FINISHED, FAILED, GONE, DROPPED …
  unknown,
};

// "TASK_RUNNING", "RUNNING", "Running", "UnreachableInactive"; what is none of the known words: unknown.
TaskState parse_task_state(std::string_view text);

}  // namespace muster::registry::sources
