// From everything known about one instance to the picture readers see: its body, state, weight, and the one
// reason why it is or is not served. Pure.
#pragma once

#include "registry/entry.h"
#include "registry/host_names.h"

namespace muster::registry {

// What the picture takes from outside the entry.
struct Setting {
  Reason service_reason = Reason::ok;  // why the service is not published
  bool use_load = false;
  double warning_factor = 0.5;
  bool hides_timedout = false;  // timedout = "hide"
  const HostNames* hosts = nullptr;  // whose addresses are known; null: none
};

// Keeps identity (service, id, label, sequence, created_at) and revision of `identity`.
Instance compose(const Entry& entry, const Instance& identity, const Setting& setting);

enum class Difference : std::uint8_t { none, lease_only, view };
// lease_only: nothing but lease_state, lease_low, silent_since and what is measured or grows with time (ramp,
// latency_ms, success), which take no revision. A suspect differs in weight too.
Difference difference(const Instance& before, const Instance& after);

}  // namespace muster::registry
