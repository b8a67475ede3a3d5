#include "tools/musterd/update_door.h"

#include <algorithm>

#include "zones/registrations_view.h"

namespace muster::tools {

namespace {

using dns::ExtendedError;
using dns::Rcode;
using Result = dns::Updates::Result;
using zones::UpdateFault;

Result result_of(const zones::UpdateRefusal& refusal) {
  Result result{.rcode = dns::rcode_for(refusal.fault), .reason = refusal.reason};
  if (refusal.fault == UpdateFault::refused) result.error = ExtendedError::prohibited;
  return result;
}

Result failed(std::string_view why) {
  return {.rcode = Rcode::servfail, .error = ExtendedError::other, .error_text = std::string(why), .reason = std::string(why)};
}

Result result_of(const zones::ZoneUpdates::End& end) {
  using Ending = zones::ZoneUpdates::Ending;
  switch (end.ending) {
    case Ending::applied: return {};
    case Ending::refused: return result_of(*end.refusal);
    case Ending::not_stored: return failed("the store cannot be written");
    case Ending::too_many: break;
  }
  return failed("too many updates at once");
}

// What the client can mend is REFUSED, what time mends SERVFAIL.
Result result_of(const registry::Refusal& refusal) {
  using enum registry::RefusalCode;
  switch (refusal.code) {
    case too_many_instances:
    case too_many_services:
    case too_many_claims:
    case out_of_capacity: return failed(refusal.message);
    default: break;
  }
  return {.rcode = Rcode::refused, .error = ExtendedError::prohibited, .reason = refusal.message};
}

}  // namespace

// One file zone's updates, and the turn in which they may be stored.
class UpdateDoor::Stored {
 public:
  Stored(UpdateDoor& door, zones::Zones& zones, const zones::Name& apex)
      : updates(zones, apex, [this, &door](registry::Rows rows) { store(door, std::move(rows)); }) {}

  zones::ZoneUpdates updates;
  registry::Turn* turn = nullptr;
  bool closed = false;  // while a new version of the file takes the old one's place

