#include "registry/health/own_check.h"

#include <algorithm>

namespace muster::registry::health {

namespace {

template <class T>
void take(const std::optional<T>& said, T& into) {
  if (said) into = *said;
}

// What is moved the other way now is so no longer.
void take_classes(const std::optional<Classes>& said, Classes& into, Classes& other) {
  if (!said) return;
  into = *said;
  std::erase_if(other, [&](const ClassPattern& one) {
    return std::ranges::any_of(into, [&](const ClassPattern& said_one) { return said_one.overlaps(one); });
  });
}

void take_retries(const OwnRetries& said, CheckRules& rules) {
  rules.fall.reset();
  take(said.retries, rules.machine.retries);
  take(said.delay, rules.machine.retry_delay);
}

void take_suspension(const OwnSuspension& said, MachineRules& rules) {
  take(said.initial, rules.initial_suspension);
  take(said.progression, rules.progression);
  take(said.longest, rules.longest_suspension);
  take(said.reset_after, rules.reset_after);
  if (said.longest) rules.initial_suspension = std::min(rules.initial_suspension, rules.longest_suspension);
  rules.longest_suspension = std::max(rules.initial_suspension, rules.longest_suspension);
}

}  // namespace

bool OwnChecks::are_same(const List& a, const List& b) { return a == b; }

Check completed(const OwnCheck& own, CheckRules rules) {
  take(own.interval, rules.interval);
  take(own.timeout, rules.timeout);
  if (rules.timeout >= rules.interval && own.type != CheckType::ttl) {
    if (own.interval)
      rules.timeout = rules.interval / 2;
    else
      rules.interval = std::min(rules.timeout * 2, kIntervalBounds.most);
  }
  take(own.waits_on, rules.waits_on);
  take(own.begins_active, rules.begins_active);
  take(own.grace, rules.machine.grace);
  take(own.rise, rules.machine.rise);
  if (own.fall) rules.fall = own.fall;
  if (own.retries) take_retries(*own.retries, rules);
  if (own.suspension) take_suspension(*own.suspension, rules.machine);
  if (own.retries) take_classes(own.retries->classes, rules.moved.soft, rules.moved.hard);
  if (own.suspension) take_classes(own.suspension->classes, rules.moved.hard, rules.moved.soft);
  Check check;
  check.id = own.id;
  check.type = own.type;
  check.port_name = own.port_name;
  check.port_number = own.port_number;
  check.look = own.look;
  check.timeout = rules.timeout;
  check.waits_on = rules.waits_on;
  check.begins_active = rules.begins_active;
  check.rules = machine_rules(rules);
  check.moved = std::move(rules.moved);
  return check;
}

SharedChecks joined(const SharedChecks& of_service, const OwnChecks& own, const CheckRules& rules) {
  if (!own) return of_service;
  auto checks = of_service ? std::make_shared<Checks>(*of_service) : std::make_shared<Checks>();
  for (const OwnCheck& one : *own) {
    if (std::ranges::find(*checks, one.id, &Check::id) == checks->end())
      checks->push_back(completed(one, rules));
  }
  return checks;
}

}  // namespace muster::registry::health
