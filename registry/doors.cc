// What each call means: the change is judged whole before anything is touched, so a refusal leaves no trace.
#include <algorithm>
#include <boost/container/static_vector.hpp>

#include "registry/core.h"
#include "registry/label.h"
#include "registry/limits.h"
#include "registry/prefetch.h"

namespace muster::registry {
namespace {

Refusal refusal(RefusalCode code, std::string message) { return {code, std::move(message), std::nullopt}; }

Refusal refused_life(LifeVerdict verdict, std::string_view service, std::string_view id) {
  const std::string name = text_of({service, id});
  switch (verdict) {
    case LifeVerdict::stale:
      return refusal(RefusalCode::stale_generation,
                     name + " is registered with a newer generation; this call speaks for an older life");
    case LifeVerdict::deregistered:
      return refusal(RefusalCode::deregistered,
                     name + " was deregistered; register it anew with a higher generation");
    default:
      return refusal(RefusalCode::unknown_instance, name + " is not registered; send the whole instance");
  }
}

bool is_refused(LifeVerdict verdict) {
  return verdict == LifeVerdict::stale || verdict == LifeVerdict::deregistered ||
         verdict == LifeVerdict::unknown;
}

std::optional<Refusal> bad_key(std::string_view service, std::string_view id) {
  const auto bad = [](std::string_view text) {
    return text.empty() || text.size() > kMaxForeignName || std::ranges::any_of(text, [](char c) {
             return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
           });
  };
  if (bad(service))
    return refusal(RefusalCode::bad_name, "a service name has 1 to 255 octets and no control characters");
  if (bad(id) || id.find('/') != std::string_view::npos)
    return refusal(RefusalCode::bad_name,
                   "an instance id has 1 to 255 octets, no control characters and no '/'");
  return std::nullopt;
}

// Weight and attributes of a heartbeat, laid over a body; the same pointer when they change nothing.
BodyPtr with_vitals(const BodyPtr& body, const Vitals& vitals) {
  InstanceBody changed = *body;
  if (vitals.weight) changed.weight = vitals.weight;
  for (const auto& [key, value] : vitals.attributes) {
    const auto at = std::ranges::lower_bound(
        changed.attributes, key, {}, [](const auto& item) -> const std::string& { return item.first; });
    if (at != changed.attributes.end() && at->first == key) {
      at->second = value;
    } else {
      changed.attributes.emplace(at, key, value);
    }
  }
  return changed == *body ? body : std::make_shared<const InstanceBody>(std::move(changed));
}

bool touches_body(const Vitals& vitals) { return vitals.weight || !vitals.attributes.empty(); }

// Each call is within bounds by itself; what heartbeats add up to may not be.
std::optional<Refusal> bad_attributes(const InstanceBody& body) {
  if (body.attributes.size() <= kMaxAttributes) return std::nullopt;
  return refusal(RefusalCode::invalid_field, "an instance has at most 16 attributes");
}

bool says_nothing(const Vitals& vitals) {
  return !vitals.status && !vitals.load && !vitals.overloaded && !touches_body(vitals);
}

const SourceId& heartbeat_source() {
  static const SourceId source;
  return source;
}

}  // namespace

Refusal Registry::Core::missing(Key name) const {
  if (!is_known(name.service))
    return refusal(RefusalCode::unknown_service, "there is no service " + std::string(name.service));
  return refusal(RefusalCode::unknown_instance, text_of(name) + " is not registered");
}

Outcome Registry::Core::apply(const Change& change, Instant now) {
  now_ = inner(now);
  const std::size_t rows = batch_.rows.size();
  Outcome outcome = std::visit([this](const auto& one) { return on(one); }, change);
  if (outcome) outcome->durable_needed = batch_.rows.size() > rows;
  return outcome;
}

void Registry::Core::fetch(std::span<const Key> instances) const {
  boost::container::static_vector<const Entry*, kFetchedMost> entries;
  for (const Key& key : instances) {
    if (const Entry* entry = entries_.find(key)) entries.push_back(entry);
  }
  for (const Entry* entry : entries) {
    prefetch(entry);
    prefetch(entry->shown.get());
  }
  for (const Entry* entry : entries) {
    prefetch(entry->service);
    prefetch(entry->claims.data());
    prefetch(entry->shown->body.get());
    for (const ProtectionGroup* group : entry->groups) prefetch(group);
  }
  for (const Entry* entry : entries) {
    const InstanceBody& body = *entry->shown->body;
    __builtin_prefetch(body.addresses.data());
    prefetch(body.ports.data());
  }
}

Standing Registry::Core::standing_of(const Entry* entry, Key name, const Alias* parting) const {
  const Claim* life = nullptr;
  if (entry != nullptr) {
    // Only those that stay with the name.
    const bool is_parted = parting != nullptr && AliasKey{}(*parting) == name;
    for (const Claim& claim : entry->claims) {
      if (parting != nullptr && (claim.alias == parting) != is_parted) continue;
      if (claim.source->kind == SourceKind::heartbeat) life = &claim;
      if (claim.source->kind == SourceKind::update && life == nullptr) life = &claim;
    }
  }
  Standing standing;
  if (life != nullptr) {
    standing.live = life->generation;
  } else if (const Tombstone* dead = tombstones_.find(name)) {  // it matters only where no life is
    standing.dead = dead->generation;
    standing.task_ended = dead->cause == Cause::task_ended;
  }
  return standing;
}

Millis Registry::Core::granted_lease(SourceKind kind, std::optional<Millis> asked,
                                     std::optional<Millis> current) const {
  if (!is_leased(kind)) return Millis(0);
  return std::clamp(asked.value_or(current.value_or(config_.lease)), config_.lease_min, config_.lease_max);
}

std::optional<Refusal> Registry::Core::no_room(std::string_view service_name, const Entry* entry,
                                               const SourceId& source, const Growth& growth) {
  const auto full = [](RefusalCode code, std::string message, std::uint64_t& counter) {
    ++counter;
    return Refusal{code, std::move(message), kFullRetryAfter};
  };
  if (entry != nullptr) {
    const bool has =
        std::ranges::any_of(entry->claims, [&](const Claim& claim) { return *claim.source == source; });
    if (has || entry->claims.size() < kMaxClaims) return std::nullopt;
    return refusal(RefusalCode::too_many_claims, "an instance has at most 8 sources");
  }
  const Service* service = service_at(service_name);
  const auto coming = growth.members.find(std::string(service_name));
  const std::size_t members = coming == growth.members.end() ? 0 : coming->second;
  if (service == nullptr && members == 0 && services_.size() + growth.services >= config_.max_services)
    return full(RefusalCode::too_many_services,
                "the registry is full: registry.max_services is " + std::to_string(config_.max_services),
                limit_services_);
  if (entries_.size() + growth.instances >= config_.max_instances)
    return full(RefusalCode::too_many_instances,
                "the registry is full: registry.max_instances is " + std::to_string(config_.max_instances),
                limit_instances_);
  const std::size_t there = members + (service == nullptr ? 0 : service->members.size());
  if (there >= config_.max_instances_per_service)
    return full(RefusalCode::too_many_instances,
                "the service is full: registry.max_instances_per_service is " +
                    std::to_string(config_.max_instances_per_service),
                limit_per_service_);
  // What a source lists beyond what the policy takes is drawn otherwise. The first of a service is always
  // taken.
  if (is_listed(source.kind) || there == 0 || !config_.settings) return std::nullopt;
  std::optional<ServiceSettings> unborn;
  const ServiceSettings& settings =
      service != nullptr ? service->settings : unborn.emplace(config_.settings(service_name));
  if (there >= settings.max_instances)
    return full(RefusalCode::too_many_instances,
                "the service is full: policy " + std::string(settings.policy) + " chooses from " +
                    std::to_string(settings.max_instances) + " instances at most",
                limit_per_service_);
  return std::nullopt;
}

std::optional<Refusal> Registry::Core::refuse(const Registration& registration, const Entry* entry) const {
  if (auto bad = bad_key(registration.service, registration.id)) return bad;
  if (!registration.body && !registration.amend)
    return refusal(RefusalCode::invalid_field, "a registration needs an instance");
  const Key name{registration.service, registration.id};
  if (registration.precondition.create_only && entry != nullptr)
    return refusal(RefusalCode::precondition_failed, text_of(name) + " exists already");
  const auto& wanted = registration.precondition.revision;
  if (wanted && (entry == nullptr || entry->shown->revision != *wanted))
    return refusal(RefusalCode::precondition_failed,
                   text_of(name) + " is not at that revision; read it again");
  return std::nullopt;
}

std::optional<Refusal> Registry::Core::refuse_in_turn(const Registration& registration, Growth& growth) {
  const Key name{registration.service, registration.id};
  Entry* entry = entry_at(name.service, name.name);
  const Alias* apart = parting(entry, name, registration.source, registration.by);
  if (auto bad = refuse(registration, entry)) return bad;
  if (apart == nullptr && has_rights(registration.source.kind))
    if (auto bad = out_of_reach(entry, name, registration.by)) return bad;
  if (entry != nullptr && !growth.touched.insert(entry).second)
    return refusal(RefusalCode::invalid_field, text_of({registration.service, registration.id}) +
                                                   " is another name of an instance that this call changes "
                                                   "already: send them one after the other");
  if (entry == nullptr && registration.body) {
    // Of several that would become part of one instance the first does.
    Entry* home = home_for(registration.source, registration.by, registration.body->task);
    if (home != nullptr && growth.joined.insert(home).second) entry = home;
  }
  if (has_generations(registration.source.kind)) {
    const auto life = on_put(standing_of(entry, name, apart), registration.generation, now_.wall);
    if (is_refused(life.verdict)) return refused_life(life.verdict, registration.service, registration.id);
  }
  if (apart != nullptr) entry = nullptr;
  const std::string& service = apart != nullptr ? apart->service : registration.service;
  if (auto full = no_room(service, entry, registration.source, growth)) return full;
  if (entry != nullptr) return std::nullopt;
  std::size_t& members = growth.members[service];
  growth.services += members == 0 && service_at(service) == nullptr;
  ++growth.instances;
  ++members;
  return std::nullopt;
}

Outcome Registry::Core::apply_all(std::span<const Change> changes, Instant now) {
  now_ = inner(now);
  Growth growth;
  for (const Change& change : changes) {
    const auto* registration = std::get_if<Registration>(&change);
    if (registration == nullptr) continue;
    if (auto refusal = refuse_in_turn(*registration, growth)) return *refusal;
  }
  Grant all;
  all.lease.ttl = Millis::max();
  for (const Change& change : changes) {
    const Outcome outcome = apply(change, now);
    // Who joins or leaves an instance by its task may change what a later one was judged by.
    if (!outcome) return outcome;
    ++all.touched;
    if (outcome->lease.ttl > Millis(0)) all.lease.ttl = std::min(all.lease.ttl, outcome->lease.ttl);
    all.durable_needed |= outcome->durable_needed;
  }
  if (all.lease.ttl == Millis::max()) all.lease.ttl = Millis(0);
  all.revision = revision_;
  return all;
}

// The native door refuses what would never be published; the others keep it, unpublished.
std::optional<Refusal> Registry::Core::reserved(std::string_view service, SourceKind kind) const {
  if (kind != SourceKind::heartbeat ||
      service_name_verdict(service, config_.reserved_labels) != Reason::reserved_label)
    return std::nullopt;
  return refusal(RefusalCode::bad_name,
                 "the name " + std::string(service) +
                     " is reserved: below the domain it belongs to a name server or a zone of its own; choose "
                     "another service name");
}

Outcome Registry::Core::on(const Registration& registration) {
  const Key name{registration.service, registration.id};
  Entry* entry = entry_at(name.service, name.name);
  Alias* apart = parting(entry, name, registration.source, registration.by);
  if (auto bad = refuse(registration, entry)) return *bad;
  if (apart == nullptr && has_rights(registration.source.kind))
    if (auto bad = out_of_reach(entry, name, registration.by)) return *bad;
  if (auto bad = reserved(registration.service, registration.source.kind)) return *bad;
  if (auto full = no_room_for_host(registration.body)) return *full;

  LifeDecision life{LifeVerdict::same_life, 0};
  if (has_generations(registration.source.kind)) {
    life = on_put(standing_of(entry, name, apart), registration.generation, now_.wall);
    if (is_refused(life.verdict)) return refused_life(life.verdict, registration.service, registration.id);
  }
  if (entry == nullptr && registration.body)
    entry = home_for(registration.source, registration.by, registration.body->task);
  if (auto full = apart != nullptr ? no_room(apart->service, nullptr, registration.source, {})
                                   : no_room(registration.service, entry, registration.source, {}))
    return *full;

  ClaimWrite claim{&registration.source, registration.body, life.generation, {}, registration.by};
  if (!claim.body) {
    const Claim* existing =
        entry != nullptr && apart == nullptr ? claim_of(*entry, registration.source) : nullptr;
    claim.body = registration.amend(existing != nullptr ? existing->body.get() : nullptr);
  }
  claim.lease = granted_lease(registration.source.kind, registration.lease, std::nullopt);
  const Vitals* vitals = registration.vitals ? &*registration.vitals : nullptr;
  if (is_listed(registration.source.kind)) {
    claim.fitness = registration.fitness;
    claim.silent_since = registration.silent_since;
  }
  return write(registration.service, registration.id, entry, apart, claim, life.verdict, vitals);
}

Outcome Registry::Core::on(const Heartbeat& heartbeat) {
  Entry* entry = entry_at(heartbeat.service, heartbeat.id);
  if (entry == nullptr)
    if (auto bad = bad_key(heartbeat.service, heartbeat.id)) return *bad;
  const Key name{heartbeat.service, heartbeat.id};
  Alias* apart = parting(entry, name, heartbeat_source(), heartbeat.by);
  // Without the instance there is nothing for a name that is to stand alone.
  if (apart == nullptr || heartbeat.body == nullptr)
    if (auto bad = out_of_reach(entry, name, heartbeat.by)) return *bad;
  const LifeDecision life = on_heartbeat(standing_of(entry, name, apart), heartbeat.generation,
                                         heartbeat.body != nullptr, now_.wall);
  if (is_refused(life.verdict)) return refused_life(life.verdict, heartbeat.service, heartbeat.id);
  if (life.verdict == LifeVerdict::renew && apart == nullptr) return renew(*entry, heartbeat);
  // The heartbeats that there are go by another name.
  if (!heartbeat.body) return refused_life(LifeVerdict::unknown, heartbeat.service, heartbeat.id);
  if (auto bad = reserved(heartbeat.service, SourceKind::heartbeat)) return *bad;
  if (auto full = no_room_for_host(heartbeat.body)) return *full;
  if (entry == nullptr) entry = home_for(heartbeat_source(), heartbeat.by, heartbeat.body->task);
  if (auto full = apart != nullptr ? no_room(apart->service, nullptr, heartbeat_source(), {})
                                   : no_room(heartbeat.service, entry, heartbeat_source(), {}))
    return *full;

  const Claim* existing =
      entry != nullptr && apart == nullptr ? claim_of(*entry, heartbeat_source()) : nullptr;
  const auto current = existing != nullptr ? std::optional<Millis>(existing->lease_ms) : std::nullopt;
  const BodyPtr body =
      touches_body(heartbeat.vitals) ? with_vitals(heartbeat.body, heartbeat.vitals) : heartbeat.body;
  if (auto bad = bad_attributes(*body)) return *bad;
  const ClaimWrite claim{&heartbeat_source(), body, life.generation,
                         granted_lease(SourceKind::heartbeat, heartbeat.lease, current), heartbeat.by};
  return write(heartbeat.service, heartbeat.id, entry, apart, claim, life.verdict, &heartbeat.vitals);
}

// `parting`: what is set apart first; both halves may join others then.
Outcome Registry::Core::write(std::string_view service, std::string_view id, Entry* entry, Alias* parting,
                              const ClaimWrite& claim, LifeVerdict verdict, const Vitals* vitals) {
  std::optional<std::pair<std::string, std::string>> other;  // the half that is not written to
  if (parting != nullptr) {
    const Key home = EntryKey{}(*entry);
    const bool is_alone = AliasKey{}(*parting) == Key{service, id};
    const Key rest = is_alone ? home : AliasKey{}(*parting);
    other.emplace(rest.service, rest.name);
    Entry& alone = part(*entry, *parting);
    if (is_alone) entry = &alone;
  }
  const bool created = entry == nullptr;
  if (created) {
    entry = &admit(service, id, next_sequence_++, now_.wall);
    entry->has_begun = is_listed(claim.source->kind) && at() < listed_until_;
  }
  Alias* alias = alias_for(*entry, service, id);
  const HeartbeatStatus before = status_of(*entry);
  const Claim* said = claim_of(*entry, *claim.source);
  const bool is_first = said == nullptr;
  const bool moves =
      said != nullptr && is_scheduler(claim.source->kind) && said->body->task != claim.body->task;
  const std::string left = moves ? said->body->task : std::string();
  const bool new_life = verdict == LifeVerdict::new_life;
  if (new_life) {
    end_drain(*entry, claim.by);
    entry->condition.reset();
  }
  const bool changed = write_claim(*entry, claim, alias);
  if (is_first) store_drain(*entry);
  if (vitals != nullptr) take_vitals(*entry, *vitals, claim.by);
  if (verdict == LifeVerdict::create)
    if (Tombstone* dead = tombstones_.find({service, id})) raise(*dead);
  // What others have said is said under a first claim's name, too.
  store_report(*entry, is_first && is_stored(status_of(*entry)) ? HeartbeatStatus::passing : before);
  if (review(*entry, Cause::none)) entry = entry_at(service, id);
  if (other) {
    review(*entry_at(other->first, other->second), Cause::none);
    entry = entry_at(service, id);
  }
  if (moves) {
    rejoin(left);
    entry = entry_at(service, id);
  }
  if (changed) store_claim(*entry, *claim_of(*entry, *claim.source));
  if (vitals != nullptr && entry->checkup)
    health_.heard(*entry->checkup, status_of(*entry) == HeartbeatStatus::critical, now_);
  return grant_to(*entry, *claim_of(*entry, *claim.source), {service, id}, created);
}

// The instance may last longer by what others say; whoever spoke keeps it by his own lease.
Grant Registry::Core::grant_to(const Entry& entry, const Claim& claim, Key key, bool created) const {
  Grant granted = grant(entry, created);
  granted.lease = lease_view(entry, claim, now_);
  if (aliases_.size() > 0 && EntryKey{}(entry) != key)
    granted.alias_of = text_of({entry.shown->service, entry.shown->id});
  return granted;
}

// The hot road: nothing but the deadline moves unless something was said.
Outcome Registry::Core::renew(Entry& entry, const Heartbeat& heartbeat) {
  Claim& claim = entry.claims[static_cast<std::size_t>(life_claim(entry) - entry.claims.data())];
  const BodyPtr body =
      touches_body(heartbeat.vitals) ? with_vitals(claim.body, heartbeat.vitals) : claim.body;
  if (auto bad = bad_attributes(*body)) return *bad;

  bool shows = body != claim.body;
  bool stored = body->weight != claim.body->weight;
  if (shows) claim.by = heartbeat.by;
  claim.body = body;
  if (heartbeat.lease) {
    const auto lease_ms =
        static_cast<std::uint32_t>(granted_lease(claim.source->kind, heartbeat.lease, std::nullopt).count());
    const bool moved = std::exchange(claim.lease_ms, lease_ms) != lease_ms;
    shows |= moved;
    stored |= moved;
  }
  shows |= hear(entry, claim);
  const HeartbeatStatus before = status_of(entry);
  if (!says_nothing(heartbeat.vitals) || entry.condition)
    shows |= take_vitals(entry, heartbeat.vitals, heartbeat.by);
  if (shows) refresh(entry);
  store_report(entry, before);
  if (stored) store_claim(entry, claim);
  if (entry.checkup) health_.heard(*entry.checkup, status_of(entry) == HeartbeatStatus::critical, now_);
  return grant_to(entry, *life_claim(entry), {heartbeat.service, heartbeat.id}, false);
}

// True: the condition has changed.
bool Registry::Core::take_vitals(Entry& entry, const Vitals& vitals, std::string_view by) {
  Condition next = entry.condition ? *entry.condition : Condition{};
  if (vitals.status) {
    if (*vitals.status != next.status)
      next.status_since = is_stored(*vitals.status) ? now_.wall : WallTime{};
    next.status = *vitals.status;
    next.report = vitals.reason;
  }
  if (vitals.load) next.load = vitals.load;
  next.overloaded = vitals.overloaded;
  const bool changed = entry.condition ? next != *entry.condition : next != Condition{};
  if (changed) next.by = by;
  if (changed && next.is_usual()) next.by.clear();
  if (changed) entry.condition = next == Condition{} ? nullptr : std::make_unique<Condition>(std::move(next));
  return changed;
}

Grant Registry::Core::grant(const Entry& entry, bool created) const {
  const Instance& shown = *entry.shown;
  Grant grant;
  grant.label = shown.label;
  grant.created = created;
  grant.existed = !created;
  grant.generation = shown.generation;
  grant.revision = shown.revision;
  grant.state = shown.state;
  grant.lease = lease_view(entry, now_);
  grant.touched = 1;
  return grant;
}

// ---- removal

Outcome Registry::Core::on(const Removal& removal) {
  Entry* entry = entry_at(removal.service, removal.id);
  if (Entry* aside = asides_.find({removal.service, removal.id})) forget_aside(*aside);
  Grant nothing;
  nothing.revision = revision_;
  if (entry == nullptr) {
    if (const DrainRow* waiting = drains_.find({removal.service, removal.id}))
      end_waiting(waiting->number, removal.by);
    return nothing;
  }
  if (auto bad = out_of_reach(entry, {removal.service, removal.id}, removal.by)) return *bad;
  Grant done = grant(*entry, false);

  if (removal.only_source) {
    const auto claim =
        std::ranges::find(entry->claims, *removal.only_source, [](const Claim& c) { return c.source->kind; });
    const Key name{removal.service, removal.id};
    if (claim == entry->claims.end() || key_of(*entry, *claim) != name) return nothing;
    if (entry->claims.size() == 1) {
      drop(*entry, Cause::deregistered);
    } else {
      end_claim(*entry, *claim);
      review(*entry, Cause::deregistered);
    }
    done.revision = revision_;
    return done;
  }

  if (on_delete(standing_of(entry, {removal.service, removal.id}, nullptr), removal.generation).verdict ==
      LifeVerdict::stale)
    return refused_life(LifeVerdict::stale, removal.service, removal.id);
  const auto is_temporary = [](const Claim& claim) { return !is_listed(claim.source->kind); };
  if (std::ranges::none_of(entry->claims, is_temporary))
    return refusal(RefusalCode::listed_by_source,
                   text_of({removal.service, removal.id}) + " is there because the source " +
                       entry->claims.front().source->name +
                       " lists it: take it out there, or drain it to keep it out of answers");
  if (!removal.drain_first) {
    deregister(*entry, Cause::deregistered, removal.by);
    done.revision = revision_;
    return done;
  }
  if (!entry->condition) entry->condition = std::make_unique<Condition>();
  if (!entry->condition->drain) entry->condition->drain = new_drain();
  entry->condition->drain->by = removal.by;
  const WallTime safe = safe_stop ? safe_stop(*entry->shown, now_) : now_.wall;
  entry->condition->drain->remove_at = at() + std::max(Millis(0), safe - now_.wall);
  refresh(*entry);
  store_drain(*entry);
  return grant(*entry, false);
}

// Ends every claim but those whose source lists it still; true: the instance is gone.
bool Registry::Core::deregister(Entry& entry, Cause cause, std::string_view by) {
  end_drain(entry, by);
  for (const Claim& claim : entry.claims) {
    const Claim* life = life_claim(entry);
    if (has_generations(claim.source->kind) && (&claim == life || claim.alias != life->alias))
      bury(key_of(entry, claim), claim.generation, Millis(claim.lease_ms), cause);
  }
  const auto stays = [](const Claim& claim) { return is_listed(claim.source->kind); };
  if (std::ranges::none_of(entry.claims, stays)) {
    drop(entry, cause);
    return true;
  }
  for (std::size_t i = entry.claims.size(); i-- > 0;)
    if (!stays(entry.claims[i])) end_claim(entry, entry.claims[i]);
  end_suspicion(entry);
  entry.condition.reset();
  review(entry, cause);
  return false;
}

// ---- amendments

Outcome Registry::Core::amend_one(Entry& entry, const Amendment& amendment) {
  Claim* claim = claim_of(entry, amendment.source);
  if (claim == nullptr)
    return refusal(RefusalCode::unknown_instance,
                   text_of({amendment.service, amendment.id}) + " has no claim of " + amendment.source.name);
  BodyPtr body = amendment.amend(claim->body.get());
  if (*body != *claim->body) {
    set_body(entry, *claim, std::move(body));
    refresh(entry);
    store_claim(entry, *claim_of(entry, amendment.source));
  }
  return grant(entry, false);
}

Outcome Registry::Core::on(const Amendment& amendment) {
  if (!amendment.id.empty()) {
    if (Entry* entry = entry_at(amendment.service, amendment.id)) {
      if (auto bad = out_of_reach(entry, {amendment.service, amendment.id}, amendment.by)) return *bad;
      return amend_one(*entry, amendment);
    }
    return missing({amendment.service, amendment.id});
  }
  Grant all;
  if (const Service* service = service_at(amendment.service)) {
    for (Entry* member : std::vector<Entry*>(service->members.ordered()))
      if (amend_one(*member, amendment)) ++all.touched;
    all.existed = all.touched > 0;
    all.revision = service->revision;
  }
  return all;
}

// ---- overlay

Outcome Registry::Core::on(const OverlayEdit& edit) {
  if (edit.if_revision && *edit.if_revision != overlay_revision_)
    return refusal(RefusalCode::precondition_failed, "the overlay has changed; read it again");
  if (!overlay_.fits(edit))
    return refusal(RefusalCode::batch_too_long,
                   "the overlay holds at most " + std::to_string(kMaxOverlay) + " entries: remove some first");
  std::vector<std::string> touched;
  if (overlay_.edit(edit, touched)) overlay_changed(touched);
  Grant done;
  done.revision = overlay_revision_;
  done.touched = overlay_.entries().size();
  return done;
}

}  // namespace muster::registry
