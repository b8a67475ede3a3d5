#include "registry/compose.h"

#include <algorithm>

#include "registry/limits.h"
#include "registry/merge.h"

namespace muster::registry {
namespace {

BodyPtr merged_body(const Entry& entry, const BodyPtr& previous) {
  if (entry.claims.size() == 1 && !entry.effect) return entry.claims.front().body;
  std::vector<Saying> sayings;
  for (const Claim& claim : entry.claims) sayings.push_back({claim.source, claim.body});
  BodyPtr body = merge(sayings, entry.effect.get());
  return previous && *previous == *body ? previous : body;
}

// The addresses of a host name are what DNS said last.
BodyPtr with_addresses(BodyPtr body, const BodyPtr& previous, const Setting& setting) {
  if (!is_unresolved(*body) || setting.hosts == nullptr) return body;
  const auto* addresses = setting.hosts->addresses_of(body->url->host);
  if (addresses == nullptr) return body;
  auto resolved = std::make_shared<InstanceBody>(*body);
  resolved->addresses = *addresses;
  return previous && *previous == *resolved ? previous : resolved;
}

bool is_suspect(const Entry& entry) { return entry.suspicion && entry.suspicion->suspect; }

LeaseState lease_state_of(const Entry& entry) {
  if (is_suspect(entry)) return LeaseState::suspect;
  for (const Claim& claim : entry.claims)
    if (!claim.recovered) return LeaseState::live;
  return LeaseState::recovered;
}

// Schedulers that list it after one of them has seen its end are behind.
bool is_of_ended_task(const Entry& entry) {
  const auto is_scheduled = [](const Claim& claim) { return is_scheduler(claim.source->kind); };
  return entry.task_ended && std::ranges::any_of(entry.claims, is_scheduled);
}

// The epoch: somebody who is in touch speaks for it.
WallTime silent_since(const Entry& entry) {
  if (is_suspect(entry)) return last_claim(entry)->heard;
  WallTime last{};
  for (const Claim& claim : entry.claims) {
    if (!claim.is_silent) return {};
    last = std::max(last, claim.heard);
  }
  return last;
}

SharedAliases aliases_of(const Entry& entry) {
  if (std::ranges::all_of(entry.claims, [](const Claim& claim) { return claim.alias == nullptr; }))
    return nullptr;
  std::vector<std::string> aliases;
  for (const Key& name : names_of(entry)) {
    if (name != EntryKey{}(entry)) aliases.push_back(text_of(name));
  }
  std::ranges::sort(aliases);
  return std::make_shared<const std::vector<std::string>>(std::move(aliases));
}

bool are_same(const SharedAliases& a, const SharedAliases& b) { return a && b ? *a == *b : a == b; }

State state_of(const Entry& entry, const InstanceBody& body, const Fitness& fitness, AdminMode admin) {
  if (is_of_ended_task(entry)) return State::off;
  if (admin == AdminMode::down || admin == AdminMode::drain) return State::off;
  if (is_unresolved(body)) return State::starting;
  if (admin == AdminMode::up) return State::active;
  return fitness.state;
}

std::uint32_t ttl_bound_of(const Entry& entry) {
  std::uint32_t bound = kNoTtlBound;
  if (!entry.checkup) return bound;
  for (const auto& watch : entry.checkup->watches) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(health::expected_within(*watch)).count();
    bound = std::min(bound, static_cast<std::uint32_t>(seconds));
  }
  return bound;
}

double effective_weight(const Entry& entry, const InstanceBody& body, const Setting& setting) {
  double weight = body.weight_or_default();
  if (is_suspect(entry)) weight *= kSuspectShare;
  if (const Condition* condition = entry.condition.get()) {
    if (condition->status == HeartbeatStatus::warning) weight *= setting.warning_factor;
    if (setting.use_load && condition->load) weight *= (100.0 - *condition->load) / 100.0;
    if (condition->overloaded) weight = 0;
  }
  return weight;
}

// The first that holds, from the top.
Reason reason_of(const Entry& entry, const Instance& view, const Fitness& fitness, const Setting& setting) {
  if (setting.service_reason != Reason::ok) return setting.service_reason;
  if (is_unresolved(*view.body)) return Reason::unresolved;
  if (view.body->addresses.empty() && !is_hostless(*view.body)) return Reason::no_address;
  if (is_of_ended_task(entry)) return Reason::task_ended;
  if (view.admin == AdminMode::down) return Reason::admin_down;
  if (view.admin == AdminMode::drain || view.draining_since) return Reason::draining;
  if (view.admin == AdminMode::up) return Reason::forced_up;
  if (fitness.state == State::starting || fitness.state == State::suspended) return fitness.reason;
  if (view.lease_state == LeaseState::suspect) return Reason::lease_suspect;
  if (setting.hides_timedout && (fitness.reason == Reason::timedout || fitness.reason == Reason::capped))
    return Reason::timedout_hidden;
  if (fitness.state == State::timedout) return fitness.reason;
  if (entry.condition && entry.condition->overloaded) return Reason::overloaded;
  return view.effective_weight > 0 ? Reason::ok : Reason::weight_zero;
}

Sources sources_of(const Entry& entry) {
  if (entry.claims.size() == 1) return entry.claims.front().source->alone;
  std::vector<SourceId> sources;
  for (const Claim& claim : entry.claims) sources.push_back(*claim.source);
  return sources;
}

bool serves(Reason reason) {
  switch (reason) {
    case Reason::ok:
    case Reason::forced_up:
    case Reason::lease_suspect:
    case Reason::unreachable:
    case Reason::held:
    case Reason::timedout:
    case Reason::capped:
    case Reason::overloaded:
    case Reason::weight_zero:
    case Reason::lower_tier: return true;
    default: return false;
  }
}

}  // namespace

