#include "registry/health/machine.h"

#include <algorithm>
#include <cmath>

namespace muster::registry::health {

namespace {

// Neither probes that services share nor a burst of reports use up retries early.
bool is_too_soon(SteadyTime last, SteadyTime now, Millis retry_delay) {
  if (last == SteadyTime::min()) return false;
  return (now - last) * 10 < retry_delay * 9;
}

}  // namespace

MachineRules MachineRules::classic(unsigned rise, unsigned fall, Millis interval, Millis fast_interval) {
  MachineRules rules;
  rules.retries = fall - 1;
  rules.retry_delay = fast_interval;
  rules.initial_suspension = interval;
  rules.longest_suspension = interval;
  rules.progression = 1.0;
  rules.rise = rise;
  rules.hard_as_soft = true;
  rules.interval = interval;
  rules.fast_interval = fast_interval;
  return rules;
}

Machine::Machine(State initial, SteadyTime now) : state_(initial), since_(now), heard_(now) {}

Machine Machine::restored(State state, Millis suspension, SteadyTime now) {
  Machine machine(state, now);
  machine.suspension_ = suspension;
  machine.until_ = now;
  if (state == State::timedout) machine.retries_left_ = 1;
  return machine;
}

void Machine::enter(State state, SteadyTime now) {
  state_ = state;
  since_ = now;
  oks_ = 0;
  capped_ = false;
}

void Machine::suspend(const MachineRules& rules, SteadyTime now) {
  const double grown = std::round(static_cast<double>(suspension_.count()) * rules.progression);
  const auto longest = static_cast<double>(rules.longest_suspension.count());
  suspension_ = suspension_ == Millis{0} ? rules.initial_suspension
                                         : Millis(static_cast<Millis::rep>(std::min(grown, longest)));
  enter(State::suspended, now);
  until_ = now + suspension_;
  ++suspensions_;
}

bool Machine::suspend_if(bool may, const MachineRules& rules, SteadyTime now) {
  if (may) {
    suspend(rules, now);
    return true;
  }
  const bool is_new = state_ != State::timedout || !capped_;
  if (state_ != State::timedout) enter(State::timedout, now);
  retries_left_ = 1;
  capped_ = true;
  return is_new;
}

bool Machine::rise(const MachineRules& rules, SteadyTime now) {
  if (++oks_ < rules.rise) return false;
  enter(State::active, now);
  failed_ = SteadyTime::min();
  if (rules.reset_after == Millis{0}) suspension_ = Millis{0};
  return true;
}

bool Machine::fail(Severity severity, const MachineRules& rules, SteadyTime now, bool may_suspend) {
  const bool is_hard = severity == Severity::hard && !rules.hard_as_soft;
  switch (state_) {
    case State::starting:
      oks_ = 0;
      if (now - since_ < rules.grace) return false;
      suspend(rules, now);
      return true;
    case State::active:
      if (is_too_soon(failed_, now, rules.retry_delay)) return false;
      failed_ = now;
      if (rules.reset_after > Millis{0} && now - since_ >= rules.reset_after) suspension_ = Millis{0};
      if (is_hard || rules.retries == 0) return suspend_if(may_suspend, rules, now);
      enter(State::timedout, now);
      retries_left_ = rules.retries;
      return true;
    case State::timedout:
      if (is_too_soon(failed_, now, rules.retry_delay)) return false;
      failed_ = now;
      if (is_hard || retries_left_ <= 1) return suspend_if(may_suspend, rules, now);
      --retries_left_;
      return false;
    case State::suspended: return suspend_if(may_suspend, rules, now);
    case State::off: return false;
  }
  return false;
}

bool Machine::take(Severity severity, const MachineRules& rules, SteadyTime now, bool may_suspend) {
  if (severity == Severity::local) return false;
  if (state_ == State::suspended && now < until_) return false;
  heard_ = now;
  if (severity != Severity::ok) return fail(severity, rules, now, may_suspend);
  switch (state_) {
    case State::starting:
    case State::suspended: return rise(rules, now);
    case State::timedout:
      enter(State::active, now);
      if (rules.reset_after == Millis{0}) suspension_ = Millis{0};
      return true;
    case State::active:
      if (rules.reset_after > Millis{0} && now - since_ >= rules.reset_after) suspension_ = Millis{0};
      return false;
    case State::off: return false;
  }
  return false;
}

bool Machine::pass_time(const MachineRules& rules, SteadyTime now) {
  if (now < next_change(rules)) return false;
  if (state_ == State::suspended) {
    enter(State::timedout, now);
    retries_left_ = 1;
    heard_ = now;
  } else {
    enter(State::active, now);
  }
  return true;
}

SteadyTime Machine::next_change(const MachineRules& rules) const {
  if (state_ == State::suspended) return until_;
  return state_ == State::timedout ? heard_ + rules.longest_suspension : SteadyTime::max();
}

SteadyTime Machine::next_look(Severity severity, const MachineRules& rules, SteadyTime started,
                              SteadyTime now, Millis interval) const {
  if (severity == Severity::local) return now + rules.fast_interval;
  switch (state_) {
    case State::starting: return now + rules.fast_interval;
    case State::timedout: return now + rules.retry_delay;
    case State::suspended: return now < until_ ? until_ : now + rules.retry_delay;
    default: return std::max(started + interval, now);
  }
}

}  // namespace muster::registry::health
