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

void read_drain(const ClaimRow& row, Entry& entry, Instant now) {
  if (!row.draining) return;
  if (!entry.condition) entry.condition = std::make_unique<Condition>();
  entry.condition->draining_since = row.draining_since;
  entry.condition->draining_reason = row.draining_reason;
  if (row.remove_at) entry.condition->remove_at = now.steady + std::max(Millis(0), *row.remove_at - now.wall);
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
                 [this](const ServiceRow& service) { restore_service(service); },
                 [this](const OverlayRows& overlay) { restore_overlay(overlay); },
                 [this](const HealthRow& health) { restored_reports_.push_back(health); },
                 [this](const MetaRow& meta) { restore_meta(meta); },
                 [](const auto&) {},  // what is gone is not stored
             },
             row);
  restoring_ = false;
}

void Registry::Core::restore_claim(const ClaimRow& row) {
  Entry* entry = entry_at(row.service, row.id);
  if (entry == nullptr) {
    entry = &hold(row);
    next_sequence_ = std::max(next_sequence_, row.sequence + 1);
  }
  entry->claims.reserve(entry->claims.size() + 1);
  Claim& claim = entry->claims.emplace_back();
  claim.source = intern(stored_source(row.source));
  claim.body = row.body;
  claim.generation = row.generation;
  claim.lease_ms = static_cast<std::uint32_t>(row.lease.count());
  claim.heard = row.heard_at;
  claim.by = row.by;
  claim.recovered = true;
  read_drain(row, *entry, now_);
}

Entry& Registry::Core::hold(const ClaimRow& row) {
  auto entry = std::make_unique<Entry>();
  auto identity = new_identity(row.service, row.id, row.sequence, row.created_at);
  entry->shown = identity;
  entries_.insert(*entry);
  restored_.push_back({entry.get(), std::move(identity)});
  return *entry.release();
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
  if (row.key != "revision_block") return;
  std::from_chars(row.value.data(), row.value.data() + row.value.size(), revisions_end_);
  revision_ = revisions_end_;
}

// What its heartbeats said last holds until the next one says otherwise.
void Registry::Core::restore_reports() {
  for (const HealthRow& row : restored_reports_) {
    Entry* entry = entry_at(row.service, row.id);
    const bool is_report = row.check == kReportCheck;
    const auto status = stored_status(row.state);
    if (entry == nullptr || !is_report || !status) {
      batch_.rows.push_back(HealthGone{row.service, row.id, row.check});
      continue;
    }
    if (!entry->condition) entry->condition = std::make_unique<Condition>();
    entry->condition->status = *status;
    entry->condition->status_since = row.since;
  }
  restored_reports_ = {};
}

void Registry::Core::restored(Instant listeners_open) {
  now_ = inner(listeners_open);
  restoring_ = true;
  restore_reports();
  if (revision_ == revisions_end_) reserve_revisions();
  overlay_revision_ = revision_;
  std::ranges::stable_sort(restored_, {}, [](const Restored& one) { return one.identity->sequence; });
  labels_.reserve(restored_.size());
  for (auto& [entry, identity] : restored_) {
    enlist(*entry, std::move(identity));
    for (Claim& claim : entry->claims) claim.deadline = at() + Millis(claim.lease_ms);
    entry->effect = overlay_.effect_on(entry->shown->service, entry->shown->id);
    refresh(*entry);
  }
  restored_ = {};
  // Known still, though nobody is registered: no change of an instance will tell of them.
  for (const auto& [name, service] : services_)
    if (service.linger_stored) batch_.known_services.push_back(name);
  restoring_ = false;
}

void Registry::Core::reconfigure(RegistryConfig config, Instant now) {
  now_ = inner(now);
  config.epoch = config_.epoch;
  config_ = std::move(config);
  protection_.reconfigure(config_.protection);
  for (const std::string& name : config_.configured_services) {
    if (is_known(name)) continue;
    service_named(name);
    batch_.known_services.push_back(name);
  }
  for (auto& [name, service] : services_) {
    const bool was_configured = service.settings.configured;
    apply_settings(service);
    set_service_reason(service, reason_for(service));
    if (was_configured) leave_service(service);
  }
  entries_.for_each([this](Entry& entry) {
    if (entry.condition) refresh(entry);
    update_membership(entry, entry.shown.get());
  });
}

}  // namespace muster::registry
