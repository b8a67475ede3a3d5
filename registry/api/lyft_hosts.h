// Instances as the Lyft discovery service lists them: hosts of seven members, in registration order. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "registry/api/lyft_form.h"

namespace muster::registry::api {

struct LyftHost {
  InstancePtr instance;
  LeaseView lease;
};

// Has an IPv4 address and a port, a living lease, and is neither down nor draining.
bool is_listed(const LyftHost& host, const LyftConfig& config);
// {"<what>":"<name>","env":…,"hosts":[…]}; `what` is "service" or "service_repo_name".
std::string write_hosts(std::string_view what, std::string_view name, std::vector<LyftHost> hosts,
                        const LyftConfig& config);

}  // namespace muster::registry::api
