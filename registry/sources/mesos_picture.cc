#include "registry/sources/mesos_picture.h"

#include <limits>
#include <utility>

#include "registry/sources/mesos_pid.h"
#include "registry/sources/mesos_verdict.h"
#include "registry/sources/probe_target.h"

namespace muster::registry::sources {

namespace {

// Those of a literal, or of a name as far as it is known.
std::vector<IpAddress> addresses_at(const std::string& host, const HostAddresses& addresses_of) {
  if (host.empty()) return {};
  if (net::parse_ip(host)) return usable_addresses(std::vector<std::string>{host});
  return usable_addresses(addresses_of(host));
}

std::vector<IpAddress> agent_addresses(const MesosAgent& agent, const HostAddresses& addresses_of) {
  const auto pid = parse_mesos_pid(agent.pid);
  return addresses_at(pid ? pid->host : agent.hostname, addresses_of);
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

// One element's step from what was to `next`; null: it is gone.
template <class Element>
void step_to(std::map<std::string, std::shared_ptr<const Element>>& from, const std::string& id,
             std::shared_ptr<const Element> next, std::vector<SchedulerStep<Element>>& steps) {
  const auto found = from.find(id);
  const auto before = found == from.end() ? nullptr : found->second;
  if (before == next) return;
  steps.push_back({before, next});
  if (next) {
    from[id] = std::move(next);
  } else {
    from.erase(found);
  }
}

// Every id that either knows, in order.
template <class One, class Other>
std::set<std::string> ids_of(const One& one, const Other& other) {
  std::set<std::string> ids;
  for (const auto& [id, value] : one) ids.insert(id);
  for (const auto& [id, value] : other) ids.insert(id);
  return ids;
}

// What is other than before, as one step; what is the same remains.
template <class Element>
void tell_step(const std::shared_ptr<const Element>& before, std::shared_ptr<const Element>* after,
               std::vector<SchedulerStep<Element>>& steps) {
  if (after != nullptr && before && *after && *before == **after) *after = before;
  const auto next = after != nullptr ? *after : nullptr;
  if (before != next) steps.push_back({before, next});
}

void add(Dropped& to, const std::string& reason, std::size_t count, int by) {
  std::size_t& sum = to[reason];
  sum += static_cast<std::size_t>(by) * count;
  if (sum == 0) to.erase(reason);
}

}  // namespace

std::optional<SteadyTime> MesosPicture::next_look() const {
  return due_.empty() ? std::nullopt : std::optional(due_.begin()->first);
}

MesosPicture::Shown MesosPicture::look(const MesosTracked& tracked, bool is_held,
                                       const HostAddresses& addresses_of, net::Instant now) {
  Verdict verdict = mesos_verdict(tracked, rules_, now);
  if (is_held && verdict.state == State::active) verdict = {State::timedout, VerdictReason::held, {}, false};
  const bool is_ready = verdict.state == State::active || verdict.state == State::timedout;
  SchedulerTask task = scheduler_task(
      tracked, tracked.agent ? agent_addresses(*tracked.agent, addresses_of) : std::vector<IpAddress>(),
      is_ready, rules_);
  task.reason = listed_reason(verdict.state, verdict.reason);
  Shown shown = look_through(tracked, task, verdict);
  if (shown.is_in_view) {
    shown.seen = std::make_shared<const SchedulerTask>(std::move(task));
  } else {
    shown.withheld = std::make_shared<const SchedulerWithheld>(
        SchedulerWithheld{task, explained(shown.reason, tracked.task->state),
                          shown.body ? "" : mesos_service_of(tracked, task, rules_), false});
  }
  return shown;
}

// All but what the view is told.
MesosPicture::Shown MesosPicture::look_through(const MesosTracked& tracked, const SchedulerTask& task,
                                               const Verdict& verdict) {
  Shown shown;
  shown.reason = verdict.reason;
  shown.until = verdict.until;
  // One whose time of registration is not known is the last, so that it takes nothing from who is there.
  const double registered = tracked.framework->registered_time;
  shown.registered = registered > 0 ? registered : std::numeric_limits<double>::infinity();
  if (!is_wanted(tracked.framework->name, rules_) || !is_visible(*tracked.task, rules_)) {
    shown.reason = VerdictReason::not_wanted;
    shown.until.reset();
    return shown;
  }
  if (verdict.state == State::off) return shown;
  shown.is_ready = task.is_ready;
  Dropped dropped;
  MesosInstance instance = mesos_instance_of(tracked, task, rules_, dropped);
  if (!dropped.empty()) shown.dropped = std::make_unique<const Dropped>(std::move(dropped));
  if (shown.is_ready && task.addresses.empty()) shown.reason = VerdictReason::no_address;
  instance.body.scheduler = facts_.share(facts_of(tracked, task, rules_));
  shown.fitness = {verdict.state, task.reason};
  shown.service = std::move(instance.service);
  shown.body = std::make_shared<const InstanceBody>(std::move(instance.body));
  const bool is_hidden = rules_.hides_disabled && !instance.is_enabled;
  if (is_hidden) shown.reason = VerdictReason::not_wanted;
  // Who awaits a first verdict is not served, not even when nobody is ready.
  shown.is_in_view = !is_hidden && verdict.state != State::starting;
  return shown;
}

void MesosPicture::count(const Shown& shown, int by) {
  if (shown.dropped)
    for (const auto& [reason, count] : *shown.dropped) add(dropped_, reason, count, by);
  const VerdictReason reason =
      shown.is_owner ? shown.reason : VerdictReason::service_owned_by_other_framework;
  const bool is_routable =
      shown.is_ready &&
      (reason == VerdictReason::ok || reason == VerdictReason::unreachable || reason == VerdictReason::held);
  if (is_routable) {
    routable_ += static_cast<std::size_t>(by);
  } else {
    add(excluded_, std::string(to_string(reason)), 1, by);
  }
}

// Takes one task's next picture; nullopt: it is gone. Who has the name of a service is settled afterwards.
void MesosPicture::take(const MesosTaskKey& key, std::optional<Shown> next, Work& work) {
  if (!next && !shown_.contains(key)) return;
  const auto [found, is_new] = shown_.try_emplace(key);
  const Shown before = std::move(found->second);
  if (!is_new) {
    count(before, -1);
    if (before.until) due_.erase({*before.until, key});
  }
  tell_step(before.seen, next ? &next->seen : nullptr, work.step.seen.tasks);
  if (next && before.body && next->body && *before.body == *next->body) next->body = before.body;
  move_asker(found->first, before, next ? &*next : nullptr, work);
  if (next) set_withheld(*next);
  tell_step(before.withheld, next ? &next->withheld : nullptr, work.step.seen.withheld);
  if (!next) {
    shown_.erase(found);
    return;
  }
  if (next->is_listed && (next->body != before.body || next->fitness != before.fitness))
    work.listed.insert(key);
  count(*next, 1);
  if (next->until) due_.insert({*next->until, key});
  found->second = std::move(*next);
}

// Who asks for a service's name that another framework has is withheld from the service alone.
void MesosPicture::set_withheld(Shown& shown) {
  if (shown.service.empty()) return;
  std::optional<SchedulerWithheld> next;
  if (shown.withheld && !shown.withheld->is_in_view) next = *shown.withheld;
  if (!shown.is_owner && !next)
    next = SchedulerWithheld{*shown.seen, explained(VerdictReason::service_owned_by_other_framework, ""), "",
                             true};
  if (next) next->service = shown.is_owner ? "" : shown.service;
  shown.withheld = next ? std::make_shared<const SchedulerWithheld>(std::move(*next)) : nullptr;
}

// Only an end that was seen is told as one: it ends what others say of the task, too.
Cause MesosPicture::cause_of(const MesosTaskKey& key, const Shown* next, const Work& work) {
  const bool is_killing = next != nullptr && next->reason == VerdictReason::killing;
  return is_killing || work.ended.contains(key) ? Cause::task_ended : Cause::source_gone;
}

// `key`: that of shown_.
void MesosPicture::move_asker(const MesosTaskKey& key, const Shown& before, Shown* next, Work& work) {
  const bool asked = !before.service.empty();
  const bool asks = next != nullptr && !next->service.empty();
  const bool is_same = asks && asked && before.service == next->service;
  if (is_same && before.registered == next->registered) {
    next->is_owner = before.is_owner;
    next->is_listed = before.is_listed;
    return;
  }
  if (asked) {
    Service& service = services_[before.service];
    const auto askers = service.askers.find(rank_of(key, before));
    askers->second.erase(&key);
    if (askers->second.empty()) service.askers.erase(askers);
    work.services.try_emplace(before.service);
  }
  if (before.is_listed && !is_same) {
    work.listed.erase(key);
    work.step.native.gone.push_back({before.service, key.task_id, cause_of(key, next, work)});
  }
  if (!asks) return;
  next->is_listed = before.is_listed && is_same;
  services_[next->service].askers[rank_of(key, *next)].insert(&key);
  work.services[next->service].push_back(key);
}

// Of the frameworks that ask for a service's name the first that registered has it.
void MesosPicture::settle(Work& work) {
  for (const auto& asked : work.services) {
    const std::string& name = asked.first;
    const std::vector<MesosTaskKey>& newcomers = asked.second;
    Service& service = services_[name];
    if (service.askers.empty()) {
      services_.erase(name);
      continue;
    }
    const Rank owner = service.askers.begin()->first;
    const auto set_all = [&](const std::optional<Rank>& rank) {
      const auto askers = rank ? service.askers.find(*rank) : service.askers.end();
      if (askers == service.askers.end()) return;
      for (const MesosTaskKey* key : askers->second) set_owner(name, *key, rank == owner, work);
    };
    // Who loses it first: the ids of tasks of two frameworks may be the same.
    if (service.owner != owner) set_all(service.owner);
    for (const MesosTaskKey& key : newcomers) {
      const auto shown = shown_.find(key);
      if (shown != shown_.end() && shown->second.service == name)
        set_owner(name, key, rank_of(key, shown->second) == owner, work);
    }
    if (service.owner != owner) set_all(owner);
    service.owner = owner;
  }
}

void MesosPicture::set_owner(const std::string& service, const MesosTaskKey& key, bool is_owner, Work& work) {
  Shown& shown = shown_.at(key);
  if (shown.is_owner != is_owner) {
    count(shown, -1);
    shown.is_owner = is_owner;
    count(shown, 1);
    const auto before = shown.withheld;
    set_withheld(shown);
    tell_step(before, &shown.withheld, work.step.seen.withheld);
  }
  if (shown.is_listed == is_owner) return;
  shown.is_listed = is_owner;
  if (is_owner) {
    work.listed.insert(key);
  } else {
    work.listed.erase(key);
    work.step.native.gone.push_back({service, key.task_id, Cause::source_gone});
  }
}

// Once who has which name is known: what goes comes before what is there.
void MesosPicture::list(Work& work) const {
  for (const MesosTaskKey& key : work.listed) {
    const Shown& shown = shown_.at(key);
    Registration registration;
    registration.service = shown.service;
    registration.id = key.task_id;
    registration.source = work.step.native.source;
    registration.body = shown.body;
    registration.by = rules_.source;
    registration.fitness = shown.fitness;
    registration.silent_since = silence_.since;
    work.step.native.listed.push_back(std::move(registration));
  }
}

void MesosPicture::look_at_agent(const MesosTable& table, const std::string& id,
                                 const HostAddresses& addresses_of, SchedulerChange& change) {
  std::shared_ptr<const SchedulerAgent> next;
  if (const auto found = table.agents().find(id); found != table.agents().end()) {
    const auto pid = parse_mesos_pid(found->second->pid);
    SchedulerAgent seen{id, agent_addresses(*found->second, addresses_of),
                        pid ? pid->port : std::uint16_t{0}};
    const auto known = agents_.find(id);
    next = shared(known == agents_.end() ? nullptr : known->second, std::move(seen));
  }
  step_to(agents_, id, std::move(next), change.agents);
}

void MesosPicture::look_at_framework(const MesosTable& table, const std::string& id,
                                     const HostAddresses& addresses_of, SchedulerChange& change) {
  std::shared_ptr<const SchedulerFramework> next;
  const auto found = table.frameworks().find(id);
  if (found != table.frameworks().end() && is_wanted(found->second->name, rules_)) {
    const MesosFramework& framework = *found->second;
    const auto pid = parse_mesos_pid(framework.pid);
    SchedulerFramework seen{id, framework.name,
                            addresses_at(pid ? pid->host : framework.hostname, addresses_of),
                            pid ? pid->port : std::uint16_t{0}};
    const auto known = frameworks_.find(id);
    next = shared(known == frameworks_.end() ? nullptr : known->second, std::move(seen));
  }
  step_to(frameworks_, id, std::move(next), change.frameworks);
}

void MesosPicture::look_around(const MesosTable& table, const MesosTable::Touched& touched,
                               const HostAddresses& addresses_of, SchedulerChange& change) {
  if (touched.all) {
    for (const std::string& id : ids_of(table.agents(), agents_))
      look_at_agent(table, id, addresses_of, change);
    for (const std::string& id : ids_of(table.frameworks(), frameworks_))
      look_at_framework(table, id, addresses_of, change);
    return;
  }
  for (const std::string& id : touched.agents) look_at_agent(table, id, addresses_of, change);
  for (const std::string& id : touched.frameworks) look_at_framework(table, id, addresses_of, change);
}

bool MesosPicture::set_silence(SchedulerSilence silence) {
  if (silence_ == silence) return false;
  silence_ = silence;
  tells_silence_ = tells_all_ = true;
  return true;
}

MesosStep MesosPicture::follow(const MesosTable& table, const MesosTable::Touched& touched,
                               const SchedulerMasters& masters, const HostAddresses& addresses_of,
                               net::Instant now) {
  Work work;
  work.ended.insert(touched.ended.begin(), touched.ended.end());
  work.step.seen.source = rules_.source;
  work.step.native.source = {SourceKind::scheduler, rules_.source};
  look_around(table, touched, addresses_of, work.step.seen);
  if (masters_ != masters) work.step.seen.masters = masters_ = masters;

  const auto look_at = [&](const MesosTaskKey& key) {
    const MesosTracked* tracked = table.find(key);
    take(key,
         tracked == nullptr ? std::nullopt
                            : std::optional(look(*tracked, table.is_held(key), addresses_of, now)),
         work);
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
  std::vector<MesosTaskKey> due;
  for (const auto& [at, key] : due_) {
    if (at > now.steady) break;
    due.push_back(key);
  }
  for (const MesosTaskKey& key : due) look_at(key);
  settle(work);
  if (std::exchange(tells_silence_, false)) work.step.seen.silence = silence_;
  if (std::exchange(tells_all_, false)) {
    for (const auto& [key, shown] : shown_) {
      if (shown.is_listed) work.listed.insert(key);
    }
  }
  list(work);
  return std::move(work.step);
}

std::optional<net::Endpoint> MesosPicture::probe_target(const MesosTaskKey& key) const {
  const auto found = shown_.find(key);
  if (found == shown_.end() || !found->second.body) return std::nullopt;
  return probe_target_of(*found->second.body);
}

}  // namespace muster::registry::sources
