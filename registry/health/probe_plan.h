// Which probe is to be made when. Checks that ask for the same thing share a probe, which is made when the
// first of them wants it; each counts what is found by its own rules. Pure: moments in, orders out; whoever
// carries them out says what came of each. Belongs to the control thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "registry/health/probe_task.h"

namespace muster::registry::health {

// Whoever wants a probe. It must leave before it ends.
struct Wish {
  SteadyTime wanted{};                  // the next look
  struct SharedProbe* probe = nullptr;  // null: none
};

struct ProbeOrder {
  std::uint64_t number = 0;
  std::shared_ptr<const ProbeTask> task;
};

struct PlanConfig {
  std::size_t max_inflight = 4'096;
  std::uint64_t seed = 0;
};

struct PlanCounts {
  std::size_t probes = 0;  // different ones
  std::size_t wishes = 0;
  std::size_t in_flight = 0;
  std::uint64_t held_back = 0;  // times that a probe was due and too many were in flight
};

class ProbePlan {
 public:
  explicit ProbePlan(PlanConfig config);
  ~ProbePlan();
  void reconfigure(std::size_t max_inflight) { config_.max_inflight = max_inflight; }

  // Joins the probe of that task. `wish.wanted` is when it is looked at first: at once but for up to 200 ms,
  // and where over 100 began within a second, within one interval of now.
  void join(Wish& wish, ProbeTask task, SteadyTime now);
  void leave(Wish& wish);
  // Those that are due, the earliest first, as far as `most` and the limit in flight allow. What each finds
  // comes back by ended().
  std::vector<ProbeOrder> due(SteadyTime now, std::size_t most);
  // What the probe of that number was for: whoever shares it still, and when it began; nobody, when all have
  // left. Every wish is to be given its next look and to be planned again.
  struct Ended {
    SteadyTime started{};
    std::vector<Wish*> wishes;
  };
  Ended ended(std::uint64_t number);
  void plan(Wish& wish);  // `wanted` is another than before
  // Who shares the probe of that task now.
  std::vector<Wish*> sharers(const ProbeTask& task) const;

  // An interval with its jitter of a tenth.
  Millis jittered(Millis interval);
  std::size_t sharing(const Wish& wish) const;  // so many others have the same probe
  const ProbeTask* task_of(const Wish& wish) const;
  PlanCounts counts() const;

 private:
  struct Earlier {
    bool operator()(const SharedProbe* a, const SharedProbe* b) const;
  };
  void queue(SharedProbe& probe);
  void unqueue(SharedProbe& probe);
  SteadyTime first_look(Millis interval, SteadyTime now);

  PlanConfig config_;
  std::mt19937_64 random_;
  std::unordered_map<std::string, std::unique_ptr<SharedProbe>> probes_;
  std::unordered_map<std::uint64_t, SharedProbe*> running_;  // null: all have left
  std::set<SharedProbe*, Earlier> queue_;                    // not in flight
  std::uint64_t next_number_ = 1;
  std::size_t wishes_ = 0;
  std::uint64_t held_back_ = 0;
  SteadyTime burst_began_ = SteadyTime::min();
  std::size_t burst_ = 0;
};

}  // namespace muster::registry::health
