// What readers see.
#include <algorithm>

#include "registry/core.h"
#include "registry/glob.h"
#include "registry/limits.h"
#include "registry/merge.h"

namespace muster::registry {

InstancePtr Registry::Core::find(std::string_view service, std::string_view id) const {
  const Entry* entry = entry_at(service, id);
  return entry == nullptr ? nullptr : entry->shown;
}

// Members are in order of their priorities.
std::optional<std::uint16_t> Registry::Core::best_tier_of(std::string_view name) const {
  const Service* service = service_at(name);
  if (service == nullptr || service->ready == 0) return std::nullopt;
  const auto& members = service->members.ordered();
  const auto best = std::ranges::find_if(members, [](const Entry* member) { return member->shown->serving; });
  return (*best)->shown->body->priority_or_default();
}

// `now` is in inner time.
LeaseView Registry::Core::lease_view(const Entry& entry, Instant now) const {
  return lease_view(entry, *last_claim(entry), now);
}

LeaseView Registry::Core::lease_view(const Entry& entry, const Claim& claim, Instant now) const {
  LeaseView view{entry.shown->lease_state, Millis(claim.lease_ms), {}, claim.heard};
  if (claim.lease_ms == 0) return view;
  const bool suspect = entry.suspicion && entry.suspicion->suspect;
  const SteadyTime end = suspect ? entry.suspicion->until : claim.deadline;
  view.expires_at = now.wall + (end - now.steady);
  return view;
}

LeaseView Registry::Core::lease_of(std::string_view service, std::string_view id, Instant now) const {
  const Entry* entry = entry_at(service, id);
  return entry == nullptr ? LeaseView{} : lease_view(*entry, inner(now));
}

WallTime Registry::Core::safe_stop_of(std::string_view service, std::string_view id, Instant now) const {
  const Entry* entry = entry_at(service, id);
  return entry == nullptr || !safe_stop ? now.wall : safe_stop(*entry->shown, now);
}

ServiceView Registry::Core::view(std::string_view name, Instant now) const {
  ServiceView view;
  view.name = name;
  const Service* service = service_at(name);
  view.set_hash = to_string(service == nullptr ? SetHash{} : service->set_hash);
  if (service == nullptr) return view;
  view.revision = service->revision;
  view.known = true;
  view.policy = service->settings.policy;
  view.properties = service->settings.properties;
  view.reason = service->reason;
  view.publishable = service->reason == Reason::ok;
  view.best_tier = best_tier_of(name);
  const auto& members = service->members.ordered();
  view.instances.reserve(members.size());
  view.leases.reserve(members.size());
  for (const Entry* member : members) {
    view.instances.push_back(member->shown);
    view.leases.push_back(lease_view(*member, inner(now)));
  }
  return view;
}

std::vector<ServiceSummary> Registry::Core::list(std::string_view glob, std::string_view after,
                                                 std::size_t limit) const {
  std::vector<ServiceSummary> found;
  const std::string_view prefix = glob_prefix(glob);
  auto at = after < prefix ? services_.lower_bound(prefix) : services_.upper_bound(after);
  for (; at != services_.end() && found.size() < limit; ++at) {
    const Service& service = at->second;
    if (!service.name.starts_with(prefix)) break;
    if (!glob.empty() && !glob_matches(glob, service.name)) continue;
    found.push_back({at->first, service.revision, service.members.size(), service.ready,
                     service.reason == Reason::ok, service.reason});
  }
  return found;
}

std::vector<InstancePtr> Registry::Core::instances_of_repo(std::string_view repo) const {
  std::vector<InstancePtr> found;
  if (const auto at = repos_.find(repo); at != repos_.end())
    for (const auto& [sequence, entry] : at->second) found.push_back(entry->shown);
  return found;
}

std::optional<Explanation> Registry::Core::explain(std::string_view service, std::string_view id,
                                                   Instant now) const {
  const Entry* entry = entry_at(service, id);
  if (entry == nullptr) return std::nullopt;
  Explanation explanation;
  explanation.instance = entry->shown;
  explanation.reason = reason_among(*entry->shown, best_tier_of(entry->shown->service));
  explanation.lease = lease_view(*entry, inner(now));
  std::vector<Saying> sayings;
  for (const Claim& claim : entry->claims) {
    sayings.push_back({claim.source, claim.body});
    const std::string alias = claim.alias != nullptr ? text_of(AliasKey{}(*claim.alias)) : "";
    explanation.claims.push_back({*claim.source, std::max(claim.generation, kOnlyGeneration),
                                  now.wall - claim.heard, claim.by, alias, claim.body});
  }
  explanation.overlay = overlay_.matching(names_of(*entry), heard_of(*entry));
  explanation.fields = explain_merge(sayings, explanation.overlay);
  if (entry->condition) explanation.report = entry->condition->report;
  return explanation;
}

RegistryCounts Registry::Core::counts() const {
  RegistryCounts counts;
  counts.services = services_.size();
  counts.instances = entries_.size();
  for (const std::size_t suspects : counts.suspects_of = suspects_of_) counts.suspects += suspects;
  counts.tombstones = tombstones_.size();
  counts.aliases = aliases_.size();
  counts.waiting_drains = drains_.size();
  counts.expired = expired_;
  counts.expired_of = expired_of_;
  counts.states = states_;
  counts.limit_instances = limit_instances_;
  counts.limit_per_service = limit_per_service_;
  counts.limit_services = limit_services_;
  counts.lateness_max = std::exchange(lateness_max_, Millis(0));
  return counts;
}

void Registry::Core::measure(const Service& service, ServiceStates& states) {
  if (service.checkups == 0) return;
  std::size_t timed = 0;
  double latency = 0;
  double success = 0;
  for (const Entry* entry : service.members.ordered()) {
    if (!entry->checkup || !entry->checkup->response) continue;
    const health::Response& response = *entry->checkup->response;
    ++states.measured;
    success += response.success();
    if (response.latency_ms() <= 0) continue;
    ++timed;
    latency += response.latency_ms();
  }
  if (states.measured > 0) states.success = success / static_cast<double>(states.measured);
  if (timed > 0) states.latency_ms = latency / static_cast<double>(timed);
}

std::vector<ServiceStates> Registry::Core::states(std::string_view after, std::size_t limit) const {
  std::vector<ServiceStates> found;
  for (auto at = services_.upper_bound(after); at != services_.end() && found.size() < limit; ++at) {
    found.push_back({at->first, at->second.states});
    measure(at->second, found.back());
  }
  return found;
}

void StateCounts::count(const Instance& instance, std::uint32_t step) {
  by_state[static_cast<std::size_t>(instance.state)] += step;
  const bool candidate = instance.state != State::off && instance.admin != AdminMode::down &&
                         instance.admin != AdminMode::drain && !instance.draining_since;
  if (!candidate) return;
  candidates += step;
  if (instance.state == State::active || instance.state == State::timedout || instance.admin == AdminMode::up)
    fit += step;
}

void Registry::Core::for_each(const std::function<void(const InstancePtr&)>& visit) const {
  entries_.for_each([&](const Entry& entry) { visit(entry.shown); });
}

}  // namespace muster::registry
