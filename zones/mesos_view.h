// The names of the Mesos-DNS view, kept in step with one Mesos source: the sum of what its elements
// contribute (zones/naming/mesos_names.h). Control thread only.
//
// Invariants:
//  1. What is published is a function of the elements and the configuration; no name remembers how it came to
//     be.
//  2. A change costs the names it touches and their records; each is put at most once per change, and not at
//     all where its answers stay the same.
//  3. At every moment of a change what a published SRV record points to is published, if it ever is: names
//     with addresses are put before names with SRV, and go after them.
//  4. With ptr, what a name says in the reverse zones follows its addresses: it comes after them, and goes
//     before the name does.
//  5. An element that was never told is not taken away: a step back from it counts as no step.
#pragma once

#include <array>
#include <boost/unordered/unordered_flat_set.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "registry/scheduler.h"
#include "zones/arrivals.h"
#include "zones/mesos_name.h"
#include "zones/mesos_view_config.h"
#include "zones/name_sink.h"
#include "zones/naming/mesos_names.h"
#include "zones/reverse_view.h"

namespace muster::zones {

struct MesosViewCounters {
  // As it is now:
  std::size_t names = 0;              // published, also those whose answer is NODATA or SERVFAIL
  std::size_t records = 0;            // published
  std::size_t collisions = 0;         // names of the infrastructure merged with others
  std::size_t shared_frameworks = 0;  // F that several frameworks have
  std::array<std::size_t, naming::kMesosDrops>
      dropped{};  // by MesosDrop: elements' names and records left out
  // Since the start:
  std::uint64_t puts = 0;
  std::uint64_t erasures = 0;
  std::string last_collision;  // the last name that became one

  std::size_t dropped_for(naming::MesosDrop reason) const {
    return dropped[static_cast<std::size_t>(reason)];
  }
};

class MesosView {
 public:
  // The sink's zone of this number has the view's domain as its apex. Publishes the view's name server.
  // `reverse`, which outlives this, is told of nothing without ptr. Null: there are no reverse zones.
  MesosView(MesosViewConfig config, std::size_t zone, NameSink& sink, ReverseNames* reverse = nullptr);

  void apply(const registry::SchedulerChange& change);
  // All names anew, at once. The domain stays.
  void reconfigure(MesosViewConfig config);

  const MesosViewConfig& config() const { return config_; }
  const MesosViewCounters& counters() const { return counters_; }

  // The served tasks in order of arrival, each with those of its records that are published now.
  // At most `most` of them from `place` on, 0 at first; the next place, nullopt: that was all.
  using TaskVisit = std::function<void(const registry::SchedulerTask&, std::span<const naming::MesosRecord>)>;
  std::optional<std::uint64_t> visit_tasks(std::uint64_t place, std::size_t most,
                                           const TaskVisit& visit) const;
  // What was left out of which element, worked out again.
  void visit_dropped(const std::function<void(const naming::MesosDropped&)>& visit) const;
  // Who contributes what to a name, or would if it were served, worked out again: all of the cluster's agents
  // and frameworks are looked at, and at most `most_tasks` tasks of each kind. False: there are more.
  struct Contribution {
    std::string_view element;  // "task", "agent", "framework", "masters", "name server"
    std::string id;
    std::string raw;  // the name that the record's is made of, as the scheduler says it; "": of none
    std::string framework;
    std::string agent_id;
    const naming::MesosRecord& record;
    bool is_published = true;
    std::string_view withheld;  // why it is not served, or not while others are well; "": it is well
    bool has_data = true;       // false: a task without an address, and `record` only says where it would be
  };
  bool visit_contributions(const Name& owner, std::size_t most_tasks,
                           const std::function<void(const Contribution&)>& visit) const;
  // All that elements contribute to a name, published or not.
  struct Standing {
    RrType type = RrType::a;
    std::string rdata;
    naming::MesosRank rank = naming::MesosRank::infrastructure;
    bool is_ready = true;
    std::uint32_t count = 0;  // elements that say so
    bool is_published = true;
  };
  std::vector<Standing> standings_at(const Name& owner) const;

 private:
  // Steps are taken to the names in portions, so that a first change of 10,000 tasks needs little memory.
  static constexpr std::size_t kPortion = 16'384;

  struct OwnerHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view owner) const { return std::hash<std::string_view>{}(owner); }
    std::size_t operator()(const std::unique_ptr<MesosName>& name) const { return (*this)(name->owner()); }
  };
  struct OwnerEqual {
    using is_transparent = void;
    static std::string_view owner(std::string_view owner) { return owner; }
    static std::string_view owner(const std::unique_ptr<MesosName>& name) { return name->owner(); }
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      return owner(a) == owner(b);
    }
  };
  using Names = boost::unordered_flat_set<std::unique_ptr<MesosName>, OwnerHash, OwnerEqual>;

  template <class Element>
  void take(const std::vector<registry::SchedulerStep<Element>>& steps, Arrivals<Element>& arrivals);
  template <class Element>
  void add(const Element& element, std::int32_t by);
  void add_all(std::int32_t by);
  void add(naming::MesosRecords records, std::int32_t by);
  void count_framework(const registry::SchedulerFramework& framework, std::int32_t by);
  void follow_ptr();
  void take_to_names();
  MesosName& name_at(std::string_view owner);
  std::vector<net::IpAddress> leading_back(const MesosName& name) const;
  void mark(MesosName& name, std::vector<net::IpAddress> led_back);
  void publish();
  void publish_reverse(const std::vector<MesosName*>& changed);
  void look(MesosName& name);
  void put(MesosName& name);
  void erase(MesosName& name);
  const MesosName* find(std::string_view owner) const;
  void visit_absent(registry::SchedulerTask task, std::string_view reason, const Name& owner,
                    const std::function<void(const Contribution&)>& visit) const;

  MesosViewConfig config_;
  std::size_t zone_;
  NameSink& sink_;
  ReverseNames* reverse_names_;
  std::optional<ReverseView> reverse_;  // while there is ptr
  MesosViewCounters counters_;
  Arrivals<registry::SchedulerTask> tasks_;
  Arrivals<registry::SchedulerWithheld> withheld_;  // they have no names; who asks why hears of them
  Arrivals<registry::SchedulerAgent> agents_;
  Arrivals<registry::SchedulerFramework> frameworks_;
  std::optional<registry::SchedulerMasters> masters_;
  std::map<std::string, std::size_t, std::less<>> framework_names_;  // F, and how many have it
  Names names_;

  // What a change has touched so far.
  std::vector<MesosStep> steps_;
  std::vector<MesosName*> dirty_;
  std::unordered_map<const MesosName*, std::vector<net::IpAddress>> led_back_;  // which of them, before
};

}  // namespace muster::zones
