#include "registry/sources/mesos_table.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "registry/sources/mesos_pid.h"
#include "registry/sources/task_state.h"

namespace muster::registry::sources {

namespace {

using Why = MesosHolds::Why;

constexpr std::size_t kStatusesKept = 8;  // of a task
constexpr std::size_t kEmptyLeast = 2;    // so many tasks had to be there for none at all to be odd
constexpr std::string_view kUnreachable = "TASK_UNREACHABLE";

bool is_well(const MesosTask& task) {
  return std::ranges::any_of(task.statuses, [](const MesosStatus& status) { return status.healthy == true; });
}

// A report of a task before it ran, or after: nobody looks at its networks, and half of all are such.
bool says_nothing(const MesosStatus& status) {
  return status.healthy != true && parse_task_state(status.state) != TaskState::running;
}

// The task as it is to be known after a restart: of one that was well, and says no more how it fares, a
// report says so that is older than all others.
std::shared_ptr<const MesosTask> remembered(const MesosTracked& tracked) {
  if (!tracked.was_well || is_well(*tracked.task)) return tracked.task;
  auto task = std::make_shared<MesosTask>(*tracked.task);
  task->statuses.insert(task->statuses.begin(), {"TASK_RUNNING", 0, true, {}, {}});
  return task;
}

bool says_no_address(const MesosStatus& status) { return status.networks.empty() && status.labels.empty(); }

// Reports on health come again and again and may tell no address: they go first, so that the one that does
// stays. A report that is told a second time, after a snapshot that had it, says nothing new.
void add_status(MesosTask& task, const MesosStatus& status) {
  if (std::ranges::find(task.statuses, status) != task.statuses.end()) return;
  task.statuses.push_back(status);
  if (task.statuses.size() <= kStatusesKept) return;
  const auto last = std::prev(task.statuses.end());
  const auto least = std::find_if(task.statuses.begin(), last, says_no_address);
  task.statuses.erase(least == last ? task.statuses.begin() : least);
}

// The value that is there, if it is the same: who compares pointers sees that nothing has changed.
template <class Value>
std::shared_ptr<const Value> shared(const std::shared_ptr<const Value>& known, Value value) {
  if (known && *known == value) return known;
  return std::make_shared<const Value>(std::move(value));
}

}  // namespace

void MesosTable::Touched::join(Touched more) {
  const auto append = [](auto& to, auto& from) {
    to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
  };
  all |= more.all;
  resync |= more.resync;
  append(tasks, more.tasks);
  append(ended, more.ended);
  append(agents, more.agents);
  append(frameworks, more.frameworks);
}

const MesosTracked* MesosTable::find(const MesosTaskKey& key) const {
  const auto found = tasks_.find(key);
  return found == tasks_.end() ? nullptr : &found->second;
}

std::vector<MesosTaskKey> MesosTable::tasks_on(std::string_view agent_id) const {
  const auto found = on_agent_.find(agent_id);
  if (found == on_agent_.end()) return {};
  std::vector<MesosTaskKey> keys;
  for (const MesosTaskKey* key : found->second) keys.push_back(*key);
  return keys;
}

std::vector<MesosTaskKey> MesosTable::tasks_of(const std::string& framework_id) const {
  std::vector<MesosTaskKey> keys;
  for (auto at = tasks_.lower_bound({framework_id, ""});
       at != tasks_.end() && at->first.framework_id == framework_id; ++at)
    keys.push_back(at->first);
  return keys;
}

void MesosTable::erase(const MesosTaskKey& key) {
  const auto found = tasks_.find(key);
  if (found == tasks_.end()) return;
  holds_.end(key);
  leave_agent(found);
  tasks_.erase(found);
}

void MesosTable::leave_agent(Tasks::const_iterator task) {
  const auto there = on_agent_.find(task->second.task->agent_id);
  there->second.erase(&task->first);
  if (there->second.empty()) on_agent_.erase(there);
}

void MesosTable::end(const MesosTaskKey& key) {
  if (tasks_.contains(key)) ended_.push_back(key);
  erase(key);
}

MesosTable::Touched MesosTable::with_ended(Touched touched) {
  touched.ended.insert(touched.ended.end(), ended_.begin(), ended_.end());
  ended_.clear();
  return touched;
}

void MesosTable::erase_all(const std::vector<MesosTaskKey>& keys) {
  for (const MesosTaskKey& key : keys) erase(key);
}

const std::shared_ptr<const MesosFramework>& MesosTable::take_framework(MesosFramework framework) {
  framework.tasks.clear();
  framework.ended.clear();
  framework.unreachable.clear();
  framework.is_partial = false;
  auto& known = frameworks_[framework.id];
  return known = shared(known, std::move(framework));
}

void MesosTable::set_unreachable(MesosTracked& tracked, SteadyTime now) {
  MesosTask task = *tracked.task;
  task.state = kUnreachable;
  tracked.task = shared(tracked.task, std::move(task));
  if (!tracked.unreachable_since) tracked.unreachable_since = now;
}

// Null: it has ended.
MesosTracked* MesosTable::take_task(const std::shared_ptr<const MesosFramework>& framework, MesosTask task,
                                    net::Instant now) {
  const MesosTaskKey key{framework->id, task.id};
  const TaskState state = parse_task_state(task.state);
  if (state == TaskState::ended) {
    end(key);
    return nullptr;
  }
  const auto place = tasks_.try_emplace(key).first;
  MesosTracked& tracked = place->second;
  if (tracked.sequence == 0) tracked.sequence = next_sequence_++;
  tracked.framework = framework;
  if (tracked.task && tracked.task->agent_id != task.agent_id) {
    leave_agent(place);
    tracked.agent = nullptr;
  }
  on_agent_[task.agent_id].insert(&place->first);
  // An agent that is yet to come back is no longer listed; who runs there runs on.
  if (const auto agent = agents_.find(task.agent_id); agent != agents_.end()) tracked.agent = agent->second;
  if (state != TaskState::unreachable) {
    tracked.unreachable_since.reset();
  } else if (!tracked.unreachable_since) {
    tracked.unreachable_since = now.steady;
  }
  if (state == TaskState::running && !tracked.running_since) tracked.running_since = now.steady;
  tracked.was_well |= is_well(task);
  std::erase_if(task.statuses, says_nothing);
  task.statuses.shrink_to_fit();
  holds_.end(key);
  tracked.task = shared(tracked.task, std::move(task));
  return &tracked;
}

// ---- a whole state

void MesosTable::take_agents(std::vector<MesosAgent> agents, const Ids& recovered) {
  const Agents before = std::exchange(agents_, {});
  for (MesosAgent& agent : agents) {
    const auto known = before.find(agent.id);
    std::string id = agent.id;
    agents_.insert_or_assign(std::move(id),
                             shared(known == before.end() ? nullptr : known->second, std::move(agent)));
  }
  for (const std::string& id : recovered) {
    if (const auto known = before.find(id); known != before.end()) agents_.emplace(id, known->second);
  }
  for (auto& [key, tracked] : tasks_) {
    const auto agent = agents_.find(tracked.task->agent_id);
    if (agent != agents_.end()) tracked.agent = agent->second;
  }
}

MesosTable::Touched MesosTable::replace(MesosState state, net::Instant now) {
  Touched everything;
  everything.all = true;
  const Ids recovered(state.recovered_agents.begin(), state.recovered_agents.end());
  leader_ = std::move(state.leader);
  if (state.has_agents) take_agents(std::move(state.agents), recovered);
  if (state.has_frameworks) take_frameworks(std::move(state.frameworks), recovered, now);
  keep_around_held();
  return with_ended(std::move(everything));
}

void MesosTable::take_frameworks(std::vector<MesosFramework> frameworks, const Ids& recovered_agents,
                                 net::Instant now) {
  ++snapshot_;
  const std::size_t before = tasks_.size();
  const Frameworks known = std::exchange(frameworks_, {});
  std::size_t listed = 0;
  for (MesosFramework& framework : frameworks) {
    if (const auto found = known.find(framework.id); found != known.end())
      frameworks_[framework.id] = found->second;
    listed += take_tasks(std::move(framework), now);
  }
  settle_missing(recovered_agents, before, listed == 0, now.steady);
}

// How many it lists.
std::size_t MesosTable::take_tasks(MesosFramework framework, net::Instant now) {
  std::vector<MesosTask> tasks = std::move(framework.tasks);
  const std::vector<std::string> ended = std::move(framework.ended);
  const std::vector<std::string> unreachable = std::move(framework.unreachable);
  const bool is_partial = framework.is_partial;
  const auto info = take_framework(std::move(framework));

  std::size_t listed = tasks.size();
  for (MesosTask& task : tasks) {
    if (MesosTracked* tracked = take_task(info, std::move(task), now)) tracked->listed_in = snapshot_;
  }
  for (const std::string& id : ended) {
    const auto found = tasks_.find({info->id, id});
    if (found == tasks_.end()) continue;
    found->second.ended_in = snapshot_;
    ended_.push_back(found->first);
  }
  // It is out of reach, as if an event had said so; one that was held is confirmed by that to be gone.
  for (const std::string& id : unreachable) {
    const auto found = tasks_.find({info->id, id});
    if (found == tasks_.end() || found->second.listed_in == snapshot_) continue;
    const bool is_killing = parse_task_state(found->second.task->state) == TaskState::killing;
    if (is_killing || holds_.contains(found->first)) {
      found->second.ended_in = snapshot_;
    } else {
      found->second.listed_in = snapshot_;
      set_unreachable(found->second, now.steady);
    }
  }
  if (!is_partial) return listed;
  for (const MesosTaskKey& key : tasks_of(info->id)) {
    MesosTracked& tracked = tasks_.at(key);
    tracked.framework = info;
    tracked.listed_in = snapshot_;
    ++listed;
  }
  return listed;
}

bool MesosTable::is_awaited(const MesosTracked& tracked, const Ids& recovered_agents) const {
  const auto framework = frameworks_.find(tracked.framework->id);
  return recovered_agents.contains(tracked.task->agent_id) ||
         (framework != frameworks_.end() && framework->second->recovered);
}

// `before`: how many there were when the snapshot came; its own do not make a loss smaller.
void MesosTable::settle_missing(const Ids& recovered_agents, std::size_t before, bool is_empty,
                                SteadyTime now) {
  std::vector<MesosTaskKey> gone;
  std::vector<MesosTaskKey> missing;
  for (const auto& [key, tracked] : tasks_) {
    if (tracked.listed_in == snapshot_) continue;
    const TaskState state = parse_task_state(tracked.task->state);
    if (!guard_.is_on || tracked.ended_in == snapshot_) {
      gone.push_back(key);
    } else if (is_awaited(tracked, recovered_agents)) {
      holds_.begin(key, Why::awaited, now);
    } else if (state == TaskState::killing || state == TaskState::unreachable) {
      gone.push_back(key);
    } else {
      missing.push_back(key);
    }
  }
  const bool is_much = missing.size() >= guard_.least &&
                       static_cast<double>(missing.size()) >= guard_.ratio * static_cast<double>(before);
  for (const MesosTaskKey& key : missing) {
    if ((is_empty && before >= kEmptyLeast) || is_much) {
      holds_.begin(key, Why::unexplained, now);
    } else if (holds_.is_awaited(key)) {
      // Who it waited for came back without it, or is given up; not before the grace has passed.
      if (holds_.is_past_grace(key, now)) gone.push_back(key);
    } else if (!holds_.contains(key)) {
      gone.push_back(key);
    }
  }
  erase_all(gone);
}

// What a hold keeps is kept with what names it.
void MesosTable::keep_around_held() {
  for (const MesosTaskKey& key : holds_.all()) {
    const MesosTracked& tracked = tasks_.at(key);
    frameworks_.try_emplace(key.framework_id, tracked.framework);
    if (tracked.agent) agents_.try_emplace(tracked.agent->id, tracked.agent);
  }
}

// ---- events

MesosTable::Touched MesosTable::apply(const MesosEvent& event, net::Instant now) {
  return with_ended(std::visit([&](const auto& one) { return on(one, now); }, event));
}

// The v1 API does not tell the pids of schedulers, nor the leader: those that are known stay until the state
// has been asked for.
MesosTable::Touched MesosTable::on(const MesosSubscribed& event, net::Instant now) {
  if (!event.state) return {};
  MesosState state = *event.state;
  if (state.leader.empty()) state.leader = leader_;
  for (MesosFramework& framework : state.frameworks) {
    const auto known = frameworks_.find(framework.id);
    if (known == frameworks_.end()) continue;
    framework.pid = known->second->pid;
    if (known->second->registered_time > 0) framework.registered_time = known->second->registered_time;
  }
  Touched touched = replace(std::move(state), now);
  touched.resync = true;
  return touched;
}

MesosTable::Touched MesosTable::on(const MesosOther& event, net::Instant) {
  Touched touched;
  touched.resync = event.is_bad;
  return touched;
}

MesosTable::Touched MesosTable::on(const MesosTaskAdded& event, net::Instant now) {
  Touched touched;
  const auto framework = frameworks_.find(event.framework_id);
  if (framework == frameworks_.end()) {
    touched.resync = true;
    return touched;
  }
  take_task(framework->second, event.task, now);
  touched.tasks.push_back({event.framework_id, event.task.id});
  return touched;
}

// Early 1.x named the task and its agent, and no framework.
std::optional<MesosTaskKey> MesosTable::key_of(const MesosTaskUpdated& update) const {
  if (!update.framework_id.empty()) {
    MesosTaskKey key{update.framework_id, update.task_id};
    return tasks_.contains(key) ? std::optional(std::move(key)) : std::nullopt;
  }
  for (MesosTaskKey& key : tasks_on(update.agent_id)) {
    if (key.task_id == update.task_id) return std::move(key);
  }
  return std::nullopt;
}

MesosTable::Touched MesosTable::on(const MesosTaskUpdated& event, net::Instant now) {
  Touched touched;
  const auto key = key_of(event);
  if (!key) {
    touched.resync = parse_task_state(event.state) != TaskState::ended;
    return touched;
  }
  const MesosTracked& tracked = tasks_.at(*key);
  MesosTask task = *tracked.task;
  task.state = event.state;
  if (event.status) add_status(task, *event.status);
  take_task(std::shared_ptr(tracked.framework), std::move(task), now);
  touched.tasks.push_back(*key);
  return touched;
}

// Its tasks follow in events of their own. Those that were awaited and do not are known by the next state.
MesosTable::Touched MesosTable::on(const MesosAgentAdded& event, net::Instant) {
  auto& known = agents_[event.agent.id];
  known = shared(known, event.agent);
  Touched touched;
  touched.agents.push_back(event.agent.id);
  touched.tasks = tasks_on(event.agent.id);
  for (const MesosTaskKey& key : touched.tasks) {
    tasks_.at(key).agent = known;
    touched.resync |= holds_.contains(key);
  }
  return touched;
}

MesosTable::Touched MesosTable::on(const MesosAgentRemoved& event, net::Instant now) {
  agents_.erase(event.id);
  Touched touched;
  touched.agents.push_back(event.id);
  touched.tasks = tasks_on(event.id);
  for (const MesosTaskKey& key : touched.tasks) {
    MesosTracked& tracked = tasks_.at(key);
    if (holds_.contains(key)) {
      erase(key);
    } else if (parse_task_state(tracked.task->state) != TaskState::killing) {
      set_unreachable(tracked, now.steady);
    }
  }
  return touched;
}

// The event tells no pid, and not always when it registered: they are asked for, but of a scheduler that is
// known to speak HTTP.
MesosTable::Touched MesosTable::on(const MesosFrameworkUpdated& event, net::Instant) {
  MesosFramework framework = event.framework;
  const std::string id = framework.id;
  const auto known = frameworks_.find(id);
  Touched touched;
  touched.resync = known == frameworks_.end() || !known->second->pid.empty();
  if (known != frameworks_.end()) {
    framework.pid = known->second->pid;
    if (known->second->registered_time > 0) framework.registered_time = known->second->registered_time;
  }
  const auto info = take_framework(std::move(framework));
  touched.frameworks.push_back(id);
  touched.tasks = tasks_of(id);
  for (const MesosTaskKey& key : touched.tasks) {
    tasks_.at(key).framework = info;
    touched.resync |= holds_.is_awaited(key);
  }
  return touched;
}

MesosTable::Touched MesosTable::on(const MesosFrameworkRemoved& event, net::Instant) {
  frameworks_.erase(event.id);
  Touched touched;
  touched.frameworks.push_back(event.id);
  touched.tasks = tasks_of(event.id);
  for (const MesosTaskKey& key : touched.tasks) end(key);
  return touched;
}

// ---- what is held

MesosTable::Touched MesosTable::tick(SteadyTime now) {
  Touched touched;
  touched.tasks = holds_.over(now);
  erase_all(touched.tasks);
  return touched;
}

MesosTable::Touched MesosTable::accept() {
  Touched touched;
  touched.tasks = holds_.all();
  erase_all(touched.tasks);
  return touched;
}

MesosTable::Touched MesosTable::probed(const MesosTaskKey& key, ProbeVerdict verdict, SteadyTime now) {
  Touched touched;
  if (!holds_.probed(key, verdict, now)) return touched;
  erase(key);
  touched.tasks.push_back(key);
  return touched;
}

MesosTable::Touched MesosTable::give_up(const MesosTaskKey& key) {
  Touched touched;
  if (!holds_.contains(key) || holds_.is_awaited(key)) return touched;
  erase(key);
  touched.tasks.push_back(key);
  return touched;
}

void MesosTable::visit_hosts(const std::function<void(const std::string& host)>& visit) const {
  const auto visit_one = [&](const std::string& pid, const std::string& hostname) {
    const auto parts = parse_mesos_pid(pid);
    const std::string& host = parts ? parts->host : hostname;
    if (!host.empty() && !net::parse_ip(host)) visit(host);
  };
  for (const auto& [id, agent] : agents_) visit_one(agent->pid, agent->hostname);
  for (const auto& [id, framework] : frameworks_) visit_one(framework->pid, framework->hostname);
}

// As they were first seen, so that who lists them after a restart lists them as before.
MesosBelief MesosTable::belief() const {
  MesosBelief belief;
  belief.leader = leader_;
  for (const auto& [id, agent] : agents_) belief.agents.push_back(agent);
  std::vector<std::pair<std::uint64_t, MesosBelief::Framework>> order;
  for (const auto& [id, info] : frameworks_) {
    std::vector<const MesosTracked*> tasks;
    for (auto at = tasks_.lower_bound({id, ""}); at != tasks_.end() && at->first.framework_id == id; ++at)
      tasks.push_back(&at->second);
    std::ranges::sort(tasks, {}, &MesosTracked::sequence);
    const std::uint64_t first = tasks.empty() ? next_sequence_ : tasks.front()->sequence;
    MesosBelief::Framework& framework = order.emplace_back(first, MesosBelief::Framework{info, {}}).second;
    framework.tasks.reserve(tasks.size());
    for (const MesosTracked* tracked : tasks) framework.tasks.push_back(remembered(*tracked));
  }
  std::ranges::stable_sort(order, {}, [](const auto& one) { return one.first; });
  for (auto& [first, framework] : order) belief.frameworks.push_back(std::move(framework));
  return belief;
}

}  // namespace muster::registry::sources
