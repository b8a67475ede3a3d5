// Who of Marathon's tasks is routable. What was well once stays what it was while results are missing, for
// Marathon forgets them whenever it elects a leader; missing ones count only against a task that has never
// been seen alive.
#pragma once

#include <optional>

#include "registry/sources/marathon_picture.h"
#include "registry/sources/marathon_state.h"
#include "registry/sources/verdict.h"

namespace muster::registry::sources {

// What is remembered of a task from one look to the next. The flags are worth storing over a restart.
struct MarathonTaskMemory {
  bool was_routable = false;  // it has been seen alive
  bool is_well = false;       // as its health was when there were results
  std::optional<SteadyTime> running_since;
  std::optional<SteadyTime> unreachable_since;
  bool operator==(const MarathonTaskMemory&) const = default;
};

// `memory`: of this task, a new one if it is seen for the first time; brought up to date.
Verdict verdict_of(const MarathonApp& app, const MarathonTask& task, const std::optional<MarathonMark>& mark,
                   const RoutableRules& rules, const net::Instant& now, MarathonTaskMemory& memory);
Verdict verdict_of(const MarathonPodInstance& instance, const std::optional<MarathonMark>& mark,
                   const RoutableRules& rules, const net::Instant& now, MarathonTaskMemory& memory);

}  // namespace muster::registry::sources
