// The names of all services, kept in step with the registry: which instances each service has, which names a
// change touches, and in which order they are rebuilt. Control thread only.
//
// A batch is taken service by service: own names, then the sets that point to them, then the names by which
// they are browsed. What belongs to the whole domain follows, once; what goes, goes last.
//
// Invariants:
//  1. At every moment of a batch what a published record points to is published: puts go targets and parents
//     first, erasures the other way round. Where a large name is rebuilt later, its old targets go later too.
//  2. A name is rebuilt at most once per batch (twice where _S._O.D is a set of a service and in the same batch
//     becomes a type of the domain); a large one at most every 20 ms (zones/pacer.h).
//  3. What is published is a function of the members, the known services and the configuration; no name
//     remembers how it came to be.
// Kept per service are its members in configured order and nothing else.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "registry/registry.h"
#include "zones/domain_sets.h"
#include "zones/name_sink.h"
#include "zones/naming/dns_sd.h"
#include "zones/naming/native.h"
#include "zones/pacer.h"
#include "zones/publish_counters.h"
#include "zones/reverse_names.h"
#include "zones/safe_stop.h"

namespace muster::zones {

class LiveNames {
 public:
  // Members over which a service's names are paced, and published members over which a set of the domain is.
  static constexpr std::size_t kLargeService = 1000;
  static constexpr std::size_t kLargeDomainSet = 100;
  // One piece of a reconfiguration: members whose names are put anew, and services looked at.
  static constexpr std::size_t kSweepMembers = 200;
  static constexpr std::size_t kSweepLooks = 2'048;

  // Publishes what does not depend on any service.
  LiveNames(PublishConfig config, NameSink& sink);

  void apply(const registry::Batch& batch, net::Instant now);
  void reserve(std::size_t services) { services_.reserve(services); }
  // A first part of a batch whose last part apply() gets: what belongs to the whole domain waits for that.
  void apply_part(const registry::Batch& part, net::Instant now);
  // Rebuilds what was put off and is due; goes on with a reconfiguration.
  void tick(net::Instant now);
  // Domain and reverse zones stay as they were. Services follow one by one, those after the first piece with the
  // next ticks; each name is old or new meanwhile. A second call first completes what is under way.
  void reconfigure(PublishConfig config, net::Instant now);

  const PublishConfig& config() const { return config_; }
  ReverseNames& reverse() { return reverse_; }
  using Members = std::vector<std::unique_ptr<Registered>>;
  // In configured order. Null: unknown, or not publishable. `label` is folded.
  const Members* members_of(const std::string& label) const;
  net::WallTime safe_stop(const registry::Instance& instance, net::WallTime now) const;
  // Every owner name at which an instance stands, or would stand when it were ready.
  std::vector<Name> names_of(const registry::Instance& instance) const;
  // Those at which nobody else stands: L.S.D and its names of DNS-SD.
  std::vector<Name> own_names_of(const registry::Instance& instance) const;
  const PublishCounters& counters() const { return counters_; }
  // Who stands in SRV at the service's own name. `label` is folded; nobody where it is unknown.
  naming::SrvMembers srv_members_of(const std::string& label) const;
  // Whether a set of the service is in panic. `label` is folded.
  bool in_panic(const std::string& label) const { return panicking_.contains(label); }

 private:
  using Instance = registry::Instance;
  using InstancePtr = registry::InstancePtr;
  using ServiceType = naming::ServiceType;
  using SetKeys = std::vector<naming::SetKey>;

  // What a label stands for: nothing, a known service without instances, or one with instances.
  enum class Standing : std::uint8_t { unknown, empty, populated };

  // One instance's way through a batch; null: not published on that side.
  struct Step {
    InstancePtr before;
    InstancePtr after;
    const Registered* who = nullptr;  // while the batch lasts also of those that go
    std::optional<Name> own_name{};   // of `after`, where what its own names show is another
    bool shows_change = false;        // whether that is so
  };
  class StepIndex;
  struct Policies {
    const ServicePolicy& before;
    const ServicePolicy& after;
  };
  struct Service {
    Members members;
    std::size_t place = 0;  // 1 + where its steps are in the batch that is being read; else 0
    std::uint32_t settings = 0;  // which settings_ its names follow
  };
  // The steps of a batch that concern one label; for each instance one.
  struct ServiceSteps {
    std::string label;
    Service* service;
    Standing before;
    std::vector<Step> steps;
  };
  // A reconfiguration under way.
  struct Sweep {
    PublishConfig old;
    bool concerns_all;
    std::size_t bucket = 0;  // of services_; those before it are done, as long as
    std::size_t buckets = 0;  // there are still so many
  };
  // A service of which sets are in panic.
  struct Panicking {
    std::set<naming::SetKey> keys;
    std::string fallback;  // the service whose instances these have; "": none
  };
  struct Erasure {
    std::size_t zone;
    Name owner;
  };
  struct LateErasure {
    net::SteadyTime due;
    Name owner;
  };

