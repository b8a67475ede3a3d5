#include "registry/health/checkup.h"

namespace muster::registry::health {

int badness(State state) {
  switch (state) {
    case State::active: return 0;
    case State::timedout: return 1;
    case State::starting: return 2;
    case State::suspended: return 3;
    case State::off: return 4;
  }
  return 0;
}

Millis expected_within(const Watch& watch) {
  const MachineRules& rules = watch.check->rules;
  if (watch.machine.state() == State::suspended) return watch.machine.suspension();
  if (watch.machine.state() != State::active || !rules.hard_as_soft) return rules.interval;
  return rules.interval + rules.retries * rules.retry_delay;
}

const Watch* Checkup::worst() const {
  const Watch* worst = nullptr;
  const auto judge = [&](const Watch& watch) {
    if (badness(watch.machine.state()) > (worst == nullptr ? 0 : badness(worst->machine.state())))
      worst = &watch;
  };
  for (const auto& watch : watches) judge(*watch);
  if (reports) judge(*reports);
  return worst;
}

}  // namespace muster::registry::health
