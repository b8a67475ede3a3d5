#include "registry/entry.h"

#include <algorithm>
#include <tuple>

namespace muster::registry {

void Condition::take_report(const Condition& from) {
  status = from.status;
  status_since = from.status_since;
  report = from.report;
  load = from.load;
  overloaded = from.overloaded;
  by = from.by;
}

bool Condition::is_usual() const {
  return status == HeartbeatStatus::passing && report.empty() && !load && !overloaded;
}

void Condition::join_drain(const Drain& other) {
  if (!drain) drain = other;
  if (other.remove_at)
    drain->remove_at = std::min(drain->remove_at.value_or(*other.remove_at), *other.remove_at);
}

bool comes_before(const Instance& a, const Instance& b) {
  const auto key = [](const Instance& i) {
    return std::tuple(i.body->priority_or_default(), i.body->order_or_default(), i.sequence,
                      std::string_view(i.id));
  };
  return key(a) < key(b);
}

bool has_generations(SourceKind kind) { return kind == SourceKind::heartbeat || kind == SourceKind::update; }
bool is_stored(SourceKind kind) { return has_generations(kind) || kind == SourceKind::lyft; }
bool has_rights(SourceKind kind) { return kind == SourceKind::heartbeat || kind == SourceKind::lyft; }
bool is_stored(HeartbeatStatus status) {
  return status == HeartbeatStatus::critical || status == HeartbeatStatus::starting;
}
HeartbeatStatus status_of(const Entry& entry) {
  return entry.condition ? entry.condition->status : HeartbeatStatus::passing;
}
bool is_draining(const Entry& entry) { return entry.condition && entry.condition->drain; }
int badness(HeartbeatStatus status) {
  switch (status) {
    case HeartbeatStatus::passing: return 0;
    case HeartbeatStatus::warning: return 1;
    case HeartbeatStatus::starting: return 2;
    case HeartbeatStatus::critical: return 3;
  }
  return 0;
}

// A check that probes, of an instance that has nothing to be probed.
bool has_no_target(const health::Watch& watch) {
  return watch.check != nullptr && watch.check->type != health::CheckType::ttl && watch.probe == nullptr;
}

Fitness fitness_by(const health::Watch& watch) {
  const State state = watch.machine.state();
  Reason reason = Reason::ok;
  if (state == State::starting) reason = has_no_target(watch) ? Reason::bad_port : Reason::starting;
  if (state == State::suspended) reason = Reason::suspended;
  if (state == State::timedout) reason = watch.machine.is_capped() ? Reason::capped : Reason::timedout;
  return {state, reason, watch.failure.failure, watch.failure.http_status};
}

// Among equals a scheduler's word goes before the report, and that before what checks have found.
Fitness fitness_of(const Entry& entry) {
  Fitness worst;
  const auto judge = [&](const Fitness& one) {
    if (health::badness(one.state) > health::badness(worst.state)) worst = one;
  };
  for (const Claim& claim : entry.claims) judge(claim.fitness);
  const HeartbeatStatus reported = status_of(entry);
  if (reported == HeartbeatStatus::starting) judge({State::starting, Reason::starting});
  if (reported == HeartbeatStatus::critical) judge({State::suspended, Reason::suspended_report});
  const health::Watch* watch = entry.checkup ? entry.checkup->worst() : nullptr;
  if (watch != nullptr) judge(fitness_by(*watch));
  return worst;
}

bool is_scheduler(SourceKind kind) { return kind == SourceKind::scheduler || kind == SourceKind::marathon; }
bool is_listed(SourceKind kind) { return kind == SourceKind::fixed || is_scheduler(kind); }
bool is_leased(SourceKind kind) { return is_stored(kind); }

Key key_of(const Entry& entry, const Claim& claim) {
  return claim.alias != nullptr ? AliasKey{}(*claim.alias) : EntryKey{}(entry);
}

Names names_of(const Entry& entry) {
  Names names{EntryKey{}(entry)};
  for (const Claim& claim : entry.claims) {
    const Key key = key_of(entry, claim);
    if (std::ranges::find(names, key) == names.end()) names.push_back(key);
  }
  return names;
}

Names reporters_of(const Entry& entry) {
  Names names;
  for (const Claim& claim : entry.claims) {
    const Key key = key_of(entry, claim);
    if (has_generations(claim.source->kind) && std::ranges::find(names, key) == names.end())
      names.push_back(key);
  }
  return names;
}

const Claim* life_claim(const Entry& entry) {
  const Claim* found = nullptr;
  for (const Claim& claim : entry.claims) {
    if (claim.source->kind == SourceKind::heartbeat) return &claim;
    if (claim.source->kind == SourceKind::update) found = &claim;
  }
  return found;
}

Claim* claim_of(Entry& entry, const SourceId& source) {
  const auto at =
      std::ranges::find_if(entry.claims, [&](const Claim& claim) { return *claim.source == source; });
  return at == entry.claims.end() ? nullptr : &*at;
}

const Claim* last_claim(const Entry& entry) {
  const auto at = std::ranges::max_element(entry.claims, {}, &Claim::deadline);
  return at == entry.claims.end() ? nullptr : &*at;
}

}  // namespace muster::registry