  void sweep(net::Instant now);
  std::size_t follow_settings(const std::string& label, Service& service, net::Instant now);
  static void fetch(std::span<const ServiceSteps> services);
  std::vector<ServiceSteps> steps_of(const registry::Batch& batch);
  std::size_t place_of(std::string label, std::vector<ServiceSteps>& services);
  static Members move_members(Members& members, std::vector<Step>& steps);
  void apply_service(ServiceSteps& service, net::Instant now);
  const Service* settle(const std::string& label, std::string_view service, const Service* standing,
                        Standing before, SetKeys& keys);
  static Standing standing_of(const Service* service) {
    if (service == nullptr) return Standing::unknown;
    return service->members.empty() ? Standing::empty : Standing::populated;
  }
  bool is_known(const std::string& label, std::string_view service) const;

  bool shows_own_change(const Step& step, Policies policies) const;
  void note_gone(const Step& step);
  void mark_sets(const Step& step, Policies policies, SetKeys& keys) const;
  void mark_types(const Step& step, Policies policies);
  void add_to_type(const ServiceType& type, const Place& place);
  void remove_from_type(const ServiceType& type, const Place& place);
  void note_first(const ServiceType& type, std::optional<std::uint64_t> before);
  void mark_addresses(const Step& step);
  void mark_domain_sets(const Registered& member);

  // The first of both: name_of(instance).
  void put_own_name(const std::optional<Name>& owner, const Instance& instance, const ServicePolicy& policy);
  void leave_to_types(const std::string& label, std::size_t marked, SetKeys& keys) const;
  void put_sets(const std::string& label, const Service* service, SetKeys keys);
  void note_panic(const std::string& label, const naming::SetKey& key, const naming::ServicePicture* service);
  void fill(const naming::SetKey& key, const std::string& label, const naming::ServicePicture& service);
  void unfollow(const std::string& label, const std::string& fallback);
  void put_followers(const std::string& label);
  std::vector<const Instance*> members_view(const std::string& label) const;
  void put_service(const std::string& label, const Service* service, const SetKeys& keys);
  const Service* find(const std::string& label) const;
  static bool is_large(const Service* service) {
    return service != nullptr && service->members.size() > kLargeService;
  }
  void put_public_names(net::SteadyTime now);
  void put_public(const std::string& label);
  void follow_public_names(const PublishConfig& old);
  bool is_paced(const std::string& label, const Service* service) const;
  void put_browse_names(const std::optional<Name>& target, const Instance& instance,
                        const ServicePolicy& policy);

  void flush(net::SteadyTime now);
  void put_late_sets(net::SteadyTime now);
  void put_types(net::SteadyTime now);
  void put_type(const ServiceType& type, const Name& owner);
  void put_type_list();
  void erase_targets(net::SteadyTime now);
  void put(std::size_t zone, const NameSpec& spec);
  void erase(std::size_t zone, const Name& owner);
  void put_fixed();
  void count_too_long(const std::string& service, const std::string& id);
  bool is_put_off() const { return !late_sets_.empty() || !dirty_types_.empty() || !dirty_public_.empty(); }

  naming::ServicePicture picture_of(const std::string& label, const Service& service) const;
  // `name`: the service's below the domain.
  naming::ServicePicture picture_of(const Name& name, const std::string& label, const Service& service) const;
  TtlRange ttl_range(const ServicePolicy& policy) const { return zones::ttl_range(config_.ttl_min, policy); }
  std::optional<Name> name_of(const Instance& instance) const;

  PublishConfig config_;
  NameSink& sink_;
  PublishCounters counters_;
  std::unordered_map<std::string, Service> services_;  // by label; without members: known
  DomainSets<ServiceType> types_;                      // ready instances
  HeadedSet<std::pair<std::uint64_t, ServiceType>, std::less<>> type_list_;  // by their first member
  ReverseNames reverse_;
  SafeStops safe_stops_;
  Pacer pacer_;

  std::uint32_t settings_ = 0;  // counts reconfigurations
  std::optional<Sweep> sweep_;

  naming::SetContent content_;  // of the set that is being put
  std::unordered_map<std::string, Panicking> panicking_;              // by label
  std::unordered_map<std::string, std::set<std::string>> followers_;  // who has whose instances in panic

  // What the end of the batch rebuilds.
  std::vector<ServiceType> dirty_types_;  // each perhaps several times
  bool dirty_type_list_ = false;
  std::set<std::string> dirty_public_;        // services whose public names are to be put
  std::map<std::string, SetKeys> late_sets_;  // of large services: what waits for its 20 ms

  // What it erases: sets in the order in which they would come, then names of instances.
  std::vector<Erasure> erasures_;
  std::unordered_set<Name, NameHash> gone_browse_;
  std::unordered_set<Name, NameHash> gone_own_;

  // Targets that wait until names put off have let go of them. Those put again meanwhile are not in `late_`.
  std::unordered_map<Name, net::SteadyTime, NameHash> late_;
  std::deque<LateErasure> late_queue_;
};

}  // namespace muster::zones
