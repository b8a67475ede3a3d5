#include "registry/sources/marathon_verdict.h"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace muster::registry::sources {

namespace {

constexpr Millis kReadinessSlack{5'000};
constexpr double kLongestTimeout = 86'400;  // seconds; more is as good as for ever

enum class Health : std::uint8_t { well, unwell, missing };

TaskState state_of(const MarathonTask& task) {
  if (!task.state.empty()) return parse_task_state(task.state);
  return task.started_at ? TaskState::running : TaskState::staging;  // before Marathon told states
}

TaskState marked_state(TaskState state, const std::optional<MarathonMark>& mark) {
  if (!mark || state == TaskState::ended) return state;
  switch (mark->act) {
    case MarathonAct::ended: return TaskState::ended;
    case MarathonAct::out: return TaskState::killing;
    case MarathonAct::unreachable: return state == TaskState::killing ? state : TaskState::unreachable;
    default: return state;
  }
}

// Every result has to be alive, and none may be missing.
Health all_alive(std::size_t checks, const std::vector<bool>& alive, bool is_marked) {
  if (is_marked || std::ranges::find(alive, false) != alive.end()) return Health::unwell;
  return alive.size() >= checks ? Health::well : Health::missing;
}

// One alive result will do. A mark does not say which check failed, so with several it waits for the results.
Health any_alive(std::size_t checks, const std::vector<bool>& alive, bool is_marked) {
  const std::size_t wanted = std::max(checks, alive.size());
  if (is_marked && wanted <= 1) return Health::unwell;
  if (wanted == 0 || std::ranges::find(alive, true) != alive.end()) return Health::well;
  return alive.size() >= wanted ? Health::unwell : Health::missing;
}

Health health_of(const MarathonApp& app, const MarathonTask& task, const std::optional<MarathonMark>& mark,
                 const RoutableRules& rules) {
  if (rules.routable == Routable::running) return Health::well;
  const bool is_marked = mark && mark->act == MarathonAct::not_alive;
  const std::size_t checks = app.health_checks.size();
  return rules.routable == Routable::any_alive ? any_alive(checks, task.alive, is_marked)
                                               : all_alive(checks, task.alive, is_marked);
}

Millis readiness_timeout(const MarathonApp& app) {
  double seconds = 0;
  for (const MarathonReadinessCheck& check : app.readiness_checks)
    seconds = std::max(seconds, check.timeout_seconds);
  return Millis(std::llround(std::min(seconds, kLongestTimeout) * 1000)) + kReadinessSlack;
}

// Without a result it is ready once it has run for long enough, by the agent's clock or by ours since it was
// first seen: the two may differ.
std::optional<SteadyTime> ready_at(const MarathonApp& app, const MarathonTask& task, const net::Instant& now,
                                   const MarathonTaskMemory& memory) {
  const Millis timeout = readiness_timeout(app);
  SteadyTime at = memory.running_since.value_or(now.steady) + timeout;
  if (task.started_at) at = std::min(at, now.steady + (*task.started_at + timeout - now.wall));
  return at > now.steady ? std::optional(at) : std::nullopt;
}

// Nothing: it is ready, or nobody asks.
std::optional<Verdict> not_ready(const MarathonApp& app, const MarathonTask& task, const net::Instant& now,
                                 const MarathonTaskMemory& memory) {
  if (app.deployments.empty() || app.readiness_checks.empty()) return std::nullopt;
  bool has_result = false;
  for (const MarathonReadinessResult& result : app.readiness_results) {
    if (result.task != task.id) continue;
    if (!result.ready) return Verdict{State::suspended, VerdictReason::not_ready};
    has_result = true;
  }
  if (has_result || memory.was_routable) return std::nullopt;
  const auto at = ready_at(app, task, now, memory);
  if (!at) return std::nullopt;
  return Verdict{State::starting, VerdictReason::not_ready, at};
}

Verdict unreachable(const std::optional<MarathonMark>& mark, const RoutableRules& rules,
                    const net::Instant& now, MarathonTaskMemory& memory) {
  if (!memory.unreachable_since)
    memory.unreachable_since = mark && mark->act == MarathonAct::unreachable ? mark->at : now.steady;
  const SteadyTime until = *memory.unreachable_since + rules.unreachable_grace;
  // What never was well is never served as TIMEDOUT.
  if (!memory.was_routable || !memory.is_well || until <= now.steady)
    return {State::suspended, VerdictReason::unreachable};
  return {State::timedout, VerdictReason::unreachable, until};
}

Verdict in(MarathonTaskMemory& memory) {
  memory.was_routable = memory.is_well = true;
  return {};
}

Verdict running(const MarathonApp& app, const MarathonTask& task, const std::optional<MarathonMark>& mark,
                const RoutableRules& rules, const net::Instant& now, MarathonTaskMemory& memory) {
  if (!memory.running_since) memory.running_since = now.steady;
  Health health = health_of(app, task, mark, rules);
  if (health == Health::missing) {
    if (!memory.was_routable) return {State::starting, VerdictReason::no_result};
    health = memory.is_well ? Health::well : Health::unwell;
  }
  memory.is_well = health == Health::well;
  if (!memory.is_well) return {State::suspended, VerdictReason::unhealthy};
  if (rules.routable == Routable::strict) {
    if (const auto verdict = not_ready(app, task, now, memory)) return *verdict;
  }
  return in(memory);
}

Verdict gone() {
  Verdict verdict;
  verdict.is_gone = true;
  return verdict;
}

bool is_served(TaskState state, const RoutableRules& rules) {
  return std::ranges::find(rules.serve_states, state) != rules.serve_states.end();
}

// What the state alone decides.
std::optional<Verdict> by_state(TaskState state, const std::optional<MarathonMark>& mark,
                                const RoutableRules& rules, const net::Instant& now,
                                MarathonTaskMemory& memory) {
  if (state != TaskState::unreachable) memory.unreachable_since.reset();
  switch (state) {
    case TaskState::ended: return gone();
    case TaskState::killing: return Verdict{State::off, VerdictReason::killing};
    case TaskState::unreachable:
      if (rules.routable == Routable::any_alive) return std::nullopt;
      return unreachable(mark, rules, now, memory);
    case TaskState::running: return std::nullopt;
    case TaskState::staging:
    case TaskState::starting:
    case TaskState::unknown: break;
  }
  return is_served(state, rules) ? in(memory) : Verdict{State::starting, VerdictReason::state};
}

TaskState state_of(const MarathonPodInstance& instance) {
  if (instance.status == "STABLE" || instance.status == "DEGRADED") return TaskState::running;
  return instance.status == "TERMINAL" ? TaskState::ended : TaskState::staging;
}

}  // namespace

Verdict verdict_of(const MarathonApp& app, const MarathonTask& task, const std::optional<MarathonMark>& mark,
                   const RoutableRules& rules, const net::Instant& now, MarathonTaskMemory& memory) {
  const TaskState state = marked_state(state_of(task), mark);
  if (const auto verdict = by_state(state, mark, rules, now, memory)) return *verdict;
  return running(app, task, mark, rules, now, memory);
}

Verdict verdict_of(const MarathonPodInstance& instance, const std::optional<MarathonMark>& mark,
                   const RoutableRules& rules, const net::Instant& now, MarathonTaskMemory& memory) {
  const TaskState state = marked_state(state_of(instance), mark);
  if (const auto verdict = by_state(state, mark, rules, now, memory)) return *verdict;
  const bool is_failing = std::ranges::any_of(
      instance.endpoints, [](const MarathonEndpoint& endpoint) { return endpoint.healthy == false; });
  const bool is_marked = mark && mark->act == MarathonAct::not_alive;
  memory.is_well =
      instance.status == "STABLE" && !(rules.routable == Routable::strict && (is_failing || is_marked));
  return memory.is_well ? in(memory) : Verdict{State::suspended, VerdictReason::unhealthy};
}

}  // namespace muster::registry::sources
