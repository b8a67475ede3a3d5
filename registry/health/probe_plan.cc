#include "registry/health/probe_plan.h"

#include <algorithm>

namespace muster::registry::health {

namespace {

constexpr Millis kFirstWithin{200};
constexpr Millis kBurstWithin{1'000};
constexpr std::size_t kBurst = 100;

}  // namespace

struct SharedProbe {
  std::shared_ptr<const ProbeTask> task;
  const std::string* key = nullptr;  // the map's
  std::vector<Wish*> wishes;
  SteadyTime due = SteadyTime::max();  // as it is queued
  std::uint64_t order = 0;             // among those due at one moment
  std::uint64_t running = 0;           // the number of its order; 0: not in flight
  SteadyTime started{};
};

bool ProbePlan::Earlier::operator()(const SharedProbe* a, const SharedProbe* b) const {
  return a->due != b->due ? a->due < b->due : a->order < b->order;
}

ProbePlan::ProbePlan(PlanConfig config) : config_(config), random_(config.seed) {}
ProbePlan::~ProbePlan() = default;

void ProbePlan::unqueue(SharedProbe& probe) {
  if (probe.due != SteadyTime::max()) queue_.erase(&probe);
  probe.due = SteadyTime::max();
}

void ProbePlan::queue(SharedProbe& probe) {
  if (probe.running != 0) return;
  SteadyTime first = SteadyTime::max();
  for (const Wish* wish : probe.wishes) first = std::min(first, wish->wanted);
  if (first == probe.due) return;
  unqueue(probe);
  probe.due = first;
  if (first != SteadyTime::max()) queue_.insert(&probe);
}

// The window moves on with the first check after it is over.
SteadyTime ProbePlan::first_look(Millis interval, SteadyTime now) {
  if (burst_began_ == SteadyTime::min() || now - burst_began_ >= kBurstWithin) {
    burst_began_ = now;
    burst_ = 0;
  }
  const Millis within = ++burst_ > kBurst ? std::max(interval, kFirstWithin) : kFirstWithin;
  return now + Millis(std::uniform_int_distribution<Millis::rep>(0, within.count())(random_));
}

Millis ProbePlan::jittered(Millis interval) {
  const Millis::rep tenth = interval.count() / 10;
  return interval + Millis(std::uniform_int_distribution<Millis::rep>(-tenth, tenth)(random_));
}

void ProbePlan::join(Wish& wish, ProbeTask task, SteadyTime now) {
  const Millis interval = task.interval;
  const auto [at, is_new] = probes_.try_emplace(key_of(task));
  if (is_new) {
    at->second = std::make_unique<SharedProbe>();
    at->second->task = std::make_shared<const ProbeTask>(std::move(task));
    at->second->key = &at->first;
    at->second->order = next_number_++;
  }
  wish.probe = at->second.get();
  wish.wanted = first_look(interval, now);
  wish.probe->wishes.push_back(&wish);
  ++wishes_;
  queue(*wish.probe);
}

void ProbePlan::leave(Wish& wish) {
  SharedProbe* probe = std::exchange(wish.probe, nullptr);
  if (probe == nullptr) return;
  std::erase(probe->wishes, &wish);
  --wishes_;
  if (!probe->wishes.empty()) {
    queue(*probe);
    return;
  }
  unqueue(*probe);
  if (probe->running != 0) running_[probe->running] = nullptr;
  probes_.erase(probes_.find(*probe->key));
}

void ProbePlan::plan(Wish& wish) {
  if (wish.probe != nullptr) queue(*wish.probe);
}

std::vector<ProbeOrder> ProbePlan::due(SteadyTime now, std::size_t most) {
  std::vector<ProbeOrder> orders;
  while (!queue_.empty() && (*queue_.begin())->due <= now && orders.size() < most) {
    if (running_.size() >= config_.max_inflight) {
      ++held_back_;
      break;
    }
    SharedProbe& probe = **queue_.begin();
    unqueue(probe);
    probe.running = next_number_++;
    probe.started = now;
    running_.emplace(probe.running, &probe);
    orders.push_back({probe.running, probe.task});
  }
  return orders;
}

ProbePlan::Ended ProbePlan::ended(std::uint64_t number) {
  const auto at = running_.find(number);
  if (at == running_.end()) return {};
  SharedProbe* probe = at->second;
  running_.erase(at);
  if (probe == nullptr) return {};
  probe->running = 0;
  return {probe->started, probe->wishes};
}

std::vector<Wish*> ProbePlan::sharers(const ProbeTask& task) const {
  const auto at = probes_.find(key_of(task));
  return at == probes_.end() ? std::vector<Wish*>() : at->second->wishes;
}

std::size_t ProbePlan::sharing(const Wish& wish) const {
  return wish.probe == nullptr ? 0 : wish.probe->wishes.size() - 1;
}

const ProbeTask* ProbePlan::task_of(const Wish& wish) const {
  return wish.probe == nullptr ? nullptr : wish.probe->task.get();
}

PlanCounts ProbePlan::counts() const { return {probes_.size(), wishes_, running_.size(), held_back_}; }

}  // namespace muster::registry::health
