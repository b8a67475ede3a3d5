#include "zones/ttl.h"

#include <algorithm>

#include "zones/ready_set.h"

namespace muster::zones {

using registry::Instance;

namespace {

std::string text_of(const Instance& instance) { return instance.service + "/" + instance.id; }

}  // namespace

Ttl ttl_of(const Instance& instance, TtlRange range) {
  const std::uint32_t least = std::min(range.least, range.most);
  if (instance.lease_low) return {least, TtlReason::lease_low, &instance};
  if (instance.state == registry::State::timedout || instance.lease_state == registry::LeaseState::suspect) {
    return {least, TtlReason::timed_out, &instance};
  }
  if (instance.ramp < 1) return {least, TtlReason::slow_start, &instance};
  Ttl ttl{range.most, TtlReason::configured, nullptr};
  const auto bound = [&](std::uint64_t seconds, TtlReason reason) {
    if (seconds < ttl.seconds)
      ttl = {std::max(static_cast<std::uint32_t>(seconds), least), reason, &instance};
  };
  if (instance.lease.count() > 0)
    bound(static_cast<std::uint64_t>(instance.lease.count()) / 3000, TtlReason::lease_third);
  if (instance.admin != registry::AdminMode::up) bound(instance.ttl_bound, TtlReason::next_look);
  return ttl;
}

Ttl ttl_of(std::span<const Instance* const> able, TtlRange range, bool panic) {
  if (panic) return {std::min(range.least, range.most), TtlReason::nothing_ready, nullptr};
  Ttl least{range.most, TtlReason::configured, nullptr};
  for (const Instance* instance : able) {
    if (!is_candidate(*instance)) continue;
    const Ttl one = ttl_of(*instance, range);
    if (one.seconds < least.seconds) least = one;
  }
  return least;
}

std::string to_string(const Ttl& ttl) {
  switch (ttl.reason) {
    case TtlReason::configured: return "the service's ttl";
    case TtlReason::lease_third:
      return "a third of the lease of " + text_of(*ttl.from) + " (" +
             std::to_string(ttl.from->lease.count() / 1000) + " s)";
    case TtlReason::next_look:
      return "the checks of " + text_of(*ttl.from) + " look again within " +
             std::to_string(ttl.from->ttl_bound) + " s";
    case TtlReason::lease_low:
      return "ttl_min: " + text_of(*ttl.from) + " missed its heartbeat, its lease is nearly over";
    case TtlReason::timed_out: return "ttl_min: " + text_of(*ttl.from) + " is timed out";
    case TtlReason::slow_start: return "ttl_min: " + text_of(*ttl.from) + " starts slowly";
    case TtlReason::nothing_ready: return "ttl_min: too few are ready";
  }
  return "";
}

}  // namespace muster::zones
