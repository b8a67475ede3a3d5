// From the registry's changes to live names: the native domain and the reverse zones. One batch in, the dirty
// names rebuilt once each, parents and targets first. Control thread only.
//
// The law of change: a batch costs at most the names it touches × the members of their services. Names of a
// service of over 1,000 members are rebuilt at most every 20 ms, so are sets over the whole domain, which
// publish their first 1,000 members in registration order.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "registry/registry.h"
#include "zones/explain.h"
#include "zones/publish_config.h"
#include "zones/reverse_names.h"
#include "zones/zone.h"

namespace muster::zones {

class Publisher {
 public:
  // Adds the domain and the reverse zones to `zones`, which must outlive this.
  Publisher(PublishConfig config, Zones& zones);
  ~Publisher();

  // Makes a batch visible; when it returns every name of it answers anew (large ones: within 20 ms).
  void publish(const registry::Batch& batch, net::Instant now);
  void reserve(std::size_t services);  // before a large batch
  // A first part of a batch, at the start, in two steps that may run on two threads, each part by part in order: the
  // names of the domain as entries, then those among the live ones. The sets over the whole domain wait for publish(),
  // which gets the last part once both steps are done with all others.
  using Prepared = std::vector<EntryPtr>;
  Prepared prepare_part(const registry::Batch& part, net::Instant now);
  void publish_prepared(Prepared prepared);
  // Every 10 ms: names put off, serials whose batch is 20 ms old.
  void tick(net::Instant now);
  // Policies, TTLs, name servers. The domain and the reverse zones stay: changing them needs a restart.
  void reconfigure(PublishConfig config, net::Instant now);

  // For those who say, beside the registry, what addresses lead back to. What they put takes its serial with the
  // next tick().
  ReverseNames& reverse();

  // Until when a cache can hold a service answer with this instance (zones/safe_stop.h).
  registry::WallTime safe_stop(const registry::Instance& instance, net::Instant now) const;
  // The instances of a service by its folded label; none: unknown, or not publishable.
  std::vector<registry::InstancePtr> members_of(const std::string& label) const;
  // How an instance stands in its service's answers: in SRV where it has a port, else in addresses.
  struct Weight {
    double drawn = 0;       // in registered weights; 0: it is out
    std::uint16_t srv = 0;  // as SRV shows it
    double response = 1;    // the response-time policies' part of that
  };
  Weight weight_of(const registry::Instance& instance) const;
  // Who stands in SRV at a service's own name, of all priorities, for those who share out load themselves.
  struct Answering {
    bool in_panic = false;
    std::string fallback;  // the service whose instances these are; "": its own
    std::vector<registry::InstancePtr> instances;
  };
  Answering answering_of(const std::string& label) const;  // `label` is folded
  // Seconds for which the service's own name may be kept. `label` is folded.
  std::uint32_t ttl_of(const std::string& label) const;
  // Whether a set of the service is in panic. `label` is folded.
  bool in_panic(const std::string& label) const;
  // Every owner name at which this instance stands or could stand.
  std::vector<std::string> names_of(const registry::Instance& instance) const;
  // As BoundSerials::highest, of a file zone.
  std::optional<std::uint32_t> highest_bound_serial(const Name& apex) const;
  // The keys of its tags and properties that no TXT record has room for.
  std::vector<std::string> strings_left_out(const registry::Instance& instance) const;
  // `client`: for whom a hashed set is explained; null: for all.
  NameExplanation explain(const Name& name, std::optional<RrType> type,
                          const ClientNetwork* client = nullptr) const;
  // One of the names at which an instance stands, with the types and its chance to be first.
  struct Standing {
    std::string name;
    InstanceShare share;
  };
  std::vector<Standing> standings_of(const registry::Instance& instance) const;
  const PublishCounters& counters() const;

 private:
  class Core;
  std::unique_ptr<Core> core_;
};

}  // namespace muster::zones
