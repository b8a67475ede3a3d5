// The log's view of a batch: each transition of an instance is one line, of an event named for what happened
// to it. Each kind of event has a budget of lines a second; beyond it the lines are counted, and a line with
// suppressed=N follows.
//
// Thread safety: suppressed() and steps() anywhere, all else on the control thread, or on another one while
// that waits for it.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <string_view>

#include "registry/registry.h"
#include "tools/musterd/line_budget.h"
#include "tools/musterd/log.h"
#include "zones/publish_config.h"

namespace muster::tools {

enum class Transition : std::uint8_t {
  none,
  registered,
  updated,  // anything but its state: weight, tags, addresses
  state_changed,
  draining,
  drain_ended,
  suspect,   // its lease ran out, protection holds it
  returned,  // a suspect was heard again
  deregistered,
  expired,
  held_out,   // a suspect whose time is over
  confirmed,  // a suspect that is really gone
  task_ended,
  replaced,
  source_gone,
  panic,  // of a service: too few of its instances are ready
  panic_over,
};
inline constexpr std::size_t kTransitions = 17;
std::string_view to_string(Transition transition);

// How often instances went from one state to another.
using StateSteps = std::array<std::array<std::atomic<std::uint64_t>, registry::kStates>, registry::kStates>;

Transition transition_of(const registry::InstanceChange& change);

class Transitions {
 public:
  static constexpr std::uint32_t kLinesASecond = 100;  // of each kind
  using Write = std::function<void(LogLevel, std::string_view event, std::initializer_list<Field>)>;
  using Enabled = std::function<bool(LogLevel)>;

  Transitions(Write write, Enabled enabled);

  void write(const registry::Batch& batch, net::Instant now);
  void write_panic(std::string_view service, const zones::Panic& panic, net::Instant now);
  void tick(net::Instant now);
  const StateSteps& steps() const { return steps_; }
  std::uint64_t suppressed() const { return suppressed_.load(std::memory_order_relaxed); }

 private:
  void write_one(Transition transition, const registry::InstanceChange& change);

  const Write write_;
  const Enabled enabled_;
  std::array<LineBudget, kTransitions> budgets_;
  std::atomic<std::uint64_t> suppressed_{0};
  StateSteps steps_{};
};

}  // namespace muster::tools
