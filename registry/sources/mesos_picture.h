// What a Mesos source shows to the rest of musterd, and each step from one picture to the next: elements for
// the Mesos-DNS view, instances for the registry. A step holds only what changed. Pure: time and addresses of
// hosts come in.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "registry/sources/facts_pool.h"
#include "registry/sources/mesos_instance.h"
#include "registry/sources/mesos_step.h"
#include "registry/sources/mesos_table.h"

namespace muster::registry::sources {

// Of a host name, none while it is not resolved; literals are not asked about.
using HostAddresses = std::function<std::vector<IpAddress>(const std::string& host)>;

class MesosPicture {
 public:
  explicit MesosPicture(MesosRules rules) : rules_(std::move(rules)) {}

  // Since when nobody has been heard, once that is too long. The next step tells all that is shown of it.
  // False: as before.
  bool set_silence(SchedulerSilence silence);
  void tell_again() { tells_all_ = true; }  // of every instance, with the next step
  // The step to what the table holds now. Looked at is what was touched, and the tasks whose time has come.
  MesosStep follow(const MesosTable& table, const MesosTable::Touched& touched,
                   const SchedulerMasters& masters, const HostAddresses& addresses_of, net::Instant now);

  std::size_t total() const { return shown_.size(); }
  // The others are excluded, each for one reason.
  std::size_t routable() const { return routable_; }
  const Dropped& excluded() const { return excluded_; }
  const Dropped& dropped() const { return dropped_; }  // labels that cannot be used, of tasks that are there
  std::optional<SteadyTime> next_look() const;         // when time alone may change something
  // The first TCP port at which a task can be probed; nullopt: it has none.
  std::optional<net::Endpoint> probe_target(const MesosTaskKey& key) const;

 private:
  // Frameworks in the order in which they may claim the name of a service.
  using Rank = std::pair<double, std::string>;  // when it registered, its id

  struct Shown {
    std::shared_ptr<const SchedulerTask> seen;  // null: not in the view, and this says why:
    std::shared_ptr<const SchedulerWithheld> withheld;
    std::string service;                        // it asks for; "": none
    BodyPtr body;                               // null: it could not be served
    Fitness fitness{};
    double registered = 0;  // when its framework was, for its rank
    VerdictReason reason = VerdictReason::ok;
    std::optional<SteadyTime> until;
    std::unique_ptr<const Dropped> dropped;  // null: nothing, as of nearly all
    bool is_ready = false;
    bool is_in_view = false;
    bool is_owner = true;    // its framework has the name of the service
    bool is_listed = false;  // in the registry
  };
  struct Service {
    std::map<Rank, MesosTaskKeys> askers;  // by their keys in shown_
    std::optional<Rank> owner;
  };
  // What a step is made from, while it is.
  struct Work {
    MesosStep step;
    std::map<std::string, std::vector<MesosTaskKey>> services;  // to be settled, and who has begun to ask
    std::set<MesosTaskKey> listed;                              // that are new or other
    std::set<MesosTaskKey> ended;                               // something has confirmed it
  };

  Shown look(const MesosTracked& tracked, bool is_held, const HostAddresses& addresses_of, net::Instant now);
  Shown look_through(const MesosTracked& tracked, const SchedulerTask& task, const Verdict& verdict);
  void take(const MesosTaskKey& key, std::optional<Shown> next, Work& work);
  static void set_withheld(Shown& shown);
  static Rank rank_of(const MesosTaskKey& key, const Shown& shown) {
    return {shown.registered, key.framework_id};
  }
  static Cause cause_of(const MesosTaskKey& key, const Shown* next, const Work& work);
  void move_asker(const MesosTaskKey& key, const Shown& before, Shown* next, Work& work);
  void settle(Work& work);
  void set_owner(const std::string& service, const MesosTaskKey& key, bool is_owner, Work& work);
  void list(Work& work) const;
  void look_at_agent(const MesosTable& table, const std::string& id, const HostAddresses& addresses_of,
                     SchedulerChange& change);
  void look_at_framework(const MesosTable& table, const std::string& id, const HostAddresses& addresses_of,
                         SchedulerChange& change);
  void look_around(const MesosTable& table, const MesosTable::Touched& touched,
                   const HostAddresses& addresses_of, SchedulerChange& change);
  void count(const Shown& shown, int by);

  const MesosRules rules_;
  FactsPool facts_;
  std::map<MesosTaskKey, Shown> shown_;
  std::map<std::string, Service> services_;
  std::set<std::pair<SteadyTime, MesosTaskKey>> due_;
  std::map<std::string, std::shared_ptr<const SchedulerAgent>> agents_;
  std::map<std::string, std::shared_ptr<const SchedulerFramework>> frameworks_;
  std::optional<SchedulerMasters> masters_;
  SchedulerSilence silence_;
  bool tells_silence_ = false;  // with the next step, which tells of every instance
  bool tells_all_ = false;
  std::size_t routable_ = 0;
  Dropped excluded_;
  Dropped dropped_;
};

}  // namespace muster::registry::sources
