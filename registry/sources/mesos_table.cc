#include "registry/sources/mesos_table.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "registry/sources/task_state.h"

namespace muster::registry::sources {

namespace {

constexpr Millis kProbeEvery{2'000};
constexpr unsigned kProbesMost = 3;       // in a row without an answer
constexpr std::size_t kStatusesKept = 8;  // of a task, the newest
constexpr std::size_t kEmptyLeast = 2;    // so many tasks had to be there for none at all to be odd
constexpr std::string_view kUnreachable = "TASK_UNREACHABLE";

bool is_well(const MesosTask& task) {
  return std::ranges::any_of(task.statuses, [](const MesosStatus& status) { return status.healthy == true; });
}

double newest(const MesosTask& task) {
  double timestamp = 0;
  for (const MesosStatus& status : task.statuses) timestamp = std::max(timestamp, status.timestamp);
  return timestamp;
}

// The value that is there, if it is the same: who compares pointers sees that nothing has changed.
template <class Value>
std::shared_ptr<const Value> shared(const std::shared_ptr<const Value>& known, Value value) {
  if (known && *known == value) return known;
  return std::make_shared<const Value>(std::move(value));
}

}  // namespace

MesosTable::Touched MesosTable::everything() {
  Touched touched;
  touched.all = true;
  return touched;
}

MesosTable::Touched MesosTable::resync() {
  Touched touched;
  touched.resync = true;
  return touched;
}

MesosTable::Touched MesosTable::one(const MesosTaskKey& key) {
  Touched touched;
  touched.tasks.push_back(key);
  return touched;
}

const MesosTracked* MesosTable::find(const MesosTaskKey& key) const {
  const auto found = tasks_.find(key);
  return found == tasks_.end() ? nullptr : &found->second;
}

std::size_t MesosTable::held() const { return held_.size(); }

void MesosTable::erase(const MesosTaskKey& key) {
  held_.erase(key);
  tasks_.erase(key);
}

const std::shared_ptr<const MesosFramework>& MesosTable::take_framework(MesosFramework framework) {
  framework.tasks.clear();
  framework.ended.clear();
  framework.is_partial = false;
  auto& known = frameworks_[framework.id];
  return known = shared(known, std::move(framework));
}

void MesosTable::take_task(const std::shared_ptr<const MesosFramework>& framework, MesosTask task,
                           net::Instant now) {
  MesosTaskKey key{framework->id, task.id};
  const TaskState state = parse_task_state(task.state);
  if (state == TaskState::ended) return erase(key);
  MesosTracked& tracked = tasks_[key];
  if (tracked.sequence == 0) tracked.sequence = next_sequence_++;
  tracked.framework = framework;
  // An agent that is yet to come back is no longer listed; who runs there runs on.
  if (const auto agent = agents_.find(task.agent_id); agent != agents_.end()) {
    tracked.agent = agent->second;
  } else if (tracked.agent && tracked.agent->id != task.agent_id) {
    tracked.agent = nullptr;
  }
  if (state != TaskState::unreachable) {
    tracked.unreachable_since.reset();
  } else if (!tracked.unreachable_since) {
    tracked.unreachable_since = now.steady;
  }
  if (state == TaskState::running && !tracked.running_since) tracked.running_since = now.steady;
  tracked.was_well |= is_well(task);
  if (std::exchange(tracked.held, std::nullopt)) held_.erase(key);
  tracked.task = shared(tracked.task, std::move(task));
}

// ---- a whole state

void MesosTable::take_agents(std::vector<MesosAgent> agents, const std::vector<std::string>& recovered) {
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
  leader_ = std::move(state.leader);
  if (state.has_agents) take_agents(std::move(state.agents), state.recovered_agents);
  if (!state.has_frameworks) return everything();

  const Frameworks before = std::exchange(frameworks_, {});
  std::set<MesosTaskKey> listed;
  std::set<MesosTaskKey> ended;
  for (MesosFramework& framework : state.frameworks) {
    const auto known = before.find(framework.id);
    if (known != before.end()) frameworks_[framework.id] = known->second;
    std::vector<MesosTask> tasks = std::move(framework.tasks);
    for (std::string& id : framework.ended) ended.insert({framework.id, std::move(id)});
    const bool is_partial = framework.is_partial;
    const auto& info = take_framework(std::move(framework));
    for (MesosTask& task : tasks) {
      listed.insert({info->id, task.id});
      take_task(info, std::move(task), now);
    }
    if (!is_partial) continue;
    for (auto at = tasks_.lower_bound({info->id, ""});
         at != tasks_.end() && at->first.framework_id == info->id; ++at)
      listed.insert(at->first);
  }
  // Agents of this state that are listed are known by now: those of recovered ones count for the guard.
  const std::set<std::string, std::less<>> recovered(state.recovered_agents.begin(),
                                                     state.recovered_agents.end());
  hold_missing(listed, ended, recovered, now.steady);
  return everything();
}

void MesosTable::hold_missing(const std::set<MesosTaskKey>& listed, const std::set<MesosTaskKey>& ended,
                              const std::set<std::string, std::less<>>& recovered_agents, SteadyTime now) {
  std::vector<MesosTaskKey> gone;
  std::vector<MesosTaskKey> missing;
  for (auto& [key, tracked] : tasks_) {
    if (listed.contains(key)) continue;
    const auto framework = frameworks_.find(key.framework_id);
    const bool is_recovered = recovered_agents.contains(tracked.task->agent_id) ||
                              (framework != frameworks_.end() && framework->second->recovered);
    if (!guard_.is_on || ended.contains(key)) {
      gone.push_back(key);
    } else if (is_recovered) {
      hold(key, tracked, true, now);
    } else {
      missing.push_back(key);
    }
  }
  const std::size_t all = tasks_.size();
  const bool is_empty = listed.empty() && all >= kEmptyLeast;
  const bool is_much = missing.size() >= guard_.least &&
                       static_cast<double>(missing.size()) >= guard_.ratio * static_cast<double>(all);
  for (const MesosTaskKey& key : missing) {
    MesosTracked& tracked = tasks_.at(key);
    if (is_empty || is_much || tracked.held) {
      hold(key, tracked, false, now);
    } else {
      gone.push_back(key);
    }
  }
  for (const MesosTaskKey& key : gone) erase(key);
}

// With what names it: its framework and its agent stay as they were.
void MesosTable::hold(const MesosTaskKey& key, MesosTracked& tracked, bool is_recovered, SteadyTime now) {
  if (!tracked.held) tracked.held = MesosHold{now, now + guard_.grace, 0, false};
  tracked.held->is_recovered = is_recovered;
  held_.insert(key);
  frameworks_.try_emplace(key.framework_id, tracked.framework);
  if (tracked.agent) agents_.try_emplace(tracked.agent->id, tracked.agent);
}

// ---- events

MesosTable::Touched MesosTable::apply(const MesosEvent& event, net::Instant now) {
  return std::visit([&](const auto& one) { return on(one, now); }, event);
}

MesosTable::Touched MesosTable::on(const MesosOther& event, net::Instant) {
  return event.is_bad ? resync() : Touched{};
}

MesosTable::Touched MesosTable::on(const MesosTaskAdded& event, net::Instant now) {
  const auto framework = frameworks_.find(event.framework_id);
  if (framework == frameworks_.end()) return resync();
  const MesosTaskKey key{event.framework_id, event.task.id};
  const MesosTracked* known = find(key);
  // Told again after a failover; what came meanwhile is newer.
  if (known != nullptr && newest(event.task) < newest(*known->task)) return {};
  take_task(framework->second, event.task, now);
  return one(key);
}

std::optional<MesosTaskKey> MesosTable::key_of(const MesosTaskUpdated& update) const {
  if (!update.framework_id.empty()) {
    MesosTaskKey key{update.framework_id, update.task_id};
    return tasks_.contains(key) ? std::optional(std::move(key)) : std::nullopt;
  }
  const auto found = std::ranges::find_if(
      tasks_, [&](const auto& tracked) { return tracked.first.task_id == update.task_id; });
  return found == tasks_.end() ? std::nullopt : std::optional(found->first);
}

MesosTable::Touched MesosTable::on(const MesosTaskUpdated& event, net::Instant now) {
  const auto key = key_of(event);
  const bool has_ended = parse_task_state(event.state) == TaskState::ended;
  if (!key) return has_ended ? Touched{} : resync();
  if (has_ended) {
    erase(*key);
    return one(*key);
  }
  const MesosTracked& tracked = tasks_.at(*key);
  if (event.status && event.status->timestamp < newest(*tracked.task)) return {};
  MesosTask task = *tracked.task;
  task.state = event.state;
  if (event.status) task.statuses.push_back(*event.status);
  if (task.statuses.size() > kStatusesKept) task.statuses.erase(task.statuses.begin());
  take_task(std::shared_ptr(tracked.framework), std::move(task), now);
  return one(*key);
}

template <class Change>
MesosTable::Touched MesosTable::change_tasks(const std::function<bool(const MesosTracked&)>& which,
                                             const Change& change) {
  Touched touched;
  touched.surroundings = true;
  for (auto& [key, tracked] : tasks_) {
    if (!which(tracked)) continue;
    change(tracked);
    touched.tasks.push_back(key);
  }
  return touched;
}

MesosTable::Touched MesosTable::on(const MesosAgentAdded& event, net::Instant) {
  auto& known = agents_[event.agent.id];
  known = shared(known, event.agent);
  return change_tasks([&](const MesosTracked& tracked) { return tracked.task->agent_id == event.agent.id; },
                      [&](MesosTracked& tracked) { tracked.agent = known; });
}

MesosTable::Touched MesosTable::on(const MesosAgentRemoved& event, net::Instant now) {
  agents_.erase(event.id);
  return change_tasks([&](const MesosTracked& tracked) { return tracked.task->agent_id == event.id; },
                      [&](MesosTracked& tracked) {
                        MesosTask task = *tracked.task;
                        task.state = kUnreachable;
                        tracked.task = std::make_shared<const MesosTask>(std::move(task));
                        if (!tracked.unreachable_since) tracked.unreachable_since = now.steady;
                      });
}

// The event tells no pid and no time: of a framework that is new they are asked for.
MesosTable::Touched MesosTable::on(const MesosFrameworkUpdated& event, net::Instant) {
  MesosFramework framework = event.framework;
  const auto known = frameworks_.find(framework.id);
  const bool is_new = known == frameworks_.end();
  if (!is_new) {
    framework.pid = known->second->pid;
    framework.registered_time = known->second->registered_time;
  }
  const std::string id = framework.id;
  const auto info = take_framework(std::move(framework));
  Touched touched = change_tasks([&](const MesosTracked& tracked) { return tracked.framework->id == id; },
                                 [&](MesosTracked& tracked) { tracked.framework = info; });
  touched.resync = is_new;
  return touched;
}

MesosTable::Touched MesosTable::on(const MesosFrameworkRemoved& event, net::Instant) {
  frameworks_.erase(event.id);
  Touched touched = change_tasks(
      [&](const MesosTracked& tracked) { return tracked.framework->id == event.id; }, [](MesosTracked&) {});
  for (const MesosTaskKey& key : touched.tasks) erase(key);
  return touched;
}

// ---- what is held

MesosTable::Touched MesosTable::tick(SteadyTime now) {
  Touched touched;
  for (const MesosTaskKey& key : held_) {
    const MesosHold& held = *tasks_.at(key).held;
    if (!held.is_recovered && now >= held.since + guard_.hold) touched.tasks.push_back(key);
  }
  for (const MesosTaskKey& key : touched.tasks) erase(key);
  return touched;
}

MesosTable::Touched MesosTable::accept() {
  Touched touched;
  touched.tasks.assign(held_.begin(), held_.end());
  for (const MesosTaskKey& key : touched.tasks) erase(key);
  return touched;
}

std::vector<MesosTaskKey> MesosTable::to_probe(SteadyTime now, std::size_t most) {
  std::vector<MesosTaskKey> due;
  for (const MesosTaskKey& key : held_) {
    if (due.size() == most) break;
    MesosHold& held = *tasks_.at(key).held;
    if (now < held.next_probe) continue;
    held.next_probe = now + kProbeEvery;
    due.push_back(key);
  }
  return due;
}

// Nobody listening there is an answer. No answer at all may be the network's fault, or ours, as long as
// nobody has answered since the task was missed.
MesosTable::Touched MesosTable::probed(const MesosTaskKey& key, ProbeVerdict verdict, SteadyTime now) {
  const auto found = tasks_.find(key);
  if (found == tasks_.end() || !found->second.held) return {};
  MesosHold& held = *found->second.held;
  if (verdict == ProbeVerdict::connected) {
    held.failures = 0;
    answered_ = now;
    return {};
  }
  if (verdict == ProbeVerdict::refused) {
    answered_ = now;
    return give_up(key);
  }
  ++held.failures;
  const bool others_answer = answered_ && *answered_ >= held.since;
  if (held.failures < kProbesMost || !others_answer) return {};
  return give_up(key);
}

MesosTable::Touched MesosTable::give_up(const MesosTaskKey& key) {
  if (!held_.contains(key)) return {};
  erase(key);
  return one(key);
}

std::optional<SteadyTime> MesosTable::next_due() const {
  std::optional<SteadyTime> due;
  for (const MesosTaskKey& key : held_) {
    const MesosHold& held = *tasks_.at(key).held;
    SteadyTime next = held.next_probe;
    if (!held.is_recovered) next = std::min(next, held.since + guard_.hold);
    if (!due || next < *due) due = next;
  }
  return due;
}

MesosState MesosTable::state() const {
  MesosState state;
  state.leader = leader_;
  state.has_agents = state.has_frameworks = true;
  for (const auto& [id, agent] : agents_) state.agents.push_back(*agent);
  for (const auto& [id, info] : frameworks_) {
    MesosFramework framework = *info;
    for (auto at = tasks_.lower_bound({id, ""}); at != tasks_.end() && at->first.framework_id == id; ++at)
      framework.tasks.push_back(*at->second.task);
    state.frameworks.push_back(std::move(framework));
  }
  return state;
}

}  // namespace muster::registry::sources
