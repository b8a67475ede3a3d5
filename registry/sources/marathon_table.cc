#include "registry/sources/marathon_table.h"

#include <algorithm>
#include <iterator>

#include "registry/sources/probe_target.h"

namespace muster::registry::sources {

namespace {

constexpr std::size_t kEmptyLeast = 2;  // one task may go and leave nothing

void add_each(Dropped& to, const Dropped& more, int by) {
  for (const auto& [reason, count] : more) {
    std::size_t& sum = to[reason];
    sum += static_cast<std::size_t>(by) * count;
    if (sum == 0) to.erase(reason);
  }
}

}  // namespace

void MarathonTable::Touched::join(Touched more) {
  all |= more.all;
  refetch |= more.refetch;
  groups.merge(more.groups);
  ended.merge(more.ended);
}

void MarathonTable::Tally::add(const Tally& more, int by) {
  total += static_cast<std::size_t>(by) * more.total;
  routable += static_cast<std::size_t>(by) * more.routable;
  add_each(excluded, more.excluded, by);
  add_each(dropped, more.dropped, by);
}

MarathonTable::MarathonTable(std::string source, MarathonRules rules, MesosGuard guard)
    : source_{SourceKind::marathon, std::move(source)},
      rules_([&] {
        rules.source = source_.name;
        return std::move(rules);
      }()),
      guard_(guard),
      holds_(guard.grace, guard.hold) {}

// ---- what is heard

MarathonTable::Touched MarathonTable::take_apps(MarathonState state, SteadyTime asked_at) {
  Touched touched;
  touched.all = sources::take_apps(picture_, std::move(state), asked_at);
  return touched;
}

MarathonTable::Touched MarathonTable::take_app(MarathonState state, SteadyTime asked_at) {
  Touched touched;
  for (const MarathonApp& app : state.apps) touched.groups.insert(app.id);
  if (!sources::take_app(picture_, std::move(state), asked_at)) touched.groups.clear();
  return touched;
}

MarathonTable::Touched MarathonTable::take_pods(MarathonState state, SteadyTime asked_at) {
  Touched touched;
  for (const auto& [id, pod] : picture_.pods) touched.groups.insert(id);
  for (const MarathonPod& pod : state.pods) touched.groups.insert(pod.id);
  if (!sources::take_pods(picture_, std::move(state), asked_at)) touched.groups.clear();
  return touched;
}

MarathonTable::Touched MarathonTable::hear(const MarathonHint& hint, SteadyTime now) {
  Touched touched;
  if (hint.act == MarathonAct::none) return touched;
  touched.refetch = !take_hint(picture_, hint, now);
  for (const std::string& app : hint.apps) {
    touched.groups.insert(app);
    if (hint.act == MarathonAct::app_ended) touched.ended.insert(app);
  }
  return touched;
}

MarathonTable::Touched MarathonTable::tick(SteadyTime now) {
  return erase_all(holds_.over(now), Cause::held_out);
}

MarathonTable::Touched MarathonTable::accept() { return erase_all(holds_.all(), Cause::source_gone); }

MarathonTable::Touched MarathonTable::forget() {
  picture_ = {};
  std::vector<MesosTaskKey> keys;
  for (const auto& [id, group] : groups_) {
    for (const auto& [task, shown] : group.tasks) keys.push_back({id, task});
  }
  return erase_all(keys, Cause::source_gone);
}

MarathonTable::Touched MarathonTable::restore(MarathonState apps, MarathonState pods,
                                              const std::vector<MarathonBelief::Seen>& seen,
                                              SteadyTime asked_at) {
  MarathonMemory memory;
  for (const MarathonBelief::Seen& one : seen) {
    memory[one.id].was_routable = true;
    memory[one.id].is_well = one.is_well;
  }
  const auto remember = [&](const std::string& group, const std::string& task) {
    if (const auto found = memory.find(task); found != memory.end()) groups_[group].memory.insert(*found);
  };
  for (const MarathonApp& app : apps.apps) {
    for (const MarathonTask& task : app.tasks) remember(app.id, task.id);
  }
  for (const MarathonPod& pod : pods.pods) {
    for (const MarathonPodInstance& instance : pod.instances) remember(pod.id, instance.id);
  }
  Touched touched = take_apps(std::move(apps), asked_at);
  touched.join(take_pods(std::move(pods), asked_at));
  return touched;
}

void MarathonTable::visit_hosts(const std::function<void(const std::string& host)>& visit) const {
  const auto visit_name = [&](const std::string& host) {
    if (!host.empty() && !net::parse_ip(host)) visit(host);
  };
  for (const auto& [id, app] : picture_.apps) {
    for (const MarathonTask& task : app.content->tasks) visit_name(task.host);
  }
  for (const auto& [id, pod] : picture_.pods) {
    for (const MarathonPodInstance& instance : pod.content->instances) visit_name(instance.host);
  }
}

MarathonBelief MarathonTable::belief() const {
  MarathonBelief belief;
  // One that is partial has never been heard of whole.
  for (const auto& [id, app] : picture_.apps) {
    if (!app.content->is_partial) belief.apps.push_back(app.content);
  }
  for (const auto& [id, pod] : picture_.pods) {
    if (!pod.content->is_partial) belief.pods.push_back(pod.content);
  }
  for (const auto& [id, group] : groups_) {
    for (const auto& [task, memory] : group.memory) {
      if (memory.was_routable) belief.seen.push_back({task, memory.is_well});
    }
  }
  return belief;
}

std::optional<net::Endpoint> MarathonTable::probe_target(const MesosTaskKey& key) const {
  const auto group = groups_.find(key.framework_id);
  if (group == groups_.end()) return std::nullopt;
  const auto shown = group->second.tasks.find(key.task_id);
  return shown == group->second.tasks.end() ? std::nullopt : probe_target_of(*shown->second.body);
}

MarathonTable::Touched MarathonTable::probed(const MesosTaskKey& key, ProbeVerdict verdict, SteadyTime now) {
  return holds_.probed(key, verdict, now) ? erase(key, Cause::confirmed) : Touched();
}

MarathonTable::Touched MarathonTable::give_up(const MesosTaskKey& key) {
  return holds_.contains(key) ? erase(key, Cause::held_out) : Touched();
}

MarathonTable::Touched MarathonTable::erase(const MesosTaskKey& key, Cause cause) {
  holds_.end(key);
  const auto found = groups_.find(key.framework_id);
  if (found == groups_.end()) return {};
  Group& group = found->second;
  const auto shown = group.tasks.find(key.task_id);
  if (shown == group.tasks.end()) return {};
  if (shown->second.is_listed) gone_.push_back({group.service, key.task_id, cause});
  set_withheld(shown->second, nullptr);
  group.tasks.erase(shown);
  --tasks_[kind_of(group)];
  group.memory.erase(key.task_id);
  Touched touched;
  touched.groups.insert(key.framework_id);
  return touched;
}

MarathonTable::Touched MarathonTable::erase_all(const std::vector<MesosTaskKey>& keys, Cause cause) {
  Touched touched;
  for (const MesosTaskKey& key : keys) touched.join(erase(key, cause));
  return touched;
}

// ---- what is shown

std::optional<SteadyTime> MarathonTable::next_look() const {
  return due_.empty() ? std::nullopt : std::optional(due_.begin()->first);
}

void MarathonTable::set_silence(SchedulerSilence silence) {
  if (silence_ == silence) return;
  silence_ = silence;
  tell_again();
}

void MarathonTable::tell_again() {
  for (auto& [id, group] : groups_) {
    looked_.insert(id);
    for (auto& [task, shown] : group.tasks) shown.is_other = true;
  }
}

std::set<std::string> MarathonTable::all_groups() const {
  std::set<std::string> ids;
  for (const auto& [id, app] : picture_.apps) ids.insert(id);
  for (const auto& [id, pod] : picture_.pods) ids.insert(id);
  for (const auto& [id, group] : groups_) ids.insert(id);
  return ids;
}

SourceStep MarathonTable::follow(const Touched& touched, const AddressesOf& addresses_of, net::Instant now) {
  const PerKind before = tasks_;
  std::set<std::string> ids =
      touched.all ? all_groups() : std::set<std::string>(touched.groups.begin(), touched.groups.end());
  for (const auto& [at, id] : due_) {
    if (at > now.steady) break;
    ids.insert(id);
  }
  for (const std::string& id : ids) look(id, touched, addresses_of, now);
  settle_missing(before, now.steady);
  settle_owners();

  SourceStep step;
  step.source = source_;
  for (const std::string& id : std::exchange(looked_, {})) list(id, step);
  step.gone.insert(step.gone.begin(), std::make_move_iterator(gone_.begin()),
                   std::make_move_iterator(gone_.end()));
  gone_.clear();
  return step;
}

void MarathonTable::look(const std::string& id, const Touched& touched, const AddressesOf& addresses_of,
                         net::Instant now) {
  const bool is_app = picture_.apps.contains(id);
  const bool is_known = is_app || picture_.pods.contains(id);
  if (!is_known && !groups_.contains(id)) return;
  Group& group = groups_.try_emplace(id).first->second;
  if (is_known && group.tasks.empty()) group.is_pod = !is_app;
  looked_.insert(id);
  if (group.look_again) due_.erase({*group.look_again, id});
  MarathonLook look = is_app ? look_at_app(picture_, id, group.memory, rules_, addresses_of, now)
                             : look_at_pod(picture_, id, group.memory, rules_, addresses_of, now);
  group.look_again = look.look_again;
  if (group.look_again) due_.insert({*group.look_again, id});
  group.dropped = std::move(look.dropped);

  // What goes, while it is still known under the name that it had.
  std::set<std::string_view> listed;
  for (const MarathonInstance& instance : look.instances) listed.insert(instance.id);
  std::vector<MesosTaskKey> gone;
  for (const auto& [task, shown] : group.tasks) {
    if (listed.contains(task)) continue;
    if (!guard_.is_on || std::ranges::binary_search(look.ended, task) ||
        is_confirmed(id, group, task, touched)) {
      gone.push_back({id, task});
      continue;
    }
    missing_.push_back({{id, task}, is_known, group.is_pod});
    if (const auto memory = group.memory.find(task); memory != group.memory.end())
      look.memory.insert(*memory);
  }
  for (const MesosTaskKey& key : gone) {
    const bool has_ended = touched.ended.contains(id) || std::ranges::binary_search(look.ended, key.task_id);
    erase(key, has_ended ? Cause::task_ended : Cause::source_gone);
  }
  group.memory = std::move(look.memory);
  if (is_known) rename(id, group, std::move(look.service), look.is_named_by_path);
  take_tasks(id, group, std::move(look.instances));
}

bool MarathonTable::is_confirmed(const std::string& id, const Group& group, const std::string& task,
                                 const Touched& touched) const {
  const VerdictReason reason = group.tasks.at(task).reason;
  if (touched.ended.contains(id) || reason == VerdictReason::killing || reason == VerdictReason::unreachable)
    return true;
  const auto mark = group.is_pod ? mark_of_pod(picture_, task, SteadyTime::min())
                                 : mark_of_task(picture_, task, SteadyTime::min());
  if (mark && (mark->act == MarathonAct::ended || mark->act == MarathonAct::out)) return true;
  return confirms_absence(picture_, id);
}

void MarathonTable::take_tasks(const std::string& id, Group& group, std::vector<MarathonInstance> instances) {
  for (MarathonInstance& instance : instances) {
    holds_.end({id, instance.id});
    const auto [place, is_new] = group.tasks.try_emplace(instance.id);
    if (is_new) ++tasks_[kind_of(group)];
    Shown& shown = place->second;
    const bool is_same = shown.body && *shown.body == instance.body;
    const bool fares_so = shown.state == instance.state && shown.reason == instance.reason;
    shown.is_other = shown.is_other || !is_same || !fares_so;
    shown.is_routable = instance.is_routable();
    if (!is_same) shown.body = std::make_shared<const InstanceBody>(std::move(instance.body));
    shown.state = instance.state;
    shown.reason = instance.reason;
    shown.app = std::move(instance.app);
  }
}

// What is listed under the old name goes, and is listed again under the new one.
void MarathonTable::rename(const std::string& id, Group& group, std::string service, bool is_named_by_path) {
  if (group.service == service && group.is_named_by_path == is_named_by_path) return;
  if (group.service != service) {
    for (auto& [task, shown] : group.tasks) {
      if (std::exchange(shown.is_listed, false)) gone_.push_back({group.service, task, Cause::source_gone});
    }
  }
  if (group.is_named_by_path) {
    services_[group.service].askers.erase(id);
    renamed_.insert(group.service);
  }
  group.service = std::move(service);
  group.is_named_by_path = is_named_by_path;
  group.is_owner = true;
  if (!is_named_by_path) return;
  services_[group.service].askers.insert(id);
  renamed_.insert(group.service);
}

// Apps and pods are told in documents of their own, of which one may lie: what is missing is looked at of
// each alone, and of both.
void MarathonTable::settle_missing(const PerKind& before, SteadyTime now) {
  PerKind missing_of{};
  for (const Missing& missing : missing_) ++missing_of[missing.is_pod];
  const auto is_much = [&](std::size_t missing, std::size_t of) {
    return missing >= guard_.least && static_cast<double>(missing) >= guard_.ratio * static_cast<double>(of);
  };
  const bool is_much_of_all = is_much(missing_of[0] + missing_of[1], before[0] + before[1]);
  for (const Missing& missing : std::exchange(missing_, {})) {
    const std::size_t kind = missing.is_pod;
    const bool is_empty = tasks_[kind] == missing_of[kind] && before[kind] >= kEmptyLeast;
    if (is_empty || is_much_of_all || is_much(missing_of[kind], before[kind]) ||
        missing.is_listed_without_tasks) {
      hold(missing.key, now);
    } else if (!holds_.contains(missing.key)) {
      erase(missing.key, Cause::source_gone);
    }
  }
}

void MarathonTable::hold(const MesosTaskKey& key, SteadyTime now) {
  holds_.begin(key, MesosHolds::Why::unexplained, now);
  Shown& shown = groups_.at(key.framework_id).tasks.at(key.task_id);
  if (shown.state != State::active) return;
  shown.state = State::timedout;
  shown.reason = VerdictReason::held;
  shown.is_other = true;
}

// Names that paths alone make may meet: "/a/b-c" and "/c-a/b". Who had the name keeps it, else the smaller id
// has it.
void MarathonTable::settle_owners() {
  for (const std::string& id : looked_) {
    const Group& group = groups_.at(id);
    const bool is_over = group.tasks.empty() && !picture_.apps.contains(id) && !picture_.pods.contains(id);
    if (!is_over || !group.is_named_by_path) continue;
    services_[group.service].askers.erase(id);
    renamed_.insert(group.service);
  }
  for (const std::string& name : std::exchange(renamed_, {})) {
    Service& service = services_[name];
    if (!service.askers.contains(service.owner))
      service.owner = service.askers.empty() ? std::string() : *service.askers.begin();
    for (const std::string& asker : service.askers) {
      Group& group = groups_.at(asker);
      if (group.is_owner == (asker == service.owner)) continue;
      group.is_owner = !group.is_owner;
      looked_.insert(asker);
    }
    if (service.askers.empty()) services_.erase(name);
  }
}

void MarathonTable::set_withheld(Shown& shown, std::shared_ptr<const SchedulerWithheld> next) {
  if (shown.withheld == next || (shown.withheld && next && *shown.withheld == *next)) return;
  withheld_.push_back({std::exchange(shown.withheld, next), next});
}

std::shared_ptr<const SchedulerWithheld> MarathonTable::withheld(const std::string& id,
                                                                 const std::string& task, const Group& group,
                                                                 const Shown& shown) {
  SchedulerWithheld out;
  out.id = task;
  out.name = id;
  out.addresses = shown.body->addresses;
  out.withheld_for = explained(group.is_owner ? shown.reason : VerdictReason::service_owned, "");
  out.service = group.service;
  return std::make_shared<const SchedulerWithheld>(std::move(out));
}

void MarathonTable::list(const std::string& id, SourceStep& step) {
  Group& group = groups_.at(id);
  for (auto& [task, shown] : group.tasks) {
    const bool is_wanted = !group.service.empty() && group.is_owner && shown.state != State::off;
    set_withheld(shown, is_wanted || group.service.empty() ? nullptr : withheld(id, task, group, shown));
    if (!is_wanted) {
      const bool is_ending = shown.reason == VerdictReason::killing;
      if (std::exchange(shown.is_listed, false))
        step.gone.push_back({group.service, task, is_ending ? Cause::task_ended : Cause::source_gone});
      continue;
    }
    if (std::exchange(shown.is_listed, true) && !shown.is_other) continue;
    shown.is_other = false;
    Registration registration;
    registration.service = group.service;
    registration.id = task;
    registration.source = source_;
    registration.body = shown.body;
    registration.by = source_.name;
    registration.silent_since = silence_.since;
    registration.fitness = {shown.state, listed_reason(shown.state, shown.reason)};
    step.listed.push_back(std::move(registration));
  }
  count(group);
  if (!group.tasks.empty() || picture_.apps.contains(id) || picture_.pods.contains(id)) return;
  if (group.look_again) due_.erase({*group.look_again, id});
  groups_.erase(id);
}

void MarathonTable::count(Group& group) {
  Tally tally;
  tally.total = group.tasks.size();
  tally.dropped = group.dropped;
  for (const auto& [task, shown] : group.tasks) {
    if (group.is_owner && shown.is_routable) {
      ++tally.routable;
    } else {
      drop(tally.excluded, to_string(group.is_owner ? shown.reason : VerdictReason::service_owned));
    }
  }
  tally_.add(group.tally, -1);
  tally_.add(tally, 1);
  group.tally = std::move(tally);
}

}  // namespace muster::registry::sources
