// From [[source.mesos]] to the plain structs that its zone and its HTTP API take. Pure but for
// the addresses of the host.
#pragma once

#include "registry/api/mesos_dns.h"
#include "tools/config/config.h"
#include "zones/mesos_zone.h"

namespace muster::tools {

// `listen`: the DNS addresses as bound, for the name server.
zones::MesosZoneConfig mesos_zone_config(const config::Config& config, const config::MesosSource& source,
                                         const std::vector<net::Endpoint>& listen);
registry::api::MesosDnsConfig mesos_dns_config(const config::Config& config,
                                               const config::MesosSource& source,
                                               const std::vector<net::Endpoint>& dns,
                                               const std::vector<net::Endpoint>& http);

}  // namespace muster::tools
