#include "zones/safe_stop.h"

#include <algorithm>

#include "zones/ready_set.h"
#include "zones/ttl.h"

namespace muster::zones {

namespace {

using registry::Instance;

std::string key_of(const Instance& instance) { return instance.service + '\0' + instance.id; }

// In a service answer, or possibly so: a suspended one is when nothing is ready.
bool may_stand(const Instance& instance, const ServicePolicy& policy) {
  return instance.publishable && is_candidate(instance) &&
         (is_served_in_panic(instance) || is_ready(instance, policy));
}

}  // namespace

net::Millis SafeStops::published_for(const Instance& instance, const ServicePolicy& policy) const {
  if (!may_stand(instance, policy)) return net::Millis{0};
  std::uint32_t seconds = ttl_of(instance, ttl_range(ttl_min_, policy)).seconds;
  if (!instance.body->ports.empty()) seconds = std::max(seconds, domain_ttl_);  // it can be browsed
  return std::chrono::seconds(seconds);
}

void SafeStops::note(const Instance& before, const ServicePolicy& old_policy, const Instance& after,
                     const ServicePolicy& policy, net::WallTime now) {
  const net::Millis held = published_for(before, old_policy);
  if (held <= published_for(after, policy)) return;
  const net::WallTime until = now + kReplacedWithin + held;
  net::WallTime& known = until_[key_of(after)];
  if (until <= known) return;
  known = until;
  passing_.emplace_back(until, key_of(after));
}

net::WallTime SafeStops::at(const Instance& instance, const ServicePolicy& policy, net::WallTime now) const {
  net::WallTime until = now;
  const net::Millis held = published_for(instance, policy);
  if (held.count() > 0) until += kReplacedWithin + held;
  const auto noted = until_.find(key_of(instance));
  if (noted != until_.end()) until = std::max(until, noted->second);
  return std::chrono::ceil<std::chrono::seconds>(until);
}

void SafeStops::forget_passed(net::WallTime now) {
  for (; !passing_.empty() && passing_.front().first < now; passing_.pop_front()) {
    const auto noted = until_.find(passing_.front().second);
    if (noted != until_.end() && noted->second < now) until_.erase(noted);
  }
}

}  // namespace muster::zones
