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
  }
  return "";
}

std::string explained(VerdictReason reason, std::string_view state) {
  if (reason != VerdictReason::state) return std::string(to_string(reason));
  return std::string("not_routable").append(state.empty() ? "" : ":").append(state);
}

}  // namespace muster::registry::sources