Instance compose(const Entry& entry, const Instance& identity, const Setting& setting) {
  Instance view = identity;
  const Claim* life = life_claim(entry);
  const Claim* last = last_claim(entry);
  view.generation = life != nullptr ? life->generation : kOnlyGeneration;
  view.body = with_addresses(merged_body(entry, identity.body), identity.body, setting);
  view.admin = entry.effect ? entry.effect->mode.value_or(AdminMode::automatic) : AdminMode::automatic;
  const Fitness fitness = fitness_of(entry);
  view.state = state_of(entry, *view.body, fitness, view.admin);
  view.failure = fitness.failure;
  view.http_status = fitness.http_status;
  view.ttl_bound = ttl_bound_of(entry);
  if (entry.checkup) {
    view.latency_ms = static_cast<float>(entry.checkup->shown.latency_ms);
    view.success = static_cast<float>(entry.checkup->shown.success);
  }
  view.draining_since = is_draining(entry) ? std::optional(entry.condition->drain->since) : std::nullopt;
  view.draining_reason = is_draining(entry) ? RareText<>(entry.condition->drain->reason) : RareText<>();
  view.lease_state = lease_state_of(entry);
  view.lease = Millis(last->lease_ms);
  view.lease_low = entry.lease_low;
  view.silent_since = silent_since(entry);
  view.publishable = setting.service_reason == Reason::ok;
  view.sources = sources_of(entry);
  view.aliases = aliases_of(entry);
  view.effective_weight = effective_weight(entry, *view.body, setting);
  view.reason = reason_of(entry, view, fitness, setting);
  view.serving = serves(view.reason);
  return view;
}

Difference difference(const Instance& before, const Instance& after) {
  const bool same_body = before.body == after.body || *before.body == *after.body;
  const bool same_view = same_body && before.label == after.label && before.generation == after.generation &&
                         before.state == after.state && before.reason == after.reason &&
                         before.effective_weight == after.effective_weight && before.admin == after.admin &&
                         before.draining_since == after.draining_since &&
                         before.draining_reason == after.draining_reason && before.lease == after.lease &&
                         before.failure == after.failure && before.http_status == after.http_status &&
                         before.ttl_bound == after.ttl_bound && before.sources == after.sources &&
                         are_same(before.aliases, after.aliases);
  if (!same_view) return Difference::view;
  const bool same_lease = before.lease_state == after.lease_state && before.lease_low == after.lease_low &&
                          before.silent_since == after.silent_since && before.ramp == after.ramp &&
                          before.latency_ms == after.latency_ms && before.success == after.success;
  return same_lease ? Difference::none : Difference::lease_only;
}

}  // namespace muster::registry
