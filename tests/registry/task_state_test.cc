#include "registry/sources/task_state.h"

#include <gtest/gtest.h>

namespace muster::registry::sources {
namespace {

TEST(TaskState, IsReadInEachSpelling) {
  for (const char* text : {"TASK_STAGING", "Staging", "Created", "Provisioned", "Scheduled", "Reserved"})
    EXPECT_EQ(parse_task_state(text), TaskState::staging) << text;
  EXPECT_EQ(parse_task_state("TASK_STARTING"), TaskState::starting);
  for (const char* text : {"TASK_RUNNING", "RUNNING", "Running"})
    EXPECT_EQ(parse_task_state(text), TaskState::running) << text;
  for (const char* text : {"TASK_KILLING", "Killing"})
    EXPECT_EQ(parse_task_state(text), TaskState::killing) << text;
  for (const char* text : {"TASK_LOST", "TASK_UNREACHABLE", "Unreachable", "UnreachableInactive"})
    EXPECT_EQ(parse_task_state(text), TaskState::unreachable) << text;
  for (const char* text :
       {"TASK_FINISHED", "TASK_FAILED", "TASK_KILLED", "TASK_ERROR", "TASK_DROPPED", "TASK_GONE",
        "TASK_GONE_BY_OPERATOR", "Finished", "Failed", "Killed", "Error", "Gone", "Dropped"})
    EXPECT_EQ(parse_task_state(text), TaskState::ended) << text;
  for (const char* text : {"", "TASK_", "TASK_UNKNOWN", "TASK_FOO", "RUNNING ", "TASK_TASK_RUNNING"})
    EXPECT_EQ(parse_task_state(text), TaskState::unknown) << text;
}

}  // namespace
}  // namespace muster::registry::sources
