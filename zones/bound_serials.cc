#include "zones/bound_serials.h"

namespace muster::zones {

void BoundSerials::changed(const Name& owner) {
  if (const Zone* zone = zones_.zone_of(owner)) zones_raised_[zones_.apex(*zone)].waits = true;
}

void BoundSerials::tick(net::SteadyTime now) {
  for (auto& [apex, raised] : zones_raised_) {
    if (raised.waits && now - raised.at >= kBetween) raise(apex, raised, now);
  }
}

std::optional<std::uint32_t> BoundSerials::highest(const Name& apex) const {
  const auto raised = zones_raised_.find(apex);
  return raised == zones_raised_.end() ? std::nullopt : raised->second.reserved;
}

// A zone that is not filled yet is told nothing: what changed is in it when it is.
void BoundSerials::raise(const Name& apex, Raised& raised, net::SteadyTime now) {
  Zone* zone = zones_.find(apex);
  if (zone == nullptr || zones_.readiness(*zone) != Readiness::ready) return;
  raised.at = now;
  const std::uint32_t next = zones_.serial(*zone) + 1;
  const bool is_reserved = raised.reserved && !serial_newer(next, *raised.reserved);
  if (!raised.reserved || serial_newer(next + kReserved / 2, *raised.reserved)) {
    raised.reserved = next + kReserved;
    if (store_.reserve) store_.reserve(apex.text(), *raised.reserved);
  }
  if (!is_reserved) return;
  raised.waits = false;
  zones_.close_batch(*zone, next);
}

}  // namespace muster::zones
