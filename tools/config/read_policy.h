// [service.X]: what decides which of its instances are answered, in which order and for how long.
#pragma once

#include "tools/config/config.h"
#include "tools/config/section.h"

namespace muster::config {

// Reads policy, when_none, fallback and the other rules of choice into `service`.
void read_policy(Section& section, Service& service);

}  // namespace muster::config
