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
#include <vector>

#include "registry/change.h"
#include "registry/scheduler.h"
#include "registry/sources/mesos_instance.h"
#include "registry/sources/mesos_table.h"

namespace muster::registry::sources {

// Of a host name, none while it is not resolved; literals are not asked about.
using HostAddresses = std::function<std::vector<IpAddress>(const std::string& host)>;

struct MesosStep {
  SchedulerChange seen;
  SourceStep native;
  bool empty() const { return seen.empty() && native.gone.empty() && native.listed.empty(); }
};

class MesosPicture {
 public:
  explicit MesosPicture(MesosRules rules) : rules_(std::move(rules)) {}

  // The step to what the table holds now. Looked at are the tasks that were touched, those whose time has
  // come, and with `surroundings` all agents, frameworks and masters; with touched.all everything is.
  MesosStep follow(const MesosTable& table, const MesosTable::Touched& touched,
                   const SchedulerMasters& masters, const HostAddresses& addresses_of, net::Instant now);

  std::size_t total() const { return shown_.size(); }
  std::size_t routable() const { return routable_; }
  // Tasks that are not served, by reason.
  const Dropped& excluded() const { return excluded_; }
  const Dropped& dropped() const { return dropped_; }  // labels that could not be used, so far
  std::optional<SteadyTime> next_look() const;         // when time alone may change something
  // The first TCP port at which a task can be probed; nullopt: it has none.
  std::optional<net::Endpoint> probe_target(const MesosTaskKey& key) const;

 private:
  // Frameworks in the order in which they may claim the name of a service.
  using Rank = std::pair<double, std::string>;  // when it registered, its id

  struct Shown {
    std::shared_ptr<const SchedulerTask> seen;  // null: not served
    std::string service;                        // it asks for; "": none
    BodyPtr body;
    HeartbeatStatus health = HeartbeatStatus::passing;
    Rank rank;
    VerdictReason reason = VerdictReason::ok;
    std::optional<SteadyTime> until;
    bool is_routable = false;
    bool is_listed = false;  // in the registry
  };
  struct Looked;

  Shown look(const MesosTracked& tracked, const HostAddresses& addresses_of, net::Instant now);
  std::vector<IpAddress> agent_addresses(const MesosAgent& agent, const HostAddresses& addresses_of) const;
  void take(const MesosTaskKey& key, std::optional<Shown> next, MesosStep& step,
            std::set<std::string>& services);
  void settle(const std::set<std::string>& services, MesosStep& step);
  void list(const MesosTaskKey& key, const Shown& shown, MesosStep& step) const;
  void follow_surroundings(const MesosTable& table, const SchedulerMasters& masters,
                           const HostAddresses& addresses_of, MesosStep& step);
  void count(const Shown& shown, int by);

  const MesosRules rules_;
  std::map<MesosTaskKey, Shown> shown_;
  std::map<std::string, std::map<Rank, std::set<MesosTaskKey>>> services_;  // who asks for each
  std::set<std::pair<SteadyTime, MesosTaskKey>> due_;
  std::map<std::string, std::shared_ptr<const SchedulerAgent>> agents_;
  std::map<std::string, std::shared_ptr<const SchedulerFramework>> frameworks_;
  std::optional<SchedulerMasters> masters_;
  std::size_t routable_ = 0;
  Dropped excluded_;
  Dropped dropped_;
};

}  // namespace muster::registry::sources
