// Every check of every instance: what is to be looked at now, and what becomes of what was found. Pure, as
// the registry is, which owns it; on the control thread.
//
// A verdict finds its watches by the number of its order. Whoever owns the checkup is told of each watch that
// stands otherwise than before, and shows, stores and publishes that.
#pragma once

#include <functional>
#include <set>
#include <span>
#include <string_view>

#include "registry/health/checkup.h"

namespace muster::registry::health {

// What a stored row says of one check.
struct StoredWatch {
  std::string check;
  State state = State::suspended;
  Millis suspension{0};
  WallTime since{};
};

class Health {
 public:
  // Whether a watch of a service may be SUSPENDED (damping), and what is to be done when one stands
  // otherwise.
  struct Owner {
    std::function<bool(const Watch&)> may_suspend;
    std::function<void(Watch&)> changed;
    std::function<void(Checkup&)> measured;  // a verdict has come, of whatever kind
  };

  Health(PlanConfig config, Owner owner);
  void reconfigure(std::size_t max_inflight) { plan_.reconfigure(max_inflight); }

  // Makes an instance's watches those of `checks` (null: none) at the addresses and ports of `body`. One that
  // asks for the same as before goes on; one that is new begins STARTING with its instance (`is_new`), else
  // ACTIVE until it has looked, or as it was stored. True: one came, went or was replaced.
  bool attend(Checkup& checkup, SharedChecks checks, BodyPtr body, std::string_view service,
              std::string_view id, bool is_new, std::span<const StoredWatch> stored, Instant now);
  void end(Checkup& checkup);

  std::vector<ProbeOrder> due(Instant now, std::size_t most) { return plan_.due(now.steady, most); }
  void found(std::uint64_t number, const Verdict& verdict, Instant now);
  // An answer to a probe that had timed out.
  void came_late(const ProbeTask& task);
  // A heartbeat, for the checks whose looks those are.
  void heard(Checkup& checkup, bool is_critical, Instant now);

  enum class Reported : std::uint8_t { taken, too_often, too_many_reporters };
  Reported report(Checkup& checkup, const Verdict& verdict, std::string_view reporter,
                  const MachineRules& rules, unsigned quorum, Instant now);
  // What time does to watches without probes: silence, the end of suspensions by reports. At most `most`;
  // true: more is due.
  bool tick(Instant now, std::size_t most);

  std::size_t sharing(const Watch& watch) const { return plan_.sharing(watch); }
  const ProbeTask* task_of(const Watch& watch) const { return plan_.task_of(watch); }
  PlanCounts counts() const { return plan_.counts(); }

 private:
  struct Earlier {
    bool operator()(const Watch* a, const Watch* b) const {
      return a->wanted != b->wanted ? a->wanted < b->wanted : a < b;
    }
  };
  void begin(Watch& watch, const StoredWatch* stored, std::string_view service, std::string_view id,
             Instant now);
  void end(Watch& watch);
  void wait_until(Watch& watch, SteadyTime moment);
  void measure(Watch& watch, Severity severity, Instant now);
  void count(Watch& watch, const Verdict& verdict, Severity severity, const MachineRules& rules, Instant now);
  const MachineRules& rules_of(const Watch& watch) const;

  ProbePlan plan_;
  Owner owner_;
  std::set<Watch*, Earlier> waiting_;  // those without a probe whom time concerns
};

}  // namespace muster::registry::health
