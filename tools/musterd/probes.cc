#include "tools/musterd/probes.h"

#include <utility>

#include "tools/musterd/log.h"

namespace muster::tools {

namespace health = registry::health;

namespace {

constexpr std::size_t kProbesATick = 200;  // begun, in 10 ms
constexpr net::Millis kLocalEvery{60'000};

}  // namespace

// A queue that was full left the last ones where they are.
void Probes::tick(registry::Registry& registry, net::Instant now) {
  for (health::ProbeOrder& order : registry.probes_due(now, kProbesATick)) {
    prober_.probe(
        order.task,
        [this, number = order.number, task = order.task](health::Verdict verdict) {
          found({number, task, std::move(verdict), false});
        },
        [this, number = order.number, task = order.task](health::Verdict verdict) {
          found({number, task, std::move(verdict), true});
        });
  }
  const std::lock_guard lock(mutex_);
  if (!found_.empty() && !is_asked_)
    is_asked_ = control_.submit([this](registry::Turn& turn) { take(turn.registry, turn.now); });
}

void Probes::found(Found one) {
  const std::lock_guard lock(mutex_);
  found_.push_back(std::move(one));
  if (!is_asked_)
    is_asked_ = control_.submit([this](registry::Turn& turn) { take(turn.registry, turn.now); });
}

void Probes::take(registry::Registry& registry, net::Instant now) {
  std::vector<Found> all;
  {
    const std::lock_guard lock(mutex_);
    all.swap(found_);
    is_asked_ = false;
  }
  for (const Found& one : all) {
    count(one);
    if (one.is_late)
      registry.probe_late(*one.task);
    else
      registry.probe_found(one.number, one.verdict, now);
    if (one.verdict.severity == health::Severity::local && now.steady - local_told_ >= kLocalEvery) {
      local_told_ = now.steady;
      log(LogLevel::warning, "health",
          {{"target", text_of(*one.task)},
           {"error", "no verdict, for the trouble is here: " + one.verdict.detail}});
    }
    if (one.is_late)
      log(LogLevel::info, "health",
          {{"target", text_of(*one.task)},
           {"late", "answered after " + std::to_string(one.verdict.latency.count() / 1'000) + " ms"}});
  }
}

void Probes::count(const Found& one) {
  const auto micros = static_cast<std::uint64_t>(one.verdict.latency.count());
  if (one.is_late) return counters_.late.add(micros);
  const auto type = static_cast<std::size_t>(one.task->type);
  counters_.found[type][static_cast<std::size_t>(one.verdict.severity)].fetch_add(1,
                                                                                  std::memory_order_relaxed);
  if (one.verdict.severity == health::Severity::ok) counters_.took.add(micros);
}

}  // namespace muster::tools
