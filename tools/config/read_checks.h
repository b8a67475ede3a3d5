// The readers of what is said of health checks.
#pragma once

#include "tools/config/checks.h"
#include "tools/config/section.h"

namespace muster::config {

void read_health(Section& section, Health& health);
// The keys that may stand in a service or in [health.default]; `rules` has what holds where they say nothing.
void read_check_rules(Section& section, CheckRules& rules);
void read_service_health(Section& section, ServiceHealth& service);
// [[service.X.check]], or the list `check`.
registry::health::Checks read_checks(Section& section, const CheckRules& rules, bool may_exec);

}  // namespace muster::config
