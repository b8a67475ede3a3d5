#include "zones/zone_snapshot.h"

#include "zones/live_zone.h"
#include "zones/zone_rules.h"

namespace muster::zones {

namespace {

void take(ZoneDraft& draft, const Entry& entry, std::uint32_t owner) {
  for (std::uint32_t i = 0; i < entry.rrset_count(); ++i) {
    const RrsetView set = entry.rrset(i);
    if (set.bound()) continue;
    for (std::uint32_t member = 0; member < set.count(); ++member) {
      const std::string_view rdata = set.rdata(member);
      draft.records.push_back(
          {draft.octets.store(rdata), set.ttl(), set.type(), static_cast<std::uint16_t>(rdata.size())});
      draft.owner_of.push_back(owner);
      draft.line_of.push_back(1);
    }
  }
}

// Whether the zone itself has the name: a service's sets, and a name without any, are not in its file.
bool is_own(const Entry& entry) {
  for (std::uint32_t i = 0; i < entry.rrset_count(); ++i) {
    if (!entry.rrset(i).bound()) return true;
  }
  return false;
}

}  // namespace

// A name that is met twice is taken as it was first.
std::optional<CompiledZone> snapshot(NameTable::Reader& reader, const Name& apex) {
  std::optional<ZoneDraft> draft;
  const auto begin = [&] {
    draft.emplace(ZoneFileLimits());
    draft->sources.enter("", 1);
    draft->owners.insert(apex.wire(), draft->octets);
  };
  const auto visit = [&](const Entry& entry) {
    if (entry.is(Entry::kApex)) {
      if (!draft->has_soa) take(*draft, entry, 0);
      draft->has_soa = true;
      return;
    }
    if (!is_own(entry)) return;
    const std::size_t before = draft->owners.size();
    const std::uint32_t owner = draft->owners.insert(entry.name(), draft->octets);
    if (draft->owners.size() > before) take(*draft, entry, owner);
  };
  if (!visit_live_zone(reader, apex, begin, visit) || !draft->has_soa) return std::nullopt;
  GroupedZone grouped = group_records(*draft);
  return CompiledZone(std::move(grouped.content), ZoneFaults(0));
}

}  // namespace muster::zones
