// Whether a scheduler's task may be served, and why not: one list for the API, the log and explain.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "registry/model.h"
#include "registry/sources/task_state.h"

namespace muster::registry::sources {

enum class VerdictReason : std::uint8_t {
  ok,
  state,          // it does not run yet
  killing,        // it is about to end
  unreachable,    // its agent is, or it is LOST
  unhealthy,      // a health check fails
  no_result,      // a health check has no result yet
  not_ready,      // a readiness check fails, or has no result yet
  no_agent,       // the name of its agent has no address
  no_address,     // it has none of its own, and its network needs one
  service_owned,  // another app has the name of its service
  service_owned_by_other_framework,
  not_wanted,  // the configuration leaves it out
  held,        // it is missing, and nothing confirms that it is gone
};
std::string_view to_string(VerdictReason reason);
// As explanations say it: "not_routable:unhealthy", "not_routable:TASK_STAGING", or without the state, ""
// when it is unknown.
std::string explained(VerdictReason reason, std::string_view state);

// As the registry says it of one that it lists.
Reason listed_reason(State state, VerdictReason reason);

// What counts: `strict`, that it is well; `running`, that it runs; `any_alive`, that one of its checks says
// so.
enum class Routable : std::uint8_t { strict, running, any_alive };

struct RoutableRules {
  Routable routable = Routable::strict;
  std::vector<TaskState> serve_states;  // besides running
  Millis unreachable_grace{30'000};
};

// As the registry takes a source's word: `starting` and `off` are never served, `suspended` only when nobody
// is ready.
struct Verdict {
  State state = State::active;
  VerdictReason reason = VerdictReason::ok;
  std::optional<SteadyTime> until{};  // when time alone may change it
  bool is_gone = false;               // the task has ended, and is no instance
  bool operator==(const Verdict&) const = default;
};

}  // namespace muster::registry::sources
