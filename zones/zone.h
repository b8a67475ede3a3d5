// The writer's side of the zones: what exists below each apex, empty non-terminals, delegation cuts,
// wildcards, SOA serials. It turns NameSpec values into entries of the live name table. Control thread only;
// readers never see it.
//
// Invariants:
//  1. Every ancestor of an existing name, up to its apex, has an entry (RFC 4592 §2.2.2); it comes before the
//     name and goes after it.
//  2. A name that is asked has one entry. Where a zone lies inside another of ours, the inner zone's names
//     win (longest apex); the outer's glue there is kept aside under the outer zone.
//  3. Each name is published on its own: a reader sees it old or new, never half.
// Of each change of a zone that may be transferred its history is told (zones/zone_history.h).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "registry/net/clock.h"
#include "zones/answer_spec.h"
#include "zones/name_table.h"
#include "zones/zone_history.h"
#include "zones/zone_record.h"

namespace muster::zones {

struct ZoneConfig {
  Name apex;
  // From the registry: the SOA of its negative answers has the TTL negative_ttl whatever MINIMUM says.
  bool generated = false;
  Soa soa;  // of file zones the serial is the file's
  std::uint32_t soa_ttl = 2;
  std::uint32_t negative_ttl = 2;  // generated zones only; of file zones min(SOA TTL, MINIMUM)
};

class Zone;  // opaque handle, owned by Zones

class Zones {
 public:
  explicit Zones(NameTable& table);
  ~Zones();
  Zones(const Zones&) = delete;
  Zones& operator=(const Zones&) = delete;

  // Adds a zone with its apex entry (SOA only). Precondition: no zone with that apex. Throws
  // std::runtime_error when NameTable::kZonesMax zones exist. Where names of an outer zone lie at or below
  // the apex, they are put aside.
  Zone& add(const ZoneConfig& config);
  void remove(Zone& zone);  // and every name of it
  Zone* find(const Name& apex);
  Zone* zone_of(const Name& name);  // longest matching apex; null: none of ours
  std::vector<Zone*> all();

  // Replaces the whole content of one name; ancestors appear first. The apex's SOA is kept by the zone
  // itself: a spec for the apex holds the other types. Precondition: owner is at or below the apex.
  void put(Zone& zone, const NameSpec& spec);
  // The same of many names of a zone file, made on any thread by prepare(). An apex is put as a spec.
  static EntryPtr prepare(ZoneId zone, std::string_view owner, std::span<const ZoneRecord> records);
  void put(Zone& zone, std::span<EntryPtr> prepared);
  // So many names are about to be put: room for them is made at once instead of step by step. 0: all are
  // there.
  void expect(std::size_t more_names);
  // The name's own records go; it stays as an empty non-terminal while names below it exist.
  void erase(Zone& zone, const Name& owner);
  // A service's sets at a name of a file zone, beside what the zone itself has there: they stay while that
  // changes, or the zone comes and goes, and the name with them, until unbind(). Of `types` the zone's own
  // are hidden meanwhile, whether or not the service has a set of them.
  void bind(const Name& owner, std::vector<RrType> types, std::vector<RrsetSpec> sets);
  void unbind(const Name& owner);
  std::vector<RrType> bound_types(const Name& owner) const;
  // Whether one is bound at or below this one.
  bool has_bound_below(const Name& owner) const;
  // Those that have members.
  std::vector<RrsetSpec> bound_sets(const Name& owner) const;
  void set_readiness(Zone& zone, Readiness readiness);
  // What fills a generated zone is out of touch: all its answers say so. A note without `since`: it is not.
  void set_stale(Zone& zone, Note stale);
  // The serial of the next batch; also rebuilds the apex entry and the negative answers.
  void set_serial(Zone& zone, std::uint32_t serial);
  // A file zone's new SOA, its serial included.
  void set_soa(Zone& zone, const Soa& soa, std::uint32_t soa_ttl);
  // The serial for what has changed since the last one; false: nothing has that a transfer would show, and
  // the old serial stays. Of zones without a history every put and erase counts as a change.
  bool close_batch(Zone& zone, std::uint32_t serial);

  // Whether the zone can be transferred and so keeps a history (zones/zone_history.h). It costs memory and
  // every change a little; turning it on costs one look at each name of the zone at once.
  void keep_history(Zone& zone, bool keep);
  ZoneHistory* history(Zone& zone);  // null: none is kept
  // Called after each new SOA of a zone with a history that is ready: for NOTIFY.
  void on_serial(std::function<void(const Zone&)> hook) { on_serial_ = std::move(hook); }
  std::uint32_t serial(const Zone& zone) const;
  const Name& apex(const Zone& zone) const;
  ZoneId id(const Zone& zone) const;
  const ZoneConfig& config(const Zone& zone) const;
  Readiness readiness(const Zone& zone) const;
  std::size_t names(const Zone& zone) const;  // with records

  // What a name holds now, decoded from its entry: explain, dumps, transfers, tests. nullopt: no such name.
  std::optional<NameSpec> read(const Name& owner) const;
  // What this zone holds there, also where an inner zone's name is answered instead.
  std::optional<NameSpec> read(const Zone& zone, const Name& owner) const;
  // The same without what is bound; nullopt also where there is nothing else.
  std::optional<NameSpec> read_own(const Zone& zone, const Name& owner) const;
  // Whether this zone has a name below this one.
  bool has_names_below(const Zone& zone, const Name& owner) const;
  // Every name of the zone with its records, apex first, else in no order (dump, AXFR).
  void for_each(const Zone& zone, const std::function<void(const NameSpec&)>& visit) const;

 private:
  struct Binding {
    std::vector<RrType> types;
    std::vector<RrsetSpec> sets;
    std::vector<RrsetSpec> hidden;  // the zone's own of these types
  };

  bool is_inner(const Zone& zone, const Name& owner) const;
  std::vector<Zone*> inner_of(const Zone* outer, const Name& below) const;
  const Entry* entry_at(const Zone& zone, const Name& owner) const;
  // Whether or not a service has sets there.
  void put_all(Zone& zone, const NameSpec& spec);
  void erase_all(Zone& zone, const Name& owner);
  void put_content(Zone& zone, const NameSpec& spec);
  void put(Zone& zone, EntryPtr prepared);
  void put_content(Zone& zone, EntryPtr prepared);
  void erase_content(Zone& zone, const Name& owner);
  void tell_serial(const Zone& zone) const;
  void put_aside(Zone& zone, EntryPtr entry);
  void erase_aside(Zone& zone, const Name& owner);
  void put_apex(Zone& zone, const NameSpec& spec);
  void update_view(Zone& zone);
  void remove_names(const Zone& zone);
  std::vector<NameSpec> take_names(Zone& zone, const Name& below);
  std::vector<NameSpec> take_aside(Zone& zone);

  NameTable& table_;
  std::map<Name, std::unique_ptr<Zone>> zones_;  // canonical order: what lies below a name follows it
  std::unordered_map<Name, Zone*, NameHash> by_apex_;
  std::function<void(const Zone&)> on_serial_;

  Binding* binding_at(const Zone& zone, const Name& owner);
  Zone* zone_for_binding(const Name& owner);
  void put_binding(const Name& owner);
  void take_binding(const Name& owner);
  void for_bindings(const Name& apex, const std::function<void(const Name&, Binding&)>& each);
  void take_bindings(const Name& apex);
  void put_bindings(const Name& apex);
  std::map<Name, Binding> bindings_;
};

}  // namespace muster::zones
