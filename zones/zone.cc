#include "zones/zone.h"

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <utility>

#include "zones/folded_wire.h"
#include "zones/zone_tree.h"

namespace muster::zones {

class Zone {
 public:
  Zone(NameTable& table, const ZoneConfig& zone_config, ZoneId zone_id)
      : config(zone_config), id(zone_id), tree(table, zone_config.apex, zone_id) {}

  ZoneConfig config;
  Readiness readiness = Readiness::ready;
  Note stale;
  ZoneId id;
  ZoneTree tree;
  std::size_t names_aside = 0;
  std::size_t inner_zones = 0;
  std::unique_ptr<ZoneHistory> history;
  bool has_bindings = false;  // names of it are bound
};

namespace {

ZoneView view_of(const ZoneConfig& config, Readiness readiness, const Note& stale = {}) {
  const std::uint32_t negative_ttl =
      config.generated ? config.negative_ttl : std::min(config.soa_ttl, config.soa.minimum);
  return make_zone_view(config.apex, config.soa, config.soa_ttl, negative_ttl, readiness, config.generated,
                        stale);
}

RrsetSpec soa_rrset(const ZoneConfig& config) {
  RrsetSpec rrset;
  rrset.type = RrType::soa;
  rrset.ttl = config.soa_ttl;
  rrset.members.push_back({encode(config.soa), 1, 0, {}});
  return rrset;
}

void drop_soa(NameSpec& spec) {
  std::erase_if(spec.rrsets, [](const RrsetSpec& rrset) { return rrset.type == RrType::soa; });
}

void drop_bound(NameSpec& spec) {
  std::erase_if(spec.rrsets, [](const RrsetSpec& rrset) { return rrset.bound; });
}

// The zone's own sets of these types: taken out of `own`.
std::vector<RrsetSpec> take_types(NameSpec& own, const std::vector<RrType>& types) {
  const auto hidden =
      std::stable_partition(own.rrsets.begin(), own.rrsets.end(), [&](const RrsetSpec& rrset) {
        return std::find(types.begin(), types.end(), rrset.type) == types.end();
      });
  std::vector<RrsetSpec> taken(std::make_move_iterator(hidden), std::make_move_iterator(own.rrsets.end()));
  own.rrsets.erase(hidden, own.rrsets.end());
  return taken;
}

}  // namespace

Zones::Zones(NameTable& table) : table_(table) {}
Zones::~Zones() = default;

Zone& Zones::add(const ZoneConfig& config) {
  const auto id = table_.add_zone(view_of(config, Readiness::ready));
  if (!id) {
    throw std::runtime_error("zone " + config.apex.text() + ": there are " +
                             std::to_string(NameTable::kZonesMax) +
                             " zones already, which is as many as one server holds");
  }
  take_bindings(config.apex);
  Zone* outer = zone_of(config.apex);
  const std::vector<Zone*> inner = inner_of(outer, config.apex);
  std::vector<NameSpec> aside;
  if (outer != nullptr) {
    for (const Zone* zone : inner) outer->tree.release(zone->config.apex);
    aside = take_names(*outer, config.apex);
    outer->inner_zones += 1 - inner.size();
  }
  Zone& zone = *zones_.emplace(config.apex, std::make_unique<Zone>(table_, config, *id)).first->second;
  by_apex_.emplace(config.apex, &zone);
  if (outer != nullptr) outer->tree.hold(config.apex);
  put_apex(zone, {config.apex, {}});
  zone.inner_zones = inner.size();
  for (const Zone* one : inner) zone.tree.hold(one->config.apex);
  for (const NameSpec& spec : aside) put_aside(*outer, EntryWriter::build(spec, Entry::kOwned, outer->id));
  put_bindings(config.apex);
  return zone;
}

void Zones::remove(Zone& zone) {
  const Name apex = zone.config.apex;
  const std::vector<Zone*> inner = inner_of(&zone, apex);
  remove_names(zone);
  by_apex_.erase(apex);
  if (Zone* outer = apex.is_root() ? nullptr : zone_of(apex.parent())) {
    outer->tree.release(apex);
    outer->inner_zones += inner.size() - 1;
    for (const Zone* one : inner) outer->tree.hold(one->config.apex);
    for (const NameSpec& spec : take_aside(*outer)) outer->tree.put(spec);
  }
  table_.remove_zone(zone.id);
  zones_.erase(apex);
  put_bindings(apex);
}

Zone* Zones::find(const Name& apex) {
  const auto found = by_apex_.find(apex);
  return found == by_apex_.end() ? nullptr : found->second;
}

Zone* Zones::zone_of(const Name& name) {
  for (Name apex = name;; apex = apex.parent()) {
    if (Zone* zone = find(apex)) return zone;
    if (apex.is_root()) return nullptr;
  }
}

std::vector<Zone*> Zones::all() {
  std::vector<Zone*> all;
  for (const auto& [apex, zone] : zones_) all.push_back(zone.get());
  return all;
}

bool Zones::is_inner(const Zone& zone, const Name& owner) const {
  return zone.inner_zones > 0 && const_cast<Zones*>(this)->zone_of(owner) != &zone;
}

// The zones strictly below the name that lie in `outer` with none between (null: in no zone).
std::vector<Zone*> Zones::inner_of(const Zone* outer, const Name& below) const {
  std::vector<Zone*> inner;
  for (auto at = zones_.upper_bound(below); at != zones_.end() && at->first.is_at_or_below(below); ++at) {
    if (const_cast<Zones*>(this)->zone_of(at->first.parent()) == outer) inner.push_back(at->second.get());
  }
  return inner;
}

void Zones::put(Zone& zone, const NameSpec& spec) {
  Binding* binding = binding_at(zone, spec.owner);
  if (binding == nullptr) return put_all(zone, spec);
  NameSpec served = spec;
  drop_bound(served);
  binding->hidden = take_types(served, binding->types);
  served.rrsets.insert(served.rrsets.end(), binding->sets.begin(), binding->sets.end());
  put_all(zone, served);
}

void Zones::put_all(Zone& zone, const NameSpec& spec) {
  if (zone.history == nullptr) return put_content(zone, spec);
  const Entry* old = entry_at(zone, spec.owner);
  const bool was_there = old != nullptr;
  zone.history->before(spec.owner, old);
  put_content(zone, spec);
  zone.history->after(spec.owner, was_there, entry_at(zone, spec.owner));
}

void Zones::erase(Zone& zone, const Name& owner) {
  if (binding_at(zone, owner) != nullptr) return put(zone, {owner, {}});
  erase_all(zone, owner);
}

void Zones::erase_all(Zone& zone, const Name& owner) {
  if (zone.history == nullptr) return erase_content(zone, owner);
  const Entry* old = entry_at(zone, owner);
  if (old == nullptr) return;
  zone.history->before(owner, old);
  erase_content(zone, owner);
  zone.history->after(owner, true, entry_at(zone, owner));
}

// Null: nothing was put there.
const Entry* Zones::entry_at(const Zone& zone, const Name& owner) const {
  const FoldedWire folded(owner);
  const Entry* entry =
      is_inner(zone, owner) ? table_.find_aside(zone.id, folded.wire()) : table_.find(folded.wire());
  return entry != nullptr && entry->is(Entry::kOwned) ? entry : nullptr;
}

void Zones::put_content(Zone& zone, const NameSpec& spec) {
  if (is_inner(zone, spec.owner)) return put_aside(zone, EntryWriter::build(spec, Entry::kOwned, zone.id));
  if (spec.owner == zone.config.apex) return put_apex(zone, spec);
  zone.tree.put(spec);
}

EntryPtr Zones::prepare(ZoneId zone, std::string_view owner, std::span<const ZoneRecord> records) {
  return EntryWriter::build(owner, records, Entry::kOwned, zone);
}

void Zones::put(Zone& zone, std::span<EntryPtr> prepared) {
  if (prepared.size() == 1) return put(zone, std::move(prepared.front()));
  // Names: their old entries are fetched so long before they are put, and so long before that their slots.
  constexpr std::size_t kAhead = 8;
  for (std::size_t i = 0; i < prepared.size() + 2 * kAhead; ++i) {
    if (i < prepared.size()) table_.prefetch_slot(prepared[i]->name());
    if (i >= kAhead && i - kAhead < prepared.size()) table_.prefetch_entry(prepared[i - kAhead]->name());
    if (i >= 2 * kAhead) put(zone, std::move(prepared[i - 2 * kAhead]));
  }
}

void Zones::put(Zone& zone, EntryPtr prepared) {
  if (zone.has_bindings && binding_at(zone, *Name::from_wire(prepared->name())) != nullptr)
    return put(zone, EntryWriter::read(*prepared));
  if (zone.history == nullptr) return put_content(zone, std::move(prepared));
  const Name owner = *Name::from_wire(prepared->name());
  const Entry* old = entry_at(zone, owner);
  const bool was_there = old != nullptr;
  zone.history->before(owner, old);
  put_content(zone, std::move(prepared));
  zone.history->after(owner, was_there, entry_at(zone, owner));
}

void Zones::put_content(Zone& zone, EntryPtr prepared) {
  if (zone.inner_zones > 0 && is_inner(zone, *Name::from_wire(prepared->name()))) {
    put_aside(zone, std::move(prepared));
  } else {
    zone.tree.put(std::move(prepared));
  }
}

// A quarter more, for the empty non-terminals among them.
void Zones::expect(std::size_t more_names) {
  table_.reserve(more_names == 0 ? 0 : table_.stats().names + more_names + more_names / 4);
}

void Zones::erase_content(Zone& zone, const Name& owner) {
  if (is_inner(zone, owner)) return erase_aside(zone, owner);
  if (owner == zone.config.apex) return put_apex(zone, {zone.config.apex, {}});
  zone.tree.erase(owner);
}

void Zones::put_aside(Zone& zone, EntryPtr entry) {
  if (table_.find_aside(zone.id, FoldedWire(entry->name()).wire()) == nullptr) ++zone.names_aside;
  EntryWriter::place(*entry, (entry->flags() & ~Entry::kCut) | Entry::kAside, 0);
  table_.put(std::move(entry));
}

void Zones::erase_aside(Zone& zone, const Name& owner) {
  const Entry* entry = table_.find_aside(zone.id, FoldedWire(owner).wire());
  if (entry == nullptr) return;
  --zone.names_aside;
  table_.remove(entry);
}

void Zones::put_apex(Zone& zone, const NameSpec& spec) {
  NameSpec whole = spec;
  drop_soa(whole);
  whole.rrsets.insert(whole.rrsets.begin(), soa_rrset(zone.config));
  zone.tree.put(whole);
}

// Generated zones have none; null: the zone is not there (yet).
Zone* Zones::zone_for_binding(const Name& owner) {
  Zone* zone = zone_of(owner);
  return zone == nullptr || zone->config.generated ? nullptr : zone;
}

Zones::Binding* Zones::binding_at(const Zone& zone, const Name& owner) {
  if (!zone.has_bindings || is_inner(zone, owner)) return nullptr;
  const auto binding = bindings_.find(owner);
  return binding == bindings_.end() ? nullptr : &binding->second;
}

void Zones::bind(const Name& owner, std::vector<RrType> types, std::vector<RrsetSpec> sets) {
  for (RrsetSpec& set : sets) set.bound = true;
  Binding& binding = bindings_[owner];
  binding.types = std::move(types);
  binding.sets = std::move(sets);
  put_binding(owner);
}

void Zones::put_binding(const Name& owner) {
  Zone* zone = zone_for_binding(owner);
  if (zone == nullptr) return;
  zone->has_bindings = true;
  put(*zone, read_own(*zone, owner).value_or(NameSpec{owner, {}}));
}

void Zones::unbind(const Name& owner) {
  const auto binding = bindings_.find(owner);
  if (binding == bindings_.end()) return;
  take_binding(owner);
  bindings_.erase(binding);
}

// What the zone itself has stays, and what was hidden comes back.
void Zones::take_binding(const Name& owner) {
  Zone* zone = zone_for_binding(owner);
  if (zone == nullptr) return;
  const auto own = read_own(*zone, owner);
  bindings_.at(owner).hidden.clear();
  if (own) {
    put_all(*zone, *own);
  } else {
    erase_all(*zone, owner);
  }
}

// Those at or below an apex where a zone comes or goes, but for the names of zones further below.
void Zones::for_bindings(const Name& apex, const std::function<void(const Name&, Binding&)>& each) {
  for (auto at = bindings_.lower_bound(apex); at != bindings_.end() && at->first.is_at_or_below(apex); ++at) {
    const Zone* zone = zone_of(at->first);
    const bool is_further =
        zone != nullptr && zone->config.apex != apex && zone->config.apex.is_at_or_below(apex);
    if (!is_further) each(at->first, at->second);
  }
}

// Out of the zone that has them until another one comes.
void Zones::take_bindings(const Name& apex) {
  for_bindings(apex, [this](const Name& owner, Binding&) { take_binding(owner); });
}

// Into the zone that has them now.
void Zones::put_bindings(const Name& apex) {
  for_bindings(apex, [this](const Name& owner, Binding& binding) {
    binding.hidden.clear();  // the other zone's
    put_binding(owner);
  });
}

std::vector<RrType> Zones::bound_types(const Name& owner) const {
  const auto binding = bindings_.find(owner);
  return binding == bindings_.end() ? std::vector<RrType>() : binding->second.types;
}

std::vector<RrsetSpec> Zones::bound_sets(const Name& owner) const {
  std::vector<RrsetSpec> sets;
  const auto binding = bindings_.find(owner);
  if (binding == bindings_.end()) return sets;
  std::copy_if(binding->second.sets.begin(), binding->second.sets.end(), std::back_inserter(sets),
               [](const RrsetSpec& set) { return !set.members.empty(); });
  return sets;
}

bool Zones::has_bound_below(const Name& owner) const {
  const auto at = bindings_.lower_bound(owner);
  return at != bindings_.end() && at->first.is_at_or_below(owner);
}

std::optional<NameSpec> Zones::read_own(const Zone& zone, const Name& owner) const {
  std::optional<NameSpec> spec = read(zone, owner);
  if (!spec) return std::nullopt;
  drop_bound(*spec);
  if (const Binding* binding = const_cast<Zones*>(this)->binding_at(zone, owner))
    spec->rrsets.insert(spec->rrsets.end(), binding->hidden.begin(), binding->hidden.end());
  return spec->rrsets.empty() ? std::nullopt : spec;
}

void Zones::update_view(Zone& zone) {
  table_.set_view(zone.id, view_of(zone.config, zone.readiness, zone.stale));
}

void Zones::set_stale(Zone& zone, Note stale) {
  if (zone.stale == stale) return;
  zone.stale = std::move(stale);
  update_view(zone);
}

void Zones::set_readiness(Zone& zone, Readiness readiness) {
  const bool was_ready = std::exchange(zone.readiness, readiness) == Readiness::ready;
  update_view(zone);
  const bool is_ready = readiness == Readiness::ready;
  if (zone.history == nullptr || was_ready == is_ready) return;
  zone.history->record(is_ready);
  tell_serial(zone);
}

void Zones::keep_history(Zone& zone, bool keep) {
  if (keep == (zone.history != nullptr)) return;
  if (!keep) return zone.history.reset();
  zone.history =
      std::make_unique<ZoneHistory>([this, &zone](const Name& owner) { return entry_at(zone, owner); });
  table_.for_each([&](const Entry& entry) {
    if (entry.zone_id() != zone.id || !entry.is(Entry::kOwned)) return;
    zone.history->after(*Name::from_wire(entry.name()), false, &entry);
  });
  zone.history->record(zone.readiness == Readiness::ready);
  tell_serial(zone);
}

ZoneHistory* Zones::history(Zone& zone) { return zone.history.get(); }

void Zones::tell_serial(const Zone& zone) const {
  if (on_serial_ && zone.history != nullptr && zone.readiness == Readiness::ready) on_serial_(zone);
}

bool Zones::close_batch(Zone& zone, std::uint32_t serial) {
  if (zone.history != nullptr && !zone.history->differs()) return false;
  set_serial(zone, serial);
  return true;
}

void Zones::set_serial(Zone& zone, std::uint32_t serial) {
  Soa soa = zone.config.soa;
  soa.serial = serial;
  set_soa(zone, soa, zone.config.soa_ttl);
}

void Zones::set_soa(Zone& zone, const Soa& soa, std::uint32_t soa_ttl) {
  if (zone.history != nullptr) {
    zone.history->close(zone.config.apex, {zone.config.soa, zone.config.soa_ttl}, {soa, soa_ttl});
  }
  zone.config.soa = soa;
  zone.config.soa_ttl = soa_ttl;
  update_view(zone);
  put_apex(zone, *read(zone, zone.config.apex));
  tell_serial(zone);
}

std::uint32_t Zones::serial(const Zone& zone) const { return zone.config.soa.serial; }
ZoneId Zones::id(const Zone& zone) const { return zone.id; }
const Name& Zones::apex(const Zone& zone) const { return zone.config.apex; }
const ZoneConfig& Zones::config(const Zone& zone) const { return zone.config; }
Readiness Zones::readiness(const Zone& zone) const { return zone.readiness; }
std::size_t Zones::names(const Zone& zone) const { return zone.tree.names() + zone.names_aside; }

std::optional<NameSpec> Zones::read(const Name& owner) const {
  const Entry* entry = table_.find(FoldedWire(owner).wire());
  return entry == nullptr ? std::nullopt : std::optional(EntryWriter::read(*entry));
}

std::optional<NameSpec> Zones::read(const Zone& zone, const Name& owner) const {
  if (!owner.is_at_or_below(zone.config.apex)) return std::nullopt;
  if (!is_inner(zone, owner)) return read(owner);
  const Entry* entry = table_.find_aside(zone.id, FoldedWire(owner).wire());
  return entry == nullptr ? std::nullopt : std::optional(EntryWriter::read(*entry));
}

// Names kept aside have no children that are counted; names of an inner zone are none of this zone's.
bool Zones::has_names_below(const Zone& zone, const Name& owner) const {
  if (is_inner(zone, owner)) return false;
  const Entry* entry = table_.find(FoldedWire(owner).wire());
  return entry != nullptr && EntryWriter::children(*entry) > 0;
}

void Zones::for_each(const Zone& zone, const std::function<void(const NameSpec&)>& visit) const {
  visit(*read(zone.config.apex));
  table_.for_each([&](const Entry& entry) {
    if (entry.zone_id() != zone.id || !entry.is(Entry::kOwned) || entry.is(Entry::kApex)) return;
    visit(EntryWriter::read(entry));
  });
}

// Deepest names first, the apex last. Whoever has erased all but the apex spares the pass over the table.
void Zones::remove_names(const Zone& zone) {
  if (zone.tree.names() == 1 && zone.names_aside == 0 && zone.inner_zones == 0) {
    return table_.remove(table_.find(FoldedWire(zone.config.apex).wire()));
  }
  std::vector<const Entry*> entries;
  table_.for_each([&](const Entry& entry) {
    if (entry.zone_id() == zone.id) entries.push_back(&entry);
  });
  const auto depth = [](const Entry* entry) { return Name::from_wire(entry->name())->label_count(); };
  std::stable_sort(entries.begin(), entries.end(),
                   [&](const Entry* a, const Entry* b) { return depth(a) > depth(b); });
  for (const Entry* entry : entries) table_.remove(entry);
}

// Takes the zone's names at or below this one out of its tree, deepest first; gives back what they held.
std::vector<NameSpec> Zones::take_names(Zone& zone, const Name& below) {
  std::vector<NameSpec> taken;
  if (table_.find(FoldedWire(below).wire()) == nullptr) return taken;  // so nothing is below it
  table_.for_each([&](const Entry& entry) {
    if (entry.zone_id() != zone.id || !entry.is(Entry::kOwned) || entry.is(Entry::kAside)) return;
    if (Name::from_wire(entry.name())->is_at_or_below(below)) taken.push_back(EntryWriter::read(entry));
  });
  std::stable_sort(taken.begin(), taken.end(), [](const NameSpec& a, const NameSpec& b) {
    return a.owner.label_count() > b.owner.label_count();
  });
  for (const NameSpec& spec : taken) zone.tree.erase(spec.owner);
  return taken;
}

// Takes what was kept aside for an inner zone that is no more.
std::vector<NameSpec> Zones::take_aside(Zone& zone) {
  std::vector<NameSpec> taken;
  if (zone.names_aside == 0) return taken;
  table_.for_each([&](const Entry& entry) {
    if (entry.zone_id() != zone.id || !entry.is(Entry::kAside)) return;
    NameSpec spec = EntryWriter::read(entry);
    if (zone_of(spec.owner) == &zone) taken.push_back(std::move(spec));
  });
  for (const NameSpec& spec : taken) erase_aside(zone, spec.owner);
  return taken;
}

}  // namespace muster::zones
