#include "registry/core.h"

#include <algorithm>

#include "registry/label.h"
#include "registry/limits.h"

namespace muster::registry {

Registry::Core::Core(RegistryConfig config, Instant now)
    : config_(std::move(config)),
      now_(now),
      health_({config_.max_probes_in_flight, config_.probe_seed}, health_owner()),
      leases_(now.steady),
      burials_(now.steady),
      lingers_(now.steady),
      ramps_(now.steady),
      measured_(now.steady),
      probes_(now.steady),
      protection_(config_.protection) {
  for (const std::string& name : config_.configured_services) {
    service_named(name);
    batch_.known_services.push_back(name);
  }
}

Registry::Core::~Core() {
  entries_.for_each([](Entry& entry) { delete &entry; });
  aliases_.for_each([](Alias& alias) { delete &alias; });
  tombstones_.for_each([](Tombstone& dead) { delete &dead; });
  services_.clear();  // before the wheel their timers may hang in
}

Service* Registry::Core::service_at(std::string_view name) {
  const auto at = services_.find(name);
  return at == services_.end() ? nullptr : &at->second;
}

const Service* Registry::Core::service_at(std::string_view name) const {
  const auto at = services_.find(name);
  return at == services_.end() ? nullptr : &at->second;
}

const KnownSource* Registry::Core::intern(const SourceId& source) {
  for (const auto& known : sources_)
    if (static_cast<const SourceId&>(*known) == source) return known.get();
  sources_.push_back(std::make_unique<KnownSource>(source));
  return sources_.back().get();
}

// ---- services

Service& Registry::Core::service_named(std::string_view name) {
  if (Service* known = service_at(name)) return *known;
  const auto at = services_.try_emplace(std::string(name)).first;
  Service& service = at->second;
  service.name = at->first;
  service.created_at = now_.wall;
  service.born = ++services_born_;
  apply_settings(service);
  if (has_capitals(name)) capitals_[ascii_lower(name)].push_back(&service);
  service.reason = reason_for(service);
  settle_spelling(name);
  return service;
}

void Registry::Core::apply_settings(Service& service) {
  service.settings = config_.settings ? config_.settings(service.name) : ServiceSettings{};
  service.settings.configured |=
      std::ranges::find(config_.configured_services, service.name) != config_.configured_services.end();
}

// The all-lower-case spelling, else the oldest.
const Service* Registry::Core::label_owner(const std::string& label) const {
  if (const Service* lower = service_at(label)) return lower;
  const auto at = capitals_.find(label);
  return at == capitals_.end() ? nullptr : at->second.front();
}

std::optional<std::string> Registry::Core::service_for(const std::string& label) const {
  if (service_name_verdict(label, config_.reserved_labels) != Reason::ok) return std::nullopt;
  const Service* owner = label_owner(label);
  return owner == nullptr ? label : std::string(owner->name);
}

Reason Registry::Core::reason_for(const Service& service) const {
  const Reason verdict = service_name_verdict(service.name, config_.reserved_labels);
  if (verdict != Reason::ok || !has_capitals(service.name)) return verdict;
  return label_owner(ascii_lower(service.name)) == &service ? Reason::ok : Reason::service_label_taken;
}

// A spelling came or went: whoever else spells the label so may have lost or won it.
void Registry::Core::settle_spelling(std::string_view name) {
  const auto at = capitals_.find(ascii_lower(name));
  if (at == capitals_.end()) return;
  for (Service* spelling : at->second) set_service_reason(*spelling, reason_for(*spelling));
}

void Registry::Core::set_service_reason(Service& service, Reason reason) {
  if (std::exchange(service.reason, reason) == reason) return;
  for (Entry* member : std::vector<Entry*>(service.members.ordered())) refresh(*member);
}

void Registry::Core::leave_service(Service& service) {
  if (!service.members.empty() || service.settings.configured) return;
  service.linger_stored = true;
  batch_.rows.push_back(
      ServiceRow{std::string(service.name), service.created_at, now_.wall + config_.service_linger});
  linger(service, config_.service_linger);
}

void Registry::Core::linger(Service& service, Millis span) {
  service.linger_until = at() + span;
  lingers_.arm(service, service.linger_until);
}

void Registry::Core::forget_service(Service& service) {
  const std::string name(service.name);
  if (service.linger_stored) batch_.rows.push_back(ServiceGone{name});
  batch_.known_services.push_back(name);
  if (has_capitals(name)) {
    const auto at = capitals_.find(ascii_lower(name));
    std::erase(at->second, &service);
    if (at->second.empty()) capitals_.erase(at);
  }
  services_.erase(services_.find(name));
  settle_spelling(name);
}

// ---- revisions and rows

void Registry::Core::reserve_revisions() {
  revisions_end_ += kRevisionBlock;
  batch_.rows.push_back(MetaRow{"revision_block", std::to_string(revisions_end_)});
}

// The next block is reserved while half of this one is left, so that it is on disk long before its use.
std::uint64_t Registry::Core::next_revision() {
  if (revision_ + kRevisionBlock / 2 >= revisions_end_) reserve_revisions();
  return ++revision_;
}

void Registry::Core::store_claim(const Entry& entry, Claim& claim) {
  if (restoring_ || !is_stored(claim.source->kind)) return;
  claim.heard_unsaved = false;
  const Key key = key_of(entry, claim);
  const Alias* alias = claim.alias;
  batch_.rows.push_back(ClaimRow{
      std::string(key.service), std::string(key.name), claim.source->name, claim.generation,
      alias != nullptr ? alias->sequence : entry.shown->sequence, Millis(claim.lease_ms),
      alias != nullptr ? alias->created_at : entry.shown->created_at, claim.heard, claim.by, claim.body});
}

void Registry::Core::store_claims(Entry& entry) {
  for (Claim& claim : entry.claims) store_claim(entry, claim);
}

// Only what is not ACTIVE is stored: a restart must not serve again who said that it cannot.
// Under the names of all who may have made it.
void Registry::Core::store_report(const Entry& entry, HeartbeatStatus before) {
  const HeartbeatStatus status = status_of(entry);
  if (restoring_ || status == before) return;
  if (!is_stored(status)) {
    if (is_stored(before)) unstore_report(entry);
    return;
  }
  const State state = status == HeartbeatStatus::critical ? State::suspended : State::starting;
  for (const Key& name : reporters_of(entry))
    batch_.rows.push_back(HealthRow{std::string(name.service), std::string(name.name), kReportCheck,
                                    std::string(to_string(state)), Millis(0), entry.condition->status_since,
                                    entry.condition->by});
}

void Registry::Core::unstore_report(const Entry& entry) {
  for (const Key& name : reporters_of(entry))
    batch_.rows.push_back(HealthGone{std::string(name.service), std::string(name.name), kReportCheck});
}

void Registry::Core::store_heard(Instant now, const std::function<void(Rows)>& hand_over) {
  constexpr std::size_t kSlice = 4'096;  // rows held at one time
  now_ = inner(now);
  entries_.for_each([&](Entry& entry) {
    for (Claim& claim : entry.claims)
      if (claim.heard_unsaved) store_claim(entry, claim);
    if (batch_.rows.size() >= kSlice) hand_over(std::exchange(batch_.rows, {}));
  });
  if (!batch_.rows.empty()) hand_over(std::exchange(batch_.rows, {}));
}

void Registry::Core::emit(const Entry& entry, const InstancePtr& before, const InstancePtr& after,
                          Cause cause, bool revised) {
  Service& service = *entry.service;
  const Instance& either = after ? *after : *before;
  const std::uint64_t revision = after ? after->revision : next_revision();
  if (revised) {
    if (before && before->revision != 0)
      service.set_hash -= set_hash_term(either.service, either.id, before->revision);
    if (after) service.set_hash += set_hash_term(either.service, either.id, after->revision);
    service.revision = revision;
  }
  service.ready += (after && after->serving ? 1U : 0U);
  service.ready -= (before && before->serving ? 1U : 0U);
  for (StateCounts* states : {&service.states, &states_}) {
    if (before) states->remove(*before);
    if (after) states->add(*after);
  }
  batch_.changes.push_back({either.service, either.id, before, after, revision, cause, service.set_hash,
                            revised, after ? lease_view(entry, now_) : LeaseView()});
}

// ---- instances

// A new, empty entry, not yet shown to anybody: `shown` has its identity and no body.
Entry& Registry::Core::admit(std::string_view service, std::string_view id, std::uint64_t sequence,
                             WallTime created_at) {
  if (Entry* aside = asides_.find({service, id})) forget_aside(*aside);
  auto entry = std::make_unique<Entry>();
  auto identity = new_identity(service, id, sequence, created_at);
  entry->shown = identity;
  entry->effect = effect_on(*entry);
  entries_.insert(*entry);
  enlist(*entry, std::move(identity));
  recall_drain(*entry, {service, id});
  return *entry.release();
}

std::shared_ptr<Instance> Registry::Core::new_identity(std::string_view service, std::string_view id,
                                                       std::uint64_t sequence, WallTime created_at) {
  auto identity = std::make_shared<Instance>();
  identity->service = service;
  identity->id = id;
  identity->sequence = sequence;
  identity->created_at = created_at;
  return identity;
}

// Into its service, under a label of its own. `identity` is not shared yet, but for being shown.
void Registry::Core::enlist(Entry& entry, std::shared_ptr<Instance> identity) {
  const auto taken = [&](std::string_view label) {
    return labels_.find({identity->service, label}) != nullptr;
  };
  if (identity->label.empty() || taken(identity->label))
    identity->label = instance_label(identity->id, taken);
  identity->body = nullptr;
  identity->revision = 0;

  Service& service = service_named(identity->service);
  service.disarm();
  if (std::exchange(service.linger_stored, false)) batch_.rows.push_back(ServiceGone{identity->service});
  entry.service = &service;
  entry.shown = std::move(identity);
  labels_.insert(entry);
}

void Registry::Core::forget_aside(Entry& aside) {
  Expiry& expiry = *aside.suspicion->expiry;
  asides_.erase(aside);
  protection_.forget(expiry);
  expiry.aside.reset();
}

// Sets what a source says; true: what is stored of it has changed.
bool Registry::Core::write_claim(Entry& entry, const ClaimWrite& write, Alias* alias) {
  Claim* claim = claim_of(entry, *write.source);
  const bool fresh = claim == nullptr;
  if (fresh) {
    entry.claims.reserve(entry.claims.size() + 1);
    claim = &entry.claims.emplace_back();
    claim->source = intern(*write.source);
    claim->alias = alias;
    if (!is_leased(write.source->kind)) listed_[write.source->name].insert(&entry);
    if (is_scheduler(write.source->kind)) entry.task_ended = false;
  }
  const bool new_body = fresh || *claim->body != *write.body;
  const auto lease_ms = static_cast<std::uint32_t>(write.lease.count());
  const bool other_rights = config_.may_write && claim->by != write.by;
  const bool changed =
      new_body || other_rights || claim->generation != write.generation || claim->lease_ms != lease_ms;
  if (new_body) set_body(entry, *claim, write.body);
  claim->generation = write.generation;
  claim->lease_ms = lease_ms;
  claim->fitness = write.fitness;
  claim->by = write.by;
  hear(entry, *claim);
  claim->is_silent = write.silent_since.has_value();
  if (claim->is_silent) claim->heard = *write.silent_since;
  // Among equals the later write wins: it stands first.
  if (new_body && has_generations(claim->source->kind))
    std::rotate(entry.claims.begin(), entry.claims.begin() + (claim - entry.claims.data()),
                entry.claims.begin() + (claim - entry.claims.data()) + 1);
  return changed;
}

void Registry::Core::set_body(Entry& entry, Claim& claim, BodyPtr body) {
  const BodyPtr before = std::exchange(claim.body, std::move(body));
  if (before && before->task == claim.body->task) return;
  const bool is_of_scheduler = is_scheduler(claim.source->kind);
  if (before) tasks_.remove(before->task, entry, is_of_scheduler);
  tasks_.add(claim.body->task, entry, is_of_scheduler);
}

// A sign of life. True: it changes the picture (recovered, suspect or low before).
bool Registry::Core::hear(Entry& entry, Claim& claim) {
  bool shows = std::exchange(claim.recovered, false) || entry.suspicion != nullptr;
  claim.heard = now_.wall;
  claim.heard_unsaved = true;
  claim.deadline = claim.lease_ms == 0 ? SteadyTime::max() : at() + Millis(claim.lease_ms);
  end_suspicion(entry);
  if (entry.lease_low) shows |= std::exchange(entry.lease_low, at() >= low_moment(entry)) != entry.lease_low;
  return shows;
}

// Out of the store and of what claims are found by.
void Registry::Core::release(Entry& entry, Claim& claim) {
  const Key key = key_of(entry, claim);
  if (is_stored(claim.source->kind))
    batch_.rows.push_back(ClaimGone{std::string(key.service), std::string(key.name), claim.source->name});
  if (!is_leased(claim.source->kind)) listed_[claim.source->name].erase(&entry);
  tasks_.remove(claim.body->task, entry, is_scheduler(claim.source->kind));
  Alias* alias = std::exchange(claim.alias, nullptr);
  if (alias == nullptr || std::ranges::find(entry.claims, alias, &Claim::alias) != entry.claims.end()) return;
  if (is_draining(entry)) batch_.rows.push_back(DrainGone{alias->service, alias->id});
  end_alias(*alias);
}

// Takes one of several claims away, and with the last that had heartbeats what they said.
void Registry::Core::end_claim(Entry& entry, Claim& claim) {
  const bool has_reported = has_generations(claim.source->kind) && is_stored(status_of(entry));
  if (has_reported) unstore_report(entry);
  release(entry, claim);
  entry.claims.erase(entry.claims.begin() + (&claim - entry.claims.data()));
  if (life_claim(entry) == nullptr && entry.condition) entry.condition->forget_report();
  if (has_reported) store_report(entry, HeartbeatStatus::passing);
}

void Registry::Core::refresh(Entry& entry, bool arm_too) {
  const Service& service = *entry.service;
  const Setting setting{service.reason, service.settings.use_load, config_.warning_factor,
                        service.settings.hides_timedout, &hosts_};
  Instance next = compose(entry, *entry.shown, setting);
  // Whoever has no address yet has nothing to be looked at, and begins when it has one; who has none any more
  // is no longer looked at where it was.
  const bool is_looked_at = !is_unresolved(*next.body) || (entry.has_begun && entry.checkup);
  if (is_looked_at && attend(entry, next.body)) next = compose(entry, *entry.shown, setting);
  if (entry.shown->body) follow_ramp(entry, *entry.shown, next);
  const Difference what = entry.shown->body ? difference(*entry.shown, next) : Difference::view;
  if (what != Difference::none) show(entry, std::move(next), what);
  if (arm_too) arm(entry);
}

// Begins where an instance comes back, and ends where it goes again.
void Registry::Core::follow_ramp(Entry& entry, const Instance& before, Instance& next) {
  const auto is_out = [](State state) { return state == State::starting || state == State::suspended; };
  const SlowStart& slow = entry.service->settings.slow_start;
  if (next.state == State::off || is_out(next.state)) {
    entry.ramp.reset();
  } else if (is_out(before.state) && slow.span.count() > 0 && next.admin != AdminMode::up) {
    entry.ramp = std::make_unique<Ramp>(entry, at());
    entry.ramp->share = share_after(Millis(0), slow);
    ramps_.arm(*entry.ramp, next_step(at(), slow));
  }
  next.ramp = entry.ramp ? static_cast<float>(entry.ramp->share) : 1.0F;
}

void Registry::Core::show(Entry& entry, Instance next, Difference what) {
  MemberList& members = entry.service->members;
  const InstancePtr before = entry.shown->body ? entry.shown : nullptr;
  const bool moves = !before || before->body->priority_or_default() != next.body->priority_or_default() ||
                     before->body->order_or_default() != next.body->order_or_default();
  const bool revised = what == Difference::view;
  if (before && moves) members.remove(entry);
  if (revised) next.revision = next_revision();
  entry.shown = std::make_shared<const Instance>(std::move(next));
  if (moves) members.add(entry);
  index_repo(before, entry.shown, entry);
  follow_host(before, entry.shown, entry);
  update_membership(entry, before.get());
  emit(entry, before, entry.shown, Cause::none, revised);
}

void Registry::Core::index_repo(const InstancePtr& before, const InstancePtr& after, Entry& entry) {
  const auto repo_of = [](const InstancePtr& i) -> std::string_view {
    return i && i->body->lyft ? std::string_view(i->body->lyft->service_repo_name) : std::string_view();
  };
  const std::string_view old_repo = repo_of(before);
  const std::string_view new_repo = repo_of(after);
  if (old_repo == new_repo) return;
  if (!old_repo.empty()) {
    const auto at = repos_.find(old_repo);
    at->second.erase(before->sequence);
    if (at->second.empty()) repos_.erase(at);
  }
  if (!new_repo.empty()) repos_[std::string(new_repo)][after->sequence] = &entry;
}

// Out of every index and out of the answers. Ends in whoever keeps the result.
std::unique_ptr<Entry> Registry::Core::take_out(Entry& entry, Cause cause) {
  if (is_stored(status_of(entry))) unstore_report(entry);
  unstore_drain(entry);
  end_checkup(entry);
  entry.ramp.reset();
  for (Claim& claim : entry.claims) release(entry, claim);
  entry.disarm();
  protection_.leave(entry.groups);
  index_repo(entry.shown, nullptr, entry);
  follow_host(entry.shown, nullptr, entry);
  entries_.erase(entry);
  labels_.erase(entry);
  entry.service->members.remove(entry);
  emit(entry, entry.shown, nullptr, cause, true);
  leave_service(*entry.service);
  return std::unique_ptr<Entry>(&entry);
}

void Registry::Core::drop(Entry& entry, Cause cause) {
  end_suspicion(entry);
  take_out(entry, cause);
}

// ---- tombstones

void Registry::Core::bury(Key key, std::uint64_t generation, Millis lease, Cause cause) {
  if (Tombstone* old = tombstones_.find(key)) raise(*old);
  if (tombstones_.size() >= config_.max_instances)
    if (Timer* soonest = burials_.pop_soonest()) raise(static_cast<Tombstone&>(*soonest));
  const Millis span = tombstone_span(lease, config_.tombstone);
  lay(key, generation, cause, span);
  batch_.rows.push_back(TombstoneRow{std::string(key.service), std::string(key.name), generation,
                                     std::string(to_string(cause)), now_.wall + span});
}

void Registry::Core::lay(Key key, std::uint64_t generation, Cause cause, Millis span) {
  auto dead = std::make_unique<Tombstone>();
  dead->service = key.service;
  dead->id = key.name;
  dead->generation = generation;
  dead->cause = cause;
  dead->until = at() + span;
  tombstones_.insert(*dead);
  burials_.arm(*dead, dead->until);
  dead.release();
}

void Registry::Core::raise(Tombstone& dead) {
  tombstones_.erase(dead);
  batch_.rows.push_back(TombstoneGone{dead.service, dead.id});
  delete &dead;
}

Batch Registry::Core::take_batch() { return std::exchange(batch_, {}); }

}  // namespace muster::registry
