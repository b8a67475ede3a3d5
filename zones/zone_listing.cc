#include "zones/zone_listing.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "zones/entry_writer.h"
#include "zones/folded_wire.h"
#include "zones/zone_writer.h"

namespace muster::zones {

namespace {

constexpr std::size_t kSlotsAtOnce = 1024;  // below a millisecond

struct Listed {
  Name owner;
  std::string text;
};

// A name that went and came again may have been met twice: what was met last is kept.
std::string in_order(std::vector<Listed> names) {
  std::stable_sort(names.begin(), names.end(),
                   [](const Listed& a, const Listed& b) { return a.owner < b.owner; });
  std::string text;
  for (auto at = names.begin(); at != names.end(); ++at) {
    const auto next = std::next(at);
    if (next == names.end() || next->owner != at->owner) text += at->text;
  }
  return text;
}

}  // namespace

std::optional<std::string> write_live_zone(NameTable::Reader& reader, const Name& apex,
                                           const std::atomic<bool>* stopping) {
  const FoldedWire folded(apex);
  std::optional<ZoneId> zone;
  std::vector<Listed> names;
  NameTable::Reader::Walk walk;
  for (bool more = true; more;) {
    if (stopping != nullptr && *stopping) return std::nullopt;
    const NameTable::Reader::Online online(reader);
    const Entry* at_apex = reader.find(folded.wire());
    if (at_apex == nullptr || !at_apex->is(Entry::kApex)) return std::nullopt;
    // Between two slices the zone may go, and its id pass to another one.
    if (zone.value_or(at_apex->zone_id()) != at_apex->zone_id()) return std::nullopt;
    zone = at_apex->zone_id();
    if (reader.begins_anew(walk)) names.clear();
    more = reader.walk(walk, kSlotsAtOnce, [&](const Entry& entry) {
      if (entry.zone_id() != zone || !(entry.is(Entry::kOwned) || entry.is(Entry::kApex))) return;
      const NameSpec spec = EntryWriter::read(entry);
      Listed& listed = names.emplace_back(Listed{spec.owner, {}});
      write_name(listed.text, spec);
    });
  }
  return in_order(std::move(names));
}

}  // namespace muster::zones
