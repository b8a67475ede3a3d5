#include "zones/bound_names.h"

#include <algorithm>

#include "zones/folded_wire.h"

namespace muster::zones {

namespace {

using Types = std::vector<RrType>;

bool holds(const Types& types, RrType type) { return std::find(types.begin(), types.end(), type) != types.end(); }

// RFC 1034 §3.6.2, §4.2.1; RFC 6672 §2.4. Empty: nothing is in the way.
std::string fault_of(const Name& apex, const BoundName& bound,
                     const std::function<Types(const Name&)>& types_at) {
  const Types there = types_at(bound.owner);
  if (holds(there, RrType::cname)) return "the zone has a CNAME there, beside which nothing may stand";
  for (const RrType type : bound.types) {
    if (holds(there, type)) return "the zone has " + to_string(type) + " there";
  }
  for (Name at = bound.owner; at != apex; at = at.parent()) {
    if (holds(types_at(at), RrType::ns)) return "it is delegated, at " + at.text();
    if (holds(types_at(at.parent()), RrType::dname)) return "it lies below the DNAME at " + at.parent().text();
  }
  return "";
}

}  // namespace

std::vector<std::string> bound_faults(const Name& apex, std::span<const BoundName> bound,
                                      const std::function<Types(const Name&)>& types_at) {
  std::vector<std::string> faults;
  for (const BoundName& one : bound) {
    if (!one.owner.is_at_or_below(apex)) continue;
    const std::string fault = fault_of(apex, one, types_at);
    if (fault.empty()) continue;
    const std::string at = one.place.empty() ? "" : one.place + ": also: ";
    faults.push_back(at + one.owner.text() + " (service " + one.service + "): " + fault);
  }
  return faults;
}

std::vector<std::string> bound_faults(const CompiledZone& zone, std::span<const BoundName> bound) {
  return bound_faults(zone.apex(), bound, [&](const Name& owner) {
    Types types;
    const auto at = zone.find(FoldedWire(owner).wire());
    if (!at) return types;
    for (const ZoneRecord& record : zone.records_of(*at)) {
      if (!holds(types, record.type)) types.push_back(record.type);
    }
    return types;
  });
}

}  // namespace muster::zones
