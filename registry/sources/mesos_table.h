// What one Mesos source believes: the last snapshot of the state, what events have changed since, and the
// tasks that are missing without a reason, which stay for a while. Pure: time comes in. A snapshot costs its
// size, an event what it touches.
//
// The guard. A master that has just taken over, or lies, tells less than there is. A task that was there and
// is missing is gone at once only if something confirms it: it is among the ended ones, it was about to end
// or out of reach, or an event said so. It is held when its agent or its framework has not come back to the
// master yet (`recovered`), and all of the missing are held when the snapshot has none left, or when they are
// many at once. Held tasks are served as before for the grace; after it each stays only as long as its port
// answers, and until the hold has passed (mesos_holds.h).
#pragma once

#include <cstddef>
#include <cstdint>
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
#include "registry/sources/mesos_belief.h"
#include "registry/sources/mesos_events.h"
#include "registry/sources/mesos_holds.h"
#include "registry/sources/mesos_state.h"
#include "registry/sources/mesos_task_key.h"

namespace muster::registry::sources {

struct MesosGuard {
  bool is_on = true;
  std::size_t least = 5;  // so many missing at once, and
  double ratio = 0.5;     // such a share of all
  Millis grace{60'000};
  Millis hold{300'000};
};

struct MesosTracked {
  std::uint64_t sequence = 0;  // in the order in which tasks were first seen
  std::shared_ptr<const MesosTask> task;            // never null
  std::shared_ptr<const MesosFramework> framework;  // never null; without its tasks
  std::shared_ptr<const MesosAgent> agent;          // null: the master knows none of its id
  std::optional<SteadyTime> unreachable_since;      // its agent is, or it is LOST
  std::optional<SteadyTime> running_since;          // when it was first seen running, here
  bool was_well = false;                            // a health check of it has ever passed
  std::uint64_t listed_in = 0;                      // the last snapshot that listed it
  std::uint64_t ended_in = 0;                       // the last one that said that it has ended
};

class MesosTable {
 public:
  explicit MesosTable(MesosGuard guard) : guard_(guard), holds_(guard.grace, guard.hold) {}

  using Tasks = std::map<MesosTaskKey, MesosTracked>;

  // What may be other than before, each perhaps several times; `all`: anything.
  struct Touched {
    bool all = false;
    bool resync = false;  // an event spoke of what is not known: the state is to be asked for again
    std::vector<MesosTaskKey> tasks;
    std::vector<MesosTaskKey> ended;  // of those that are gone: Mesos has said that they have ended
    std::vector<std::string> agents;
    std::vector<std::string> frameworks;
    void join(Touched more);
  };

  // A whole state. Lists that were none leave what they hold as it was.
  Touched replace(MesosState state, net::Instant now);
  Touched apply(const MesosEvent& event, net::Instant now);
  // Ends holds that are over.
  Touched tick(SteadyTime now);
  // The operator says that what is missing is gone.
  Touched accept();

  // Held tasks past their grace whose next probe is due; those returned are due again 2 s later.
  std::vector<MesosTaskKey> to_probe(SteadyTime now, std::size_t most) { return holds_.to_probe(now, most); }
  Touched probed(const MesosTaskKey& key, ProbeVerdict verdict, SteadyTime now);
  // A held task that has no port to probe is gone after the grace; but one that is awaited stays, for it is
  // known why it is missing.
  Touched give_up(const MesosTaskKey& key);

  const std::string& leader() const { return leader_; }
  const Tasks& tasks() const { return tasks_; }
  const MesosTracked* find(const MesosTaskKey& key) const;
  // Those that the master lists, and those of held tasks; frameworks without their tasks.
  const std::map<std::string, std::shared_ptr<const MesosAgent>, std::less<>>& agents() const {
    return agents_;
  }
  const std::map<std::string, std::shared_ptr<const MesosFramework>, std::less<>>& frameworks() const {
    return frameworks_;
  }
  std::size_t held() const { return holds_.size(); }
  bool is_held(const MesosTaskKey& key) const { return holds_.contains(key); }
  std::optional<SteadyTime> next_due() const { return holds_.next_due(); }  // of tick() and to_probe()
  // The host of each agent and framework, by its name. Literals are none.
  void visit_hosts(const std::function<void(const std::string& host)>& visit) const;
  MesosBelief belief() const;

 private:
  using Agents = std::map<std::string, std::shared_ptr<const MesosAgent>, std::less<>>;
  using Frameworks = std::map<std::string, std::shared_ptr<const MesosFramework>, std::less<>>;
  using Ids = std::set<std::string, std::less<>>;

  void take_agents(std::vector<MesosAgent> agents, const Ids& recovered);
  void take_frameworks(std::vector<MesosFramework> frameworks, const Ids& recovered_agents, net::Instant now);
  const std::shared_ptr<const MesosFramework>& take_framework(MesosFramework framework);
  std::size_t take_tasks(MesosFramework framework, net::Instant now);
  MesosTracked* take_task(const std::shared_ptr<const MesosFramework>& framework, MesosTask task,
                          net::Instant now);
  void set_unreachable(MesosTracked& tracked, SteadyTime now);
  void settle_missing(const Ids& recovered_agents, std::size_t before, bool is_empty, SteadyTime now);
  void keep_around_held();
  bool is_awaited(const MesosTracked& tracked, const Ids& recovered_agents) const;
  void erase(const MesosTaskKey& key);
  void leave_agent(Tasks::const_iterator task);
  void end(const MesosTaskKey& key);
  Touched with_ended(Touched touched);
  void erase_all(const std::vector<MesosTaskKey>& keys);

  std::vector<MesosTaskKey> tasks_on(std::string_view agent_id) const;
  std::vector<MesosTaskKey> tasks_of(const std::string& framework_id) const;
  std::optional<MesosTaskKey> key_of(const MesosTaskUpdated& update) const;

  Touched on(const MesosSubscribed& event, net::Instant now);
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
  Tasks tasks_;
  std::uint64_t next_sequence_ = 1;
  std::map<std::string, MesosTaskKeys, std::less<>> on_agent_;  // the tasks of each, by their keys in tasks_
  MesosHolds holds_;
  std::uint64_t snapshot_ = 0;  // its number
  std::vector<MesosTaskKey> ended_;  // since somebody was told
};

}  // namespace muster::registry::sources
