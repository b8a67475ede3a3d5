// The names of all services, kept in step with the registry: which instances each service has, which names a
// change touches, and in which order they are rebuilt. Control thread only.
//
// Invariants:
//  1. At every moment of a batch what a published record points to is published: puts go targets and parents
//     first, erasures the other way round. Where a large name is rebuilt later, its old targets go later too.
//  2. A name is rebuilt at most once per batch; a large one at most every 20 ms (zones/pacer.h).
//  3. What is published is a function of the members, the known services and the configuration; no name
//     remembers how it came to be.
// Kept per service are its members in configured order and nothing else.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "registry/registry.h"
#include "zones/domain_sets.h"
#include "zones/name_sink.h"
#include "zones/naming/dns_sd.h"
#include "zones/naming/native.h"
#include "zones/pacer.h"
#include "zones/safe_stop.h"

namespace muster::zones {

struct PublishCounters {
  std::uint64_t puts = 0;      // names built and published
  std::uint64_t erasures = 0;  // names gone
  std::uint64_t put_off = 0;   // rebuilds of large names that waited for their 20 ms
  std::uint64_t too_long = 0;  // names that do not fit into 255 octets and are not published, at each change
};

class LiveNames {
 public:
  // Members over which a service's names are paced, and published members over which a set of the domain is.
  static constexpr std::size_t kLargeService = 1000;
  static constexpr std::size_t kLargeDomainSet = 100;

  // Publishes what does not depend on any service.
  LiveNames(PublishConfig config, NameSink& sink);

  void apply(const registry::Batch& batch, net::Instant now);
  // Rebuilds what was put off and is due.
  void tick(net::Instant now);
  // Domain and reverse zones stay as they were.
  void reconfigure(PublishConfig config, net::Instant now);

  const PublishConfig& config() const { return config_; }
  // Null: unknown, or not publishable. `label` is folded.
  const std::vector<registry::InstancePtr>* members_of(const std::string& label) const;
  net::WallTime safe_stop(const registry::Instance& instance, net::WallTime now) const;
  // Every owner name at which an instance stands, or would stand when it were ready.
  std::vector<Name> names_of(const registry::Instance& instance) const;
  // Those at which nobody else stands: L.S.D and its names of DNS-SD.
  std::vector<Name> own_names_of(const registry::Instance& instance) const;
  const PublishCounters& counters() const { return counters_; }

 private:
  using InstancePtr = registry::InstancePtr;
  using ServiceType = naming::ServiceType;

  // One instance's way through a batch; null: not published on that side.
  struct Step {
    InstancePtr before;
    InstancePtr after;
  };
  struct Policies {
    const ServicePolicy& before;
    const ServicePolicy& after;
  };
  struct Service {
    std::vector<InstancePtr> members;  // configured order
  };
  struct BrowseName {
    ServiceType type;
    InstancePtr instance;  // null: gone
  };
  struct Erasure {
    std::size_t zone;
    Name owner;
  };
  struct LateErasure {
    net::SteadyTime due;
    Name owner;
  };

  // What a label stands for: nothing, a known service without instances, or one with instances.
  enum class Standing : std::uint8_t { unknown, empty, populated };

  static std::map<std::string, std::vector<Step>> steps_of(const registry::Batch& batch);
  static void move_members(std::vector<InstancePtr>& members, const std::vector<Step>& steps);
  void apply_service(const std::string& label, std::vector<Step> steps, net::WallTime now);
  void settle(const std::string& label, std::string_view service, Standing before);
  Standing standing_of(const std::string& label) const;
  bool is_known(const std::string& label, std::string_view service) const;

  void mark(const std::string& label, const std::vector<Step>& steps, Policies policies);
  void mark_own(const InstancePtr& instance, bool gone);
  void mark_sets(const std::string& label, const Step& step, Policies policies);
  void mark_key(const std::string& label, naming::SetKey key);
  void mark_browsing(const Step& step, Policies policies);
  void move_type(const ServiceType& type, const InstancePtr& out, const InstancePtr& in);
  void mark_addresses(const Step& step);

  void flush(net::SteadyTime now);
  void put_own_names();
  void put_sets(net::SteadyTime now, std::vector<Erasure>& erasures);
  void put_service(const std::string& label, const std::set<naming::SetKey>& keys,
                   std::vector<Erasure>& erasures);
  void put_browse_names();
  void put_reverse(std::vector<Erasure>& erasures);
  void put_types(net::SteadyTime now, std::vector<Erasure>& erasures);
  void put_type(const ServiceType& type, const Name& owner, std::vector<Erasure>& erasures);
  void put_type_list(std::vector<Erasure>& erasures);
  void erase_targets(net::SteadyTime now);
  void put(std::size_t zone, const NameSpec& spec);
  void erase(std::size_t zone, const Name& owner);
  void put_fixed();
  bool is_put_off() const { return !dirty_sets_.empty() || !dirty_types_.empty(); }

  naming::ServicePicture picture_of(const std::string& label, const Service& service) const;
  TtlRange ttl_range(const ServicePolicy& policy) const { return {config_.ttl_min, policy.ttl}; }
  std::optional<Name> name_of(const registry::Instance& instance) const;

  PublishConfig config_;
  NameSink& sink_;
  PublishCounters counters_;
  std::unordered_map<std::string, Service> services_;  // by label; without members: known
  DomainSets<ServiceType> types_;                      // ready instances
  HeadedSet<std::pair<std::uint64_t, ServiceType>, std::less<>> type_list_;  // by their first member
  DomainSets<net::IpAddress> addresses_;  // registered instances; only those of our reverse zones
  SafeStops safe_stops_;
  Pacer pacer_;

  // What the next flush rebuilds.
  std::unordered_map<Name, InstancePtr, NameHash> dirty_own_;
  std::unordered_map<Name, BrowseName, NameHash> dirty_browse_;
  std::map<std::string, std::set<naming::SetKey>> dirty_sets_;
  std::set<ServiceType> dirty_types_;
  std::set<net::IpAddress> dirty_addresses_;
  bool dirty_type_list_ = false;

  // Targets that wait until names put off have let go of them. Those put again meanwhile are not in `late_`.
  std::unordered_map<Name, net::SteadyTime, NameHash> late_;
  std::deque<LateErasure> late_queue_;
};

}  // namespace muster::zones
