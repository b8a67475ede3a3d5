// How a start begins, and how a reload goes on: stored rows become `recovered` instances, shown once all are
// read.
#include <algorithm>
#include <charconv>

#include "registry/core.h"
#include "registry/limits.h"

namespace muster::registry {
namespace {

SourceId stored_source(const std::string& name) {
  if (name == "update") return {SourceKind::update, name};
  if (name == "lyft") return {SourceKind::lyft, name};
  return {SourceKind::heartbeat, name};
}

Cause stored_cause(std::string_view cause) {
  return cause == to_string(Cause::task_ended) ? Cause::task_ended : Cause::deregistered;
}

std::optional<HeartbeatStatus> stored_status(std::string_view state) {
  if (state == to_string(State::suspended)) return HeartbeatStatus::critical;
  if (state == to_string(State::starting)) return HeartbeatStatus::starting;
  return std::nullopt;
}

template <class... Each>
struct Overloaded : Each... {
  using Each::operator()...;
};
template <class... Each>
Overloaded(Each...) -> Overloaded<Each...>;

}  // namespace

void Registry::Core::restore(const Row& row, Instant now) {
  now_ = inner(now);
  restoring_ = true;
  std::visit(Overloaded{
                 [this](const ClaimRow& claim) { restore_claim(claim); },
                 [this](const TombstoneRow& dead) { restore_tombstone(dead); },
                 [this](const DrainRow& drain) {
                   next_sequence_ = std::max(next_sequence_, drain.number + 1);
                   drains_.add(drain);
                 },
                 [this](const ServiceRow& service) { restore_service(service); },
                 [this](const OverlayRows& overlay) { restore_overlay(overlay); },
                 [this](const HealthRow& health) { restore_health(health); },
                 [this](const MetaRow& meta) { restore_meta(meta); },
                 [](const auto&) {},  // what is gone is not stored
             },
             row);
  restoring_ = false;
}

// Rows of one service stand together more often than not.
Registry::Core::StoredService& Registry::Core::stored_service(const std::string& name) {
  auto& [services, places, last, shown, claims, reports] = stored_;
  if (services.empty() || services[last].name != name) {
    const auto [at, is_new] = places.try_emplace(name, services.size());
    if (is_new) services.push_back({name, {}});
    last = at->second;
  }
  return services[last];
}

void Registry::Core::restore_claim(const ClaimRow& row) {
  auto entry = std::make_unique<Entry>();
  auto identity = new_identity(row.service, row.id, row.sequence, row.created_at);
  entry->shown = identity;
  entry->claims.reserve(1);
  Claim& claim = entry->claims.emplace_back();
  claim.source = intern(stored_source(row.source));
  claim.body = row.body;
  claim.generation = row.generation;
  claim.lease_ms = static_cast<std::uint32_t>(row.lease.count());
  claim.heard = row.heard_at;
  claim.by = row.by;
  claim.recovered = true;
  next_sequence_ = std::max(next_sequence_, row.sequence + 1);
  ++stored_.claims;
  stored_service(row.service).claims.push_back({row.sequence, std::move(entry), std::move(identity)});
}

void Registry::Core::restore_tombstone(const TombstoneRow& row) {
  if (row.until <= now_.wall) {
    batch_.rows.push_back(TombstoneGone{row.service, row.id});
    return;
  }
  lay({row.service, row.id}, row.generation, stored_cause(row.cause), row.until - now_.wall);
}

void Registry::Core::restore_service(const ServiceRow& row) {
  Service& service = service_named(row.name);
  service.created_at = row.created_at;
  service.linger_stored = true;
  if (service.members.empty()) linger(service, std::max(Millis(0), row.known_until - now_.wall));
}

void Registry::Core::restore_overlay(const OverlayRows& row) {
  OverlayEdit edit{OverlayEdit::Kind::replace_all, {}, "", std::nullopt};
  for (const std::string& json : row.entries_json)
    if (auto entry = overlay_entry_from_json(json)) edit.entries.push_back(std::move(*entry));
  std::vector<std::string> touched;
  overlay_.edit(edit, touched);
}

void Registry::Core::restore_meta(const MetaRow& row) {
  if (row.key.starts_with(kHostKey)) return restore_host(row);
  if (row.key != "revision_block") return;
  is_first_start_ = false;
  std::from_chars(row.value.data(), row.value.data() + row.value.size(), revisions_end_);
  revision_ = revisions_end_;
}

// Stored reports are kept until their instance is in place; others are nobody's.
void Registry::Core::restore_health(const HealthRow& row) {
  if (row.check != kReportCheck) return restore_watch(row);
  if (stored_status(row.state)) {
    stored_.reports.insert_or_assign({row.service, row.id}, row);
  } else {
    batch_.rows.push_back(HealthGone{row.service, row.id, row.check});
  }
}

void Registry::Core::restore_report(Entry& entry) {
  const auto report = stored_.reports.extract({entry.shown->service, entry.shown->id});
  if (report.empty()) return;
  if (!entry.condition) entry.condition = std::make_unique<Condition>();
  entry.condition->status = *stored_status(report.mapped().state);
  entry.condition->status_since = report.mapped().since;
  entry.condition->by = report.mapped().by;
}

// All rows are read: who is older comes first, services and instances alike.
void Registry::Core::begin_restored() {
  if (revision_ == revisions_end_) reserve_revisions();
  overlay_revision_ = revision_;
  const auto sequence = [](const StoredClaim& claim) { return claim.sequence; };
  for (StoredService& service : stored_.services) {
    if (!std::ranges::is_sorted(service.claims, {}, sequence))
      std::ranges::stable_sort(service.claims, {}, sequence);
  }
  std::ranges::stable_sort(stored_.services, {},
                           [](const StoredService& service) { return service.claims.front().sequence; });
  entries_.reserve(stored_.claims);
  labels_.reserve(stored_.claims);
}

bool Registry::Core::restore_next(Instant listeners_open, std::size_t most) {
  now_ = inner(listeners_open);
  restoring_ = true;
  if (stored_.shown == 0) begin_restored();
  for (std::size_t claims = 0; stored_.shown < stored_.services.size() && claims < most; ++stored_.shown) {
    StoredService& service = stored_.services[stored_.shown];
    claims += service.claims.size();
    restore_members(service);
    service.claims = std::vector<StoredClaim>();
  }
  const bool more = stored_.shown < stored_.services.size();
  if (!more) end_restored();
  restoring_ = false;
  return more;
}

void Registry::Core::restore_members(StoredService& service) {
  std::vector<Entry*> members;
  members.reserve(service.claims.size());
  for (StoredClaim& claim : service.claims)
    if (Entry* member = place_restored(claim)) members.push_back(member);
  for (Entry* member : members) {
    if (!stored_.reports.empty()) restore_report(*member);
    refresh(*member);
  }
}

void Registry::Core::end_restored() {
  for (const auto& [instance, report] : stored_.reports)
    batch_.rows.push_back(HealthGone{report.service, report.id, report.check});
  // Known still, though nobody is registered: no change of an instance will tell of them.
  for (const auto& [name, service] : services_)
    if (service.linger_stored) batch_.known_services.push_back(name);
  stored_ = {};
  if (!is_first_start_) listed_until_ = at() + kListedWithin;
  drains_until_ = at() + config_.service_linger;
}

// Null: a further source's claim on an instance that is in place.
Entry* Registry::Core::place_restored(StoredClaim& stored) {
  Claim& claim = stored.entry->claims.front();
  claim.deadline = at() + Millis(claim.lease_ms);
  if (Entry* known = entry_at(stored.identity->service, stored.identity->id)) {
    known->claims.reserve(known->claims.size() + 1);
    tasks_.add(claim.body->task, *known, false);
    known->claims.push_back(std::move(claim));
    return nullptr;
  }
  Entry* entry = stored.entry.release();
  entry->has_begun = true;
  entries_.insert(*entry);
  tasks_.add(entry->claims.front().body->task, *entry, false);
  entry->effect = effect_on(*entry);
  enlist(*entry, std::move(stored.identity));
  recall_drain(*entry, EntryKey{}(*entry));
  return entry;
}

void Registry::Core::restored(Instant listeners_open) {
  while (restore_next(listeners_open, ~std::size_t{0})) {
  }
}

void Registry::Core::reconfigure(RegistryConfig config, Instant now) {
  now_ = inner(now);
  config.epoch = config_.epoch;
  const bool had_rights = config_.may_write != nullptr;
  config_ = std::move(config);
  protection_.reconfigure(config_.protection);
  health_.reconfigure(config_.max_probes_in_flight);
  for (const std::string& name : config_.configured_services) {
    if (is_known(name)) continue;
    service_named(name);
    batch_.known_services.push_back(name);
  }
  begin_sweep(true, had_rights || config_.may_write, {});
}

}  // namespace muster::registry
