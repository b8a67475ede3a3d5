// What is registered now, as updates below the native domain ask for it. Control thread only.
#pragma once

#include "registry/registry.h"
#include "zones/publish.h"
#include "zones/registrations.h"

namespace muster::zones {

// Valid while nothing changes; both outlive it. Precondition: what changed is published (Registry::has_changes).
RegistrationsView view_registrations(const Name& domain, const Publisher& publisher,
                                     const registry::Registry& registry, registry::Instant now);

}  // namespace muster::zones