 private:
  void store(UpdateDoor& door, registry::Rows rows) {
    for (registry::Row& row : rows) turn->registry.store_beside(std::move(row));
    turn->after_durable([this, &door](registry::Durability result) { door.settle(*this, result.durable); });
  }
};

UpdateDoor::UpdateDoor(Names& names, zones::Name domain, Later later)
    : names_(names), domain_(std::move(domain)), later_(std::move(later)) {}

UpdateDoor::~UpdateDoor() = default;

bool UpdateDoor::restore(const registry::ZoneRow& row) {
  const auto apex = zones::parse_domain(row.zone);
  return apex && stored(*apex).updates.restore(row);
}

UpdateDoor::Stored& UpdateDoor::stored(const zones::Name& apex) {
  auto& place = zones_[apex];
  if (!place) place = std::make_unique<Stored>(*this, names_.zones, apex);
  return *place;
}

bool UpdateDoor::apply(dns::UpdateRequest request, dns::Updates::Done done) {
  return control_->submit(
      [this, request = std::move(request), done = std::move(done)](registry::Turn& turn) mutable {
        if (request.update.zone == domain_) {
          if (turn.registry.has_changes()) return turn.publish_first();
          register_instances(request, std::move(done), turn);
        } else {
          update_file_zone(request, std::move(done), turn);
        }
      });
}

void UpdateDoor::update_file_zone(const dns::UpdateRequest& request, dns::Updates::Done done, registry::Turn& turn) {
  zones::Zone* zone = names_.zones.find(request.update.zone);
  if (zone == nullptr || names_.zones.readiness(*zone) != zones::Readiness::ready)
    return done({.rcode = Rcode::servfail, .error = ExtendedError::not_ready, .reason = "the zone is not loaded"});
  if (!turn.accepts_writes) return done(failed("too much waits for the store"));
  Stored& place = stored(request.update.zone);
  if (place.closed)
    return done({.rcode = Rcode::servfail, .error = ExtendedError::not_ready, .reason = "the zone is being reloaded"});
  place.turn = &turn;
  place.updates.submit(request.update, [done = std::move(done)](zones::ZoneUpdates::End end) mutable { done(result_of(end)); });
  place.turn = nullptr;
}

// On whichever thread tells that a commit has ended.
void UpdateDoor::settle(Stored& zone, bool durable) {
  const bool taken = control_->submit([&zone, durable](registry::Turn& turn) {
    zone.turn = &turn;
    zone.updates.settled(durable);
    zone.turn = nullptr;
  });
  if (!taken) later_([this, &zone, durable] { settle(zone, durable); });
}

// The message is held against what is published, so that must be all that is registered: two updates of one batch
// would otherwise be planned as if the first had not been.
// The store is known to fail: nothing is applied. A commit that fails later leaves the change in memory, and
// the client, told so, asks again.
void UpdateDoor::register_instances(const dns::UpdateRequest& request, dns::Updates::Done done, registry::Turn& turn) {
  if (!control_->store_state().healthy) return done(failed("the store cannot be written"));
  if (!turn.accepts_writes) return done(failed("too much waits for the store"));
  if (const auto refusal = check(request.update)) return done(result_of(*refusal));
  std::optional<registry::Millis> lease;
  if (request.lease_seconds) lease = std::chrono::seconds(*request.lease_seconds);
  const auto known = zones::view_registrations(domain_, *names_.publisher, turn.registry, turn.now);
  const auto changes = zones::plan_registrations(request.update, known, lease, request.by);
  if (!changes) return done(result_of(changes.error()));
  const registry::Outcome outcome = turn.registry.apply_all(*changes, turn.now);
  if (!outcome) return done(result_of(outcome.error()));
  Result result;
  const auto granted = static_cast<std::uint32_t>(outcome->lease.ttl.count() / 1000);
  if (request.lease_seconds && granted > 0) result.lease_seconds = granted;
  turn.after_durable([done = std::move(done), result = std::move(result)](registry::Durability stored) mutable {
    done(stored.durable ? std::move(result) : failed("applied, but the store cannot be written"));
  });
}

std::optional<zones::UpdateRefusal> UpdateDoor::check(const zones::Update& update) const {
  zones::Zones& all = names_.zones;
  const zones::Zone& zone = *all.find(update.zone);
  return zones::check_update(update, {.apex = update.zone,
                                      .soa = all.config(zone).soa,
                                      .soa_ttl = all.config(zone).soa_ttl,
                                      .read = [&](const zones::Name& owner) { return all.read(zone, owner); },
                                      .has_names_below = [&](const zones::Name& owner) {
                                        return all.has_names_below(zone, owner);
                                      }});
}

std::optional<zones::Name> UpdateDoor::lay_over(zones::Zone& zone, const zones::Name& apex,
                                                const std::optional<zones::Name>& behind) {
  return stored(apex).updates.lay_over(zone, behind);
}

// Rows that the store fails to take now are tried again by itself.
bool UpdateDoor::stand_on(zones::Zone& zone, const zones::Name& apex, std::uint64_t file, registry::Turn& turn) {
  zones::ZoneUpdates& updates = stored(apex).updates;
  for (registry::Row& row : updates.stand_on(zone, file)) turn.registry.store_beside(std::move(row));
  return updates.on_other_file();
}

bool UpdateDoor::close(const zones::Name& apex) {
  Stored& place = stored(apex);
  place.closed = true;
  return !place.updates.stored().empty() || !place.updates.idle();
}

void UpdateDoor::open(const zones::Name& apex, std::uint64_t file) {
  Stored& place = stored(apex);
  place.closed = false;
  if (place.updates.stored().empty() && place.updates.idle()) place.updates.set_file(file);
}

bool UpdateDoor::discard(const zones::Name& apex, registry::Turn& turn) {
  zones::ZoneUpdates& updates = stored(apex).updates;
  if (!updates.idle()) return false;
  for (registry::Row& row : updates.discard()) turn.registry.store_beside(std::move(row));
  return true;
}

}  // namespace muster::tools
