#include "registry/sources/mesos_picture.h"

#include <algorithm>
#include <utility>

#include "registry/sources/mesos_pid.h"
#include "registry/sources/mesos_verdict.h"

namespace muster::registry::sources {

namespace {

HeartbeatStatus health_of(State state) {
  if (state == State::starting) return HeartbeatStatus::starting;
  return state == State::suspended ? HeartbeatStatus::critical : HeartbeatStatus::passing;
}

// Those of a literal, or of a name as far as it is known.
std::vector<IpAddress> addresses_at(const std::string& host, const HostAddresses& addresses_of) {
  if (const auto literal = net::parse_ip(host)) return usable_addresses({host});
  return host.empty() ? std::vector<IpAddress>() : addresses_of(host);
}

template <class Value>
std::shared_ptr<const Value> shared(const std::shared_ptr<const Value>& known, Value value) {
  if (known && *known == value) return known;
  return std::make_shared<const Value>(std::move(value));
}

// All tasks in the order in which they were first seen: that of the state, and so of what lists them.
std::vector<const MesosTaskKey*> in_order(const MesosTable& table) {
  std::vector<std::pair<std::uint64_t, const MesosTaskKey*>> order;
  for (const auto& [key, tracked] : table.tasks()) order.emplace_back(tracked.sequence, &key);
  std::ranges::sort(order);
  std::vector<const MesosTaskKey*> keys;
  for (const auto& [sequence, key] : order) keys.push_back(key);
  return keys;
}

// Steps from what was to what is; both by id.
template <class Element>
void step_to(std::map<std::string, std::shared_ptr<const Element>>& from,
             std::map<std::string, std::shared_ptr<const Element>> to,
             std::vector<SchedulerStep<Element>>& steps) {
  for (const auto& [id, element] : to) {
    const auto before = from.find(id);
    if (before == from.end()) {
      steps.push_back({nullptr, element});
    } else if (before->second != element) {
      steps.push_back({before->second, element});
    }
  }
  for (const auto& [id, element] : from) {
    if (!to.contains(id)) steps.push_back({element, nullptr});
  }
  from = std::move(to);
}

}  // namespace

std::optional<SteadyTime> MesosPicture::next_look() const {
  return due_.empty() ? std::nullopt : std::optional(due_.begin()->first);
}

std::vector<IpAddress> MesosPicture::agent_addresses(const MesosAgent& agent,
                                                     const HostAddresses& addresses_of) const {
  const auto pid = parse_mesos_pid(agent.pid);
  return addresses_at(pid ? pid->host : agent.hostname, addresses_of);
}

MesosPicture::Shown MesosPicture::look(const MesosTracked& tracked, const HostAddresses& addresses_of,
                                       net::Instant now) {
  Shown shown;
  const Verdict verdict = mesos_verdict(tracked, rules_, now);
  shown.reason = verdict.reason;
  shown.until = verdict.until;
  shown.rank = {tracked.framework->registered_time, tracked.framework->id};
  shown.is_routable = verdict.state == State::active || verdict.state == State::timedout;
  const bool is_shown = is_wanted(tracked.framework->name, rules_) && is_visible(*tracked.task, rules_);
  if (verdict.state == State::off || !is_shown) {
    if (!is_shown && verdict.reason == VerdictReason::ok) shown.reason = VerdictReason::not_wanted;
    shown.is_routable = false;
    return shown;
  }
  SchedulerTask seen =
      scheduler_task(tracked, agent_addresses(*tracked.agent, addresses_of), shown.is_routable, rules_);
  MesosInstance instance = mesos_instance_of(tracked, seen, rules_, dropped_);
  if (shown.is_routable && seen.addresses.empty()) shown.reason = VerdictReason::no_address;
  shown.service = std::move(instance.service);
  shown.body = std::make_shared<const InstanceBody>(std::move(instance.body));
  shown.seen = std::make_shared<const SchedulerTask>(std::move(seen));
  shown.health = health_of(verdict.state);
  return shown;
}

void MesosPicture::count(const Shown& shown, int by) {
  if (shown.is_routable) routable_ += static_cast<std::size_t>(by);
  if (shown.reason == VerdictReason::ok) return;
  const std::string reason(to_string(shown.reason));
  excluded_[reason] += static_cast<std::size_t>(by);
  if (excluded_[reason] == 0) excluded_.erase(reason);
}

// Takes one task's next picture; nullopt: it is gone. The services it concerns are settled afterwards, for
// who owns a name may change.
void MesosPicture::take(const MesosTaskKey& key, std::optional<Shown> next, MesosStep& step,
                        std::set<std::string>& services) {
  const auto found = shown_.find(key);
  Shown before = found == shown_.end() ? Shown() : std::move(found->second);
  if (found != shown_.end()) {
    count(before, -1);
    if (before.until) due_.erase({*before.until, key});
  }
  if (next && before.seen && next->seen && *before.seen == *next->seen) next->seen = before.seen;
  if (next && before.body && next->body && *before.body == *next->body) next->body = before.body;
  const auto seen = next ? next->seen : nullptr;
  if (before.seen != seen) step.seen.tasks.push_back({before.seen, seen});

  const bool asks = next && next->seen && !next->service.empty();
  const bool asked = !before.service.empty();
  const bool stays = asks && asked && before.service == next->service && before.rank == next->rank;
  if (asked && !stays) {
    auto& ranks = services_[before.service];
    ranks[before.rank].erase(key);
    if (ranks[before.rank].empty()) ranks.erase(before.rank);
    services.insert(before.service);
  }
  if (asks && !stays) {
    services_[next->service][next->rank].insert(key);
    services.insert(next->service);
  }
  const bool leaves = before.is_listed && (!asks || before.service != next->service);
  if (leaves)
    step.native.gone.push_back({before.service, key.task_id, next ? Cause::source_gone : Cause::task_ended});
  if (!next) {
    if (found != shown_.end()) shown_.erase(found);
    return;
  }
  next->is_listed = before.is_listed && !leaves;
  const bool is_other = next->is_listed && (next->body != before.body || next->health != before.health);
  if (is_other) list(key, *next, step);
  count(*next, 1);
  if (next->until) due_.insert({*next->until, key});
  if (!asks) next->service.clear();
  shown_.insert_or_assign(key, std::move(*next));
}

void MesosPicture::list(const MesosTaskKey& key, const Shown& shown, MesosStep& step) const {
  Registration registration;
  registration.service = shown.service;
  registration.id = key.task_id;
  registration.body = shown.body;
  registration.by = rules_.source;
  registration.vitals.emplace().status = shown.health;
  step.native.listed.push_back(std::move(registration));
}

// Of the frameworks that ask for a service's name the first that registered has it.
void MesosPicture::settle(const std::set<std::string>& services, MesosStep& step) {
  for (const std::string& service : services) {
    const auto found = services_.find(service);
    if (found == services_.end()) continue;
    if (found->second.empty()) {
      services_.erase(found);
      continue;
    }
    bool is_owner = true;
    for (const auto& [rank, keys] : found->second) {
      for (const MesosTaskKey& key : keys) {
        Shown& shown = shown_.at(key);
        if (!is_owner && shown.is_listed) {
          step.native.gone.push_back({service, key.task_id, Cause::source_gone});
        } else if (is_owner && !shown.is_listed) {
          list(key, shown, step);
        }
        shown.is_listed = is_owner;
      }
      is_owner = false;
    }
  }
}

void MesosPicture::follow_surroundings(const MesosTable& table, const SchedulerMasters& masters,
                                       const HostAddresses& addresses_of, MesosStep& step) {
  decltype(agents_) agents;
  for (const auto& [id, agent] : table.agents()) {
    SchedulerAgent seen{id, agent_addresses(*agent, addresses_of), 0};
    if (const auto pid = parse_mesos_pid(agent->pid)) seen.port = pid->port;
    agents[id] = shared(agents_[id], std::move(seen));
  }
  std::erase_if(agents_, [](const auto& one) { return !one.second; });
  step_to(agents_, std::move(agents), step.seen.agents);

  decltype(frameworks_) frameworks;
  for (const auto& [id, framework] : table.frameworks()) {
    if (!is_wanted(framework->name, rules_)) continue;
    const auto pid = parse_mesos_pid(framework->pid);
    SchedulerFramework seen{id, framework->name,
                            addresses_at(pid ? pid->host : framework->hostname, addresses_of),
                            pid ? pid->port : std::uint16_t{0}};
    frameworks[id] = shared(frameworks_[id], std::move(seen));
  }
  std::erase_if(frameworks_, [](const auto& one) { return !one.second; });
  step_to(frameworks_, std::move(frameworks), step.seen.frameworks);

  if (masters_ != masters) step.seen.masters = masters_ = masters;
}

MesosStep MesosPicture::follow(const MesosTable& table, const MesosTable::Touched& touched,
                               const SchedulerMasters& masters, const HostAddresses& addresses_of,
                               net::Instant now) {
  MesosStep step;
  step.seen.source = rules_.source;
  step.native.source = {SourceKind::scheduler, rules_.source};
  if (touched.all || touched.surroundings) follow_surroundings(table, masters, addresses_of, step);

  std::set<std::string> services;
  const auto look_at = [&](const MesosTaskKey& key) {
    const MesosTracked* tracked = table.find(key);
    take(key, tracked == nullptr ? std::nullopt : std::optional(look(*tracked, addresses_of, now)), step,
         services);
  };
  if (touched.all) {
    std::vector<MesosTaskKey> gone;
    for (const auto& [key, shown] : shown_) {
      if (table.find(key) == nullptr) gone.push_back(key);
    }
    for (const MesosTaskKey& key : gone) look_at(key);
    for (const MesosTaskKey* key : in_order(table)) look_at(*key);
  } else {
    for (const MesosTaskKey& key : touched.tasks) look_at(key);
  }
  while (!due_.empty() && due_.begin()->first <= now.steady) {
    const MesosTaskKey key = due_.begin()->second;
    look_at(key);
    if (!due_.empty() && due_.begin()->second == key && due_.begin()->first <= now.steady)
      break;  // its time does not move
  }
  settle(services, step);
  return step;
}

std::optional<net::Endpoint> MesosPicture::probe_target(const MesosTaskKey& key) const {
  const auto found = shown_.find(key);
  if (found == shown_.end() || !found->second.body) return std::nullopt;
  const InstanceBody& body = *found->second.body;
  for (const Port& port : body.ports) {
    if (port.protocol != Protocol::tcp) continue;
    const bool is_host = port.scope == PortScope::host && !body.host_addresses.empty();
    const auto& addresses = is_host ? body.host_addresses : body.addresses;
    if (!addresses.empty()) return net::Endpoint{addresses.front(), port.number};
  }
  return std::nullopt;
}

}  // namespace muster::registry::sources
