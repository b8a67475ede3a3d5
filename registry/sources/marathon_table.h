// What one Marathon source believes and shows: the content of each app and pod, what is remembered of their
// tasks, and those that are missing without a reason, which stay for a while. Pure: time and the addresses of
// hosts come in. A change costs the apps that it touches.
//
// The guard. A Marathon that has just been elected, or lies, tells less than there is. A task that is missing
// is gone at once if something confirms it: it has ended or was about to, it was out of reach, its app has
// ended, or its app is there with other tasks, or with none wanted. An app that is listed without any of the
// tasks it wants confirms nothing: they are held. So are all that are missing when nothing is left, or when
// they are many at once. What is held is served as before for the grace; after it each stays only as long as
// its port answers, and until the hold has passed (mesos_holds.h).
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "registry/change.h"
#include "registry/scheduler.h"
#include "registry/sources/marathon_belief.h"
#include "registry/sources/marathon_instances.h"
#include "registry/sources/mesos_holds.h"
#include "registry/sources/mesos_table.h"

namespace muster::registry::sources {

class MarathonTable {
 public:
  // `source`: its name, under which it lists instances.
  MarathonTable(std::string source, MarathonRules rules, MesosGuard guard);

  // What may be other than before.
  struct Touched {
    bool all = false;
    std::set<std::string, std::less<>> groups;  // ids of apps and pods
    std::set<std::string, std::less<>> ended;   // apps that an event said to have ended with all their tasks
    bool refetch = false;                       // too much was said to be kept: everything is to be asked for
    bool empty() const { return !all && groups.empty(); }
    void join(Touched more);
  };

  // What a request that was sent at `asked_at` has brought; nothing is touched by what is no list.
  Touched take_apps(MarathonState state, SteadyTime asked_at);
  Touched take_app(MarathonState state, SteadyTime asked_at);
  Touched take_pods(MarathonState state, SteadyTime asked_at);
  Touched hear(const MarathonHint& hint, SteadyTime now);
  // Ends holds that are over.
  Touched tick(SteadyTime now);
  // The operator says that what is missing is gone.
  Touched accept();
  // Nothing is known any more.
  Touched forget();
  // What was believed in an earlier life, at `asked_at`; before anything else is heard.
  Touched restore(MarathonState apps, MarathonState pods, const std::vector<MarathonBelief::Seen>& seen,
                  SteadyTime asked_at);

  // Held tasks past their grace whose next probe is due; those returned are due again 2 s later.
  std::vector<MesosTaskKey> to_probe(SteadyTime now, std::size_t most) { return holds_.to_probe(now, most); }
  // Where it can be probed; nullopt: it has no TCP port.
  std::optional<net::Endpoint> probe_target(const MesosTaskKey& key) const;
  Touched probed(const MesosTaskKey& key, ProbeVerdict verdict, SteadyTime now);
  // One that has no port to probe is gone after the grace.
  Touched give_up(const MesosTaskKey& key);

  // The step from what was shown to what is believed now. Looked at is what was touched, and what time alone
  // may have changed.
  SourceStep follow(const Touched& touched, const AddressesOf& addresses_of, net::Instant now);
  // What has changed since this was asked last in who is no instance of its service, and why.
  std::vector<SchedulerStep<SchedulerWithheld>> take_withheld() { return std::exchange(withheld_, {}); }
  // Whether nobody is heard of; the next step says so of every instance, if it is other than before.
  void set_silence(SchedulerSilence silence);
  void tell_again();                            // of every instance, with the next step
  std::optional<SteadyTime> next_look() const;  // when time alone may change something

  // Each host whose addresses may count, by its name, perhaps several times. Literals are none.
  void visit_hosts(const std::function<void(const std::string& host)>& visit) const;
  MarathonBelief belief() const;
  bool knows_app(std::string_view id) const { return picture_.apps.contains(id); }
  bool knows_pod(std::string_view id) const { return picture_.pods.contains(id); }
  std::size_t held() const { return holds_.size(); }
  std::size_t total() const { return tally_.total; }
  std::size_t routable() const { return tally_.routable; }
  // The others are excluded, each for one reason.
  const Dropped& excluded() const { return tally_.excluded; }
  const Dropped& dropped() const { return tally_.dropped; }  // parts that cannot be used of what is there

 private:
  struct Shown {
    BodyPtr body;  // never null
    State state = State::active;
    VerdictReason reason = VerdictReason::ok;
    std::shared_ptr<const MarathonAppFacts> app;
    std::shared_ptr<const SchedulerWithheld> withheld;  // null: it is listed, or has no service
    bool is_routable = false;
    bool is_other = false;   // than what the registry has been told
    bool is_listed = false;  // in the registry, under its group's service
  };
  struct Tally {
    std::size_t total = 0;
    std::size_t routable = 0;
    Dropped excluded;
    Dropped dropped;
    void add(const Tally& more, int by);
  };
  struct Group {
    std::string service;
    bool is_named_by_path = false;
    bool is_owner = true;
    bool is_pod = false;
    ById<Shown> tasks;
    MarathonMemory memory;
    std::optional<SteadyTime> look_again;
    Dropped dropped;
    Tally tally;
  };
  using PerKind = std::array<std::size_t, 2>;  // of apps, and of pods
  struct Missing {
    MesosTaskKey key;
    bool is_listed_without_tasks = false;  // its app is
    bool is_pod = false;
  };
  struct Service {
    std::set<std::string> askers;  // apps and pods that would have its name by their path
    std::string owner;
  };

  void look(const std::string& id, const Touched& touched, const AddressesOf& addresses_of, net::Instant now);
  static std::size_t kind_of(const Group& group) { return group.is_pod; }
  // Whether something explains that this task is missing.
  bool is_confirmed(const std::string& id, const Group& group, const std::string& task,
                    const Touched& touched) const;
  void take_tasks(const std::string& id, Group& group, std::vector<MarathonInstance> instances);
  void rename(const std::string& id, Group& group, std::string service, bool is_named_by_path);
  void settle_missing(const PerKind& before, SteadyTime now);
  void hold(const MesosTaskKey& key, SteadyTime now);
  void settle_owners();
  void list(const std::string& id, SourceStep& step);
  static std::shared_ptr<const SchedulerWithheld> withheld(const std::string& id, const std::string& task,
                                                           const Group& group, const Shown& shown);
  void set_withheld(Shown& shown, std::shared_ptr<const SchedulerWithheld> next);
  void count(Group& group);
  Touched erase(const MesosTaskKey& key, Cause cause);
  Touched erase_all(const std::vector<MesosTaskKey>& keys, Cause cause);
  std::set<std::string> all_groups() const;

  const SourceId source_;
  const MarathonRules rules_;
  const MesosGuard guard_;
  MarathonPicture picture_;
  SchedulerSilence silence_;
  ById<Group> groups_;
  ById<Service> services_;  // that a path names
  std::set<std::pair<SteadyTime, std::string>> due_;
  MesosHolds holds_;
  PerKind tasks_{};  // of all groups
  Tally tally_;
  std::vector<SchedulerStep<SchedulerWithheld>> withheld_;
  // Of the step that is being made.
  std::vector<SourceStep::Gone> gone_;
  std::vector<Missing> missing_;
  std::set<std::string> renamed_;  // services whose askers are others
  std::set<std::string> looked_;   // groups
};

}  // namespace muster::registry::sources
