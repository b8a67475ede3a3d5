#include "zones/live_zone.h"

#include <optional>

#include "zones/folded_wire.h"

namespace muster::zones {

namespace {

constexpr std::size_t kSlotsAtOnce = 1024;  // below a millisecond

}  // namespace

bool visit_live_zone(NameTable::Reader& reader, const Name& apex, const std::function<void()>& begin,
                     const std::function<void(const Entry&)>& visit, const std::atomic<bool>* stopping) {
  const FoldedWire folded(apex);
  std::optional<ZoneId> zone;
  NameTable::Reader::Walk walk;
  for (bool more = true; more;) {
    if (stopping != nullptr && *stopping) return false;
    const NameTable::Reader::Online online(reader);
    const Entry* at_apex = reader.find(folded.wire());
    if (at_apex == nullptr || !at_apex->is(Entry::kApex)) return false;
    // Between two slices the zone may go, and its id pass to another one.
    if (zone.value_or(at_apex->zone_id()) != at_apex->zone_id()) return false;
    zone = at_apex->zone_id();
    if (reader.begins_anew(walk)) begin();
    more = reader.walk(walk, kSlotsAtOnce, [&](const Entry& entry) {
      if (entry.zone_id() == zone && (entry.is(Entry::kOwned) || entry.is(Entry::kApex))) visit(entry);
    });
  }
  return true;
}

}  // namespace muster::zones
