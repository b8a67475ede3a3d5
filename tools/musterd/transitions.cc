#include "tools/musterd/transitions.h"

#include <utility>

namespace muster::tools {

using registry::Cause;
using registry::Instance;
using registry::InstanceChange;
using registry::LeaseState;

namespace {

Transition ending(Cause cause) {
  switch (cause) {
    case Cause::expired: return Transition::expired;
    case Cause::held_out: return Transition::held_out;
    case Cause::confirmed: return Transition::confirmed;
    case Cause::task_ended: return Transition::task_ended;
    case Cause::replaced: return Transition::replaced;
    case Cause::source_gone: return Transition::source_gone;
    case Cause::none:
    case Cause::deregistered: break;
  }
  return Transition::deregistered;
}

bool drains(const Instance& instance) {
  return instance.draining_since.has_value() || instance.admin == registry::AdminMode::drain;
}
bool is_suspect(const Instance& instance) { return instance.lease_state == LeaseState::suspect; }

LogLevel level_of(Transition transition) {
  if (transition == Transition::panic) return LogLevel::warning;
  return transition == Transition::updated ? LogLevel::debug : LogLevel::info;
}

template <std::size_t... Index>
std::array<LineBudget, sizeof...(Index)> budgets(std::index_sequence<Index...>) {
  return {((void)Index, LineBudget(Transitions::kLinesASecond))...};
}

}  // namespace

std::string_view to_string(Transition transition) {
  switch (transition) {
    case Transition::none: return "";
    case Transition::registered: return "registered";
    case Transition::updated: return "updated";
    case Transition::state_changed: return "state_changed";
    case Transition::draining: return "draining";
    case Transition::drain_ended: return "drain_ended";
    case Transition::suspect: return "suspect";
    case Transition::returned: return "returned";
    case Transition::deregistered: return "deregistered";
    case Transition::expired: return "expired";
    case Transition::held_out: return "held_out";
    case Transition::confirmed: return "confirmed";
    case Transition::task_ended: return "task_ended";
    case Transition::replaced: return "replaced";
    case Transition::source_gone: return "source_gone";
    case Transition::panic: return "panic";
    case Transition::panic_over: return "panic_over";
  }
  return "";
}

// Of several things that happened at once the one an operator acts on is named; the line shows state and
// reason anyway.
Transition transition_of(const InstanceChange& change) {
  if (!change.after) return ending(change.cause);
  if (!change.before) return Transition::registered;
  const Instance& before = *change.before;
  const Instance& after = *change.after;
  if (is_suspect(before) != is_suspect(after))
    return is_suspect(after) ? Transition::suspect : Transition::returned;
  if (drains(before) != drains(after)) return drains(after) ? Transition::draining : Transition::drain_ended;
  if (before.state != after.state) return Transition::state_changed;
  return change.revised ? Transition::updated : Transition::none;
}

Transitions::Transitions(Write write, Enabled enabled)
    : write_(std::move(write)),
      enabled_(std::move(enabled)),
      budgets_(budgets(std::make_index_sequence<kTransitions>())) {}

void Transitions::write(const registry::Batch& batch, net::Instant now) {
  for (const InstanceChange& change : batch.changes) {
    if (!change.before || !change.after || change.before->state == change.after->state) continue;
    steps_[static_cast<std::size_t>(change.before->state)][static_cast<std::size_t>(change.after->state)].fetch_add(
        1, std::memory_order_relaxed);
  }
  if (!enabled_(LogLevel::info)) return;
  const bool detailed = enabled_(LogLevel::debug);
  for (const InstanceChange& change : batch.changes) {
    const Transition transition = transition_of(change);
    if (transition == Transition::none || (level_of(transition) == LogLevel::debug && !detailed)) continue;
    if (budgets_[static_cast<std::size_t>(transition)].take(now.steady)) {
      write_one(transition, change);
    } else {
      suppressed_.fetch_add(1, std::memory_order_relaxed);
    }
  }
}

void Transitions::write_panic(std::string_view service, const zones::Panic& panic, net::Instant now) {
  const Transition transition = panic.on ? Transition::panic : Transition::panic_over;
  if (!enabled_(level_of(transition))) return;
  if (!budgets_[static_cast<std::size_t>(transition)].take(now.steady)) {
    suppressed_.fetch_add(1, std::memory_order_relaxed);
  } else if (panic.on) {
    write_(level_of(transition), to_string(transition),
           {{"service", std::string(service)},
            {"ready", std::to_string(panic.ready)},
            {"candidates", std::to_string(panic.candidates)}});
  } else {
    write_(level_of(transition), to_string(transition), {{"service", std::string(service)}});
  }
}

void Transitions::tick(net::Instant now) {
  for (std::size_t i = 0; i < kTransitions; ++i) {
    const std::uint64_t count = budgets_[i].settle(now.steady);
    if (count == 0) continue;
    const auto transition = static_cast<Transition>(i);
    write_(level_of(transition), to_string(transition), {{"suppressed", std::to_string(count)}});
  }
}

void Transitions::write_one(Transition transition, const InstanceChange& change) {
  const Instance& shown = change.after ? *change.after : *change.before;
  write_(level_of(transition), to_string(transition),
         {{"service", change.service},
          {"id", change.id},
          {"state", std::string(to_string(shown.state))},
          {"from", change.before && change.after ? std::string(to_string(change.before->state)) : ""},
          {"reason", reason_text(shown.reason, shown)},
          {"source", shown.sources.empty() ? "" : shown.sources.front().name},
          {"revision", std::to_string(change.revision)}});
}

}  // namespace muster::tools
