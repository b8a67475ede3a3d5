#include "registry/sources/verdict.h"

namespace muster::registry::sources {

std::string_view to_string(VerdictReason reason) {
  switch (reason) {
    case VerdictReason::ok: return "ok";
    case VerdictReason::state: return "state";
    case VerdictReason::killing: return "killing";
    case VerdictReason::unreachable: return "unreachable";
    case VerdictReason::unhealthy: return "unhealthy";
    case VerdictReason::no_result: return "no_result";
    case VerdictReason::not_ready: return "not_ready";
    case VerdictReason::no_agent: return "no_agent";
    case VerdictReason::no_address: return "no_address";
    case VerdictReason::service_owned: return "service_owned";
    case VerdictReason::service_owned_by_other_framework: return "service_owned_by_other_framework";
    case VerdictReason::not_wanted: return "not_wanted";
    case VerdictReason::held: return "held";
  }
  return "";
}

std::string explained(VerdictReason reason, std::string_view state) {
  switch (reason) {
    case VerdictReason::state:
      return std::string("not_routable").append(state.empty() ? "" : ":").append(state);
    case VerdictReason::killing:
    case VerdictReason::unreachable:
    case VerdictReason::unhealthy:
    case VerdictReason::no_result:
    case VerdictReason::not_ready: return std::string("not_routable:").append(to_string(reason));
    default: return std::string(to_string(reason));
  }
}

Reason listed_reason(State state, VerdictReason reason) {
  if (state == State::active) return Reason::ok;
  switch (reason) {
    case VerdictReason::unhealthy: return Reason::not_routable_unhealthy;
    case VerdictReason::no_result: return Reason::not_routable_no_result;
    case VerdictReason::not_ready: return Reason::not_routable_not_ready;
    case VerdictReason::unreachable:
      return state == State::timedout ? Reason::unreachable : Reason::not_routable_unreachable;
    case VerdictReason::held: return Reason::held;
    default: return Reason::starting;
  }
}

}  // namespace muster::registry::sources
