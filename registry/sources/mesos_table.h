// What one Mesos source believes: the last snapshot of the state, what events have changed since, and the
// tasks that are missing without a reason, which stay for a while. Pure: time comes in.
//
// The guard. A master that has just taken over, or lies, tells less than there is. A task that was there and
// is missing is gone at once only if something confirms it: it is among the ended ones, or an event said so.
// It is held when its agent or its framework has not come back to the master yet (`recovered`), and all of
// the missing are held when the snapshot has none left, or when they are many at once. Held tasks are served
// as before for the grace; after it each stays only as long as its port answers, and until the hold has
// passed.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "registry/net/clock.h"
#include "registry/registry.h"
#include "registry/sources/mesos_events.h"
#include "registry/sources/mesos_state.h"

namespace muster::registry::sources {

struct MesosGuard {
  bool is_on = true;
  std::size_t least = 5;  // so many missing at once, and
  double ratio = 0.5;     // such a share of all
  Millis grace{60'000};
  Millis hold{300'000};
};

// Missing and not confirmed.
struct MesosHold {
  SteadyTime since{};
  SteadyTime next_probe{};
  unsigned failures = 0;      // probes in a row without an answer
  bool is_recovered = false;  // it is known why: its agent or framework is yet to come back
};

struct MesosTracked {
  std::uint64_t sequence = 0;  // in the order in which tasks were first seen
  std::shared_ptr<const MesosTask> task;            // never null
  std::shared_ptr<const MesosFramework> framework;  // never null; without its tasks
  std::shared_ptr<const MesosAgent> agent;          // null: the master knows none of its id
  std::optional<SteadyTime> unreachable_since;      // its agent is, or it is LOST
  std::optional<SteadyTime> running_since;          // when it was first seen running, here
  bool was_well = false;                            // a health check of it has ever passed
  std::optional<MesosHold> held;
};

// By framework and id: an id is its framework's own.
struct MesosTaskKey {
  std::string framework_id;
  std::string task_id;
  auto operator<=>(const MesosTaskKey&) const = default;
};

class MesosTable {
 public:
  explicit MesosTable(MesosGuard guard) : guard_(guard) {}

  // Keys whose verdict or content may have changed, each perhaps several times; `all`: any.
  struct Touched {
    bool all = false;
    bool surroundings = false;  // agents, frameworks or the leader
    bool resync = false;        // an event spoke of what is not known: the state is to be asked for again
    std::vector<MesosTaskKey> tasks;
  };

  // A whole state. Lists that were none leave what they hold as it was.
  Touched replace(MesosState state, net::Instant now);
  Touched apply(const MesosEvent& event, net::Instant now);
  // Ends holds that are over.
  Touched tick(SteadyTime now);
  // The operator says that what is missing is gone.
  Touched accept();

  // Held tasks past their grace whose next probe is due; those returned are due again 2 s later.
  std::vector<MesosTaskKey> to_probe(SteadyTime now, std::size_t most);
  Touched probed(const MesosTaskKey& key, ProbeVerdict verdict, SteadyTime now);
  // A held task that has no port to probe is gone after the grace.
  Touched give_up(const MesosTaskKey& key);

  const std::string& leader() const { return leader_; }
  const std::map<MesosTaskKey, MesosTracked>& tasks() const { return tasks_; }
  const MesosTracked* find(const MesosTaskKey& key) const;
  // Those that the master lists, and those of held tasks; frameworks without their tasks.
  const std::map<std::string, std::shared_ptr<const MesosAgent>, std::less<>>& agents() const {
    return agents_;
  }
  const std::map<std::string, std::shared_ptr<const MesosFramework>, std::less<>>& frameworks() const {
    return frameworks_;
  }
  std::size_t held() const;
  std::optional<SteadyTime> next_due() const;  // of tick() and to_probe()
  // As a state of Mesos, for the store.
  MesosState state() const;

 private:
  static Touched everything();
  static Touched resync();
  static Touched one(const MesosTaskKey& key);

  using Agents = std::map<std::string, std::shared_ptr<const MesosAgent>, std::less<>>;
  using Frameworks = std::map<std::string, std::shared_ptr<const MesosFramework>, std::less<>>;

  void take_agents(std::vector<MesosAgent> agents, const std::vector<std::string>& recovered);
  const std::shared_ptr<const MesosFramework>& take_framework(MesosFramework framework);
  void take_task(const std::shared_ptr<const MesosFramework>& framework, MesosTask task, net::Instant now);
  void hold_missing(const std::set<MesosTaskKey>& listed, const std::set<MesosTaskKey>& ended,
                    const std::set<std::string, std::less<>>& recovered_agents, SteadyTime now);
  void hold(const MesosTaskKey& key, MesosTracked& tracked, bool is_recovered, SteadyTime now);
  void erase(const MesosTaskKey& key);
  template <class Change>
  Touched change_tasks(const std::function<bool(const MesosTracked&)>& which, const Change& change);
  std::optional<MesosTaskKey> key_of(const MesosTaskUpdated& update) const;

  Touched on(const MesosSubscribed&, net::Instant) { return {}; }
  Touched on(const MesosHeartbeat&, net::Instant) { return {}; }
  Touched on(const MesosTaskAdded& event, net::Instant now);
  Touched on(const MesosTaskUpdated& event, net::Instant now);
  Touched on(const MesosAgentAdded& event, net::Instant now);
  Touched on(const MesosAgentRemoved& event, net::Instant now);
  Touched on(const MesosFrameworkUpdated& event, net::Instant now);
  Touched on(const MesosFrameworkRemoved& event, net::Instant now);
  Touched on(const MesosOther& event, net::Instant now);

  MesosGuard guard_;
  std::string leader_;
  Agents agents_;
  Frameworks frameworks_;
  std::map<MesosTaskKey, MesosTracked> tasks_;
  std::uint64_t next_sequence_ = 1;
  std::set<MesosTaskKey> held_;
  std::optional<SteadyTime> answered_;  // when a held task last answered a probe
};

}  // namespace muster::registry::sources
