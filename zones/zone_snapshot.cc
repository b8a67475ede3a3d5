#include "zones/zone_snapshot.h"

#include "zones/zone_rules.h"

namespace muster::zones {

namespace {

void take(ZoneDraft& draft, const Entry& entry) {
  const std::uint32_t owner = draft.owners.insert(entry.name(), draft.octets);
  for (std::uint32_t i = 0; i < entry.rrset_count(); ++i) {
    const RrsetView set = entry.rrset(i);
    draft.has_soa = draft.has_soa || set.type() == RrType::soa;
    for (std::uint32_t member = 0; member < set.count(); ++member) {
      const std::string_view rdata = set.rdata(member);
      draft.records.push_back(
          {draft.octets.store(rdata), set.ttl(), set.type(), static_cast<std::uint16_t>(rdata.size())});
      draft.owner_of.push_back(owner);
      draft.line_of.push_back(1);
    }
  }
}

}  // namespace

std::optional<CompiledZone> snapshot(NameTable::Reader& names, ZoneId zone, const Name& apex) {
  ZoneDraft draft({});
  draft.sources.enter("", 1);
  draft.owners.insert(apex.wire(), draft.octets);
  {
    const NameTable::Reader::Online online(names);
    names.for_each([&](const Entry& entry) {
      if (entry.zone_id() == zone && entry.is(Entry::kOwned)) take(draft, entry);
    });
  }
  if (!draft.has_soa) return std::nullopt;
  GroupedZone grouped = group_records(draft);
  return CompiledZone(std::move(grouped.content), ZoneFaults(0));
}

}  // namespace muster::zones
