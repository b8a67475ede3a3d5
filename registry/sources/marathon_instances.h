// The instances of one app or pod: from what is known of it, and what is remembered of its tasks, to an
// instance for each task, each with a verdict. Pure functions: time and the addresses of hosts come in as
// arguments. Who has the name of a service, if several apps would, is not decided here.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/model.h"
#include "registry/sources/marathon_picture.h"
#include "registry/sources/marathon_verdict.h"
#include "registry/sources/verdict.h"

namespace muster::registry::sources {

struct MarathonRules {
  std::string source = "marathon";      // its name
  std::string service_name = "{path}";  // "": its instances are in no service
  std::string framework = "marathon";   // the tag of that name; "": none
  std::vector<std::string> weight_labels = {"muster.weight", "MUSTER_WEIGHT", "weight"};
  RoutableRules routable;
};

// Of a host name, none while it is not resolved; literals are not asked about.
using AddressesOf = std::function<std::vector<IpAddress>(std::string_view host)>;

// What an export wants to know of an app beside its instances; shared by them.
struct MarathonAppFacts {
  std::string id;
  MarathonLabels labels;
  std::vector<MarathonHealthCheck> health_checks;
  bool operator==(const MarathonAppFacts&) const = default;
};

struct MarathonInstance {
  std::string id;       // the task's, or that of a pod's instance
  std::string service;  // "": in none
  InstanceBody body;
  State state = State::active;  // as Verdict's
  VerdictReason reason = VerdictReason::ok;
  std::shared_ptr<const MarathonAppFacts> app;  // never null
  std::vector<std::uint16_t> port_indexes;      // of each port of the body: the n of HAPROXY_n_…

  bool is_routable() const {
    return (state == State::active || state == State::timedout) && !body.addresses.empty();
  }
  bool operator==(const MarathonInstance& other) const;
};

using MarathonMemory = ById<MarathonTaskMemory>;  // by id of a task, or of a pod's instance

// One app or pod, looked at.
struct MarathonLook {
  std::string service;                      // "": in none
  bool is_named_by_path = false;            // so another app may have the same name
  std::vector<MarathonInstance> instances;  // by id, each once
  std::vector<std::string> ended;           // ids of listed tasks that have ended, in order
  MarathonMemory memory;                    // for the next look: of those that are known
  std::optional<SteadyTime> look_again;     // when time alone may change a verdict
  Dropped dropped;                          // beside what reading has dropped
};

// Of one that is not known there is nothing to be seen.
MarathonLook look_at_app(const MarathonPicture& picture, std::string_view id, const MarathonMemory& memory,
                         const MarathonRules& rules, const AddressesOf& addresses_of,
                         const net::Instant& now);
MarathonLook look_at_pod(const MarathonPicture& picture, std::string_view id, const MarathonMemory& memory,
                         const MarathonRules& rules, const AddressesOf& addresses_of,
                         const net::Instant& now);

}  // namespace muster::registry::sources
