// Whether a Mesos task may be served. Pure.
#pragma once

#include "registry/net/clock.h"
#include "registry/sources/mesos_rules.h"
#include "registry/sources/mesos_table.h"

namespace muster::registry::sources {

Verdict mesos_verdict(const MesosTracked& tracked, const MesosRules& rules, net::Instant now);

}  // namespace muster::registry::sources
