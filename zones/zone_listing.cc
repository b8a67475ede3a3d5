#include "zones/zone_listing.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "zones/entry_writer.h"
#include "zones/live_zone.h"
#include "zones/zone_writer.h"

namespace muster::zones {

namespace {

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
  std::vector<Listed> names;
  const bool is_there = visit_live_zone(
      reader, apex, [&] { names.clear(); },
      [&](const Entry& entry) {
        NameSpec spec = EntryWriter::read(entry);
        // What services have at the zone's names is no part of its file.
        std::erase_if(spec.rrsets, [](const RrsetSpec& rrset) { return rrset.bound; });
        if (spec.rrsets.empty()) return;
        Listed& listed = names.emplace_back(Listed{spec.owner, {}});
        write_name(listed.text, spec);
      },
      stopping);
  if (!is_there) return std::nullopt;
  return in_order(std::move(names));
}

}  // namespace muster::zones
