#include "registry/sources/task_state.h"

#include <string>

#include "registry/label.h"

namespace muster::registry::sources {

namespace {

struct Row {
  std::string_view word;
  TaskState state;
};

constexpr Row kRows[] = {
    {"created", TaskState::staging},
    {"provisioned", TaskState::staging},
    {"scheduled", TaskState::staging},
    {"reserved", TaskState::staging},
    {"staging", TaskState::staging},
    {"starting", TaskState::starting},
    {"running", TaskState::running},
    {"killing", TaskState::killing},
    {"lost", TaskState::unreachable},
    {"unreachable", TaskState::unreachable},
    {"unreachableinactive", TaskState::unreachable},
    {"finished", TaskState::ended},
    {"failed", TaskState::ended},
    {"killed", TaskState::ended},
    {"error", TaskState::ended},
    {"dropped", TaskState::ended},
    {"gone", TaskState::ended},
    {"gone_by_operator", TaskState::ended},
};

}  // namespace

TaskState parse_task_state(std::string_view text) {
  const std::string lowered = ascii_lower(text);
  std::string_view word = lowered;
  if (word.starts_with("task_")) word.remove_prefix(5);
  for (const Row& row : kRows) {
    if (row.word == word) return row.state;
  }
  return TaskState::unknown;
}

}  // namespace muster::registry::sources
