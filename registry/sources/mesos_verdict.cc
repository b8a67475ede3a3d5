#include "registry/sources/mesos_verdict.h"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace muster::registry::sources {

namespace {

constexpr double kLongestGrace = 86'400;  // seconds; more is as good as for ever

// The health that the newest report of a running task tells; nullopt: it tells none.
std::optional<bool> health_of(const MesosTask& task) {
  const MesosStatus* latest = nullptr;
  for (const MesosStatus& status : task.statuses) {
    if (parse_task_state(status.state) != TaskState::running || !status.healthy) continue;
    if (latest == nullptr || status.timestamp > latest->timestamp) latest = &status;
  }
  return latest == nullptr ? std::nullopt : latest->healthy;
}

// Without a result a checked task is not served before its grace period is over, by the agent's clock or by
// ours since it was first seen: the two may differ. One that was well keeps its state.
Verdict without_result(const MesosTracked& tracked, net::Instant now) {
  if (!tracked.task->grace_seconds || tracked.was_well) return {};
  const Millis grace(std::llround(std::clamp(*tracked.task->grace_seconds, 0.0, kLongestGrace) * 1000));
  SteadyTime at = tracked.running_since.value_or(now.steady) + grace;
  for (const MesosStatus& status : tracked.task->statuses) {
    if (parse_task_state(status.state) != TaskState::running || !(status.timestamp > 0)) continue;
    const net::WallTime since{Millis(std::llround(std::min(status.timestamp, 1e11) * 1000))};
    at = std::min(at, now.steady + (since + grace - now.wall));
  }
  if (at <= now.steady) return {};
  return {State::starting, VerdictReason::no_result, at, false};
}

Verdict running(const MesosTracked& tracked, const MesosRules& rules, net::Instant now) {
  if (rules.routable.routable == Routable::running) return {};
  const auto healthy = health_of(*tracked.task);
  if (!healthy) return without_result(tracked, now);
  if (*healthy) return {};
  return {State::suspended, VerdictReason::unhealthy, {}, false};
}

// What was served when it was last heard of is served for the grace; what was not, is not.
Verdict unreachable(const MesosTracked& tracked, const MesosRules& rules, net::Instant now) {
  if (!tracked.running_since) return {State::suspended, VerdictReason::unreachable, {}, false};
  const Verdict before = running(tracked, rules, now);
  if (before.state != State::active || rules.routable.routable == Routable::any_alive) return before;
  const SteadyTime until = tracked.unreachable_since.value_or(now.steady) + rules.routable.unreachable_grace;
  if (now.steady >= until) return {State::suspended, VerdictReason::unreachable, {}, false};
  return {State::timedout, VerdictReason::unreachable, until, false};
}

}  // namespace

Verdict mesos_verdict(const MesosTracked& tracked, const MesosRules& rules, net::Instant now) {
  if (!tracked.agent) return {State::off, VerdictReason::no_agent, {}, false};
  const TaskState state = parse_task_state(tracked.task->state);
  switch (state) {
    case TaskState::running: return running(tracked, rules, now);
    case TaskState::killing: return {State::off, VerdictReason::killing, {}, false};
    case TaskState::unreachable: return unreachable(tracked, rules, now);
    case TaskState::ended: return {State::off, VerdictReason::state, {}, true};
    case TaskState::staging:
    case TaskState::starting:
    case TaskState::unknown: break;
  }
  const auto& served = rules.routable.serve_states;
  if (std::ranges::find(served, state) != served.end()) return {};
  return {State::off, VerdictReason::state, {}, false};
}

}  // namespace muster::registry::sources
