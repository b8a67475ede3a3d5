// L.S.D: one instance by its own name, whatever its state, for as long as it is registered; a cached SRV
// target must resolve. Nothing here depends on weights, so that a weight change does not touch it.
#pragma once

#include "registry/model.h"
#include "zones/answer_spec.h"
#include "zones/ttl.h"

namespace muster::zones::naming {

NameSpec instance_spec(const Name& owner, const registry::Instance& instance, TtlRange range);

// `key=value` strings of properties and tags; what has over 255 octets is left out, a property hides the tag
// of the same name.
std::vector<std::string> txt_strings(const registry::InstanceBody& body);

// One SRV record of an instance's own: its priority, and weight 1 because there is nobody to choose among.
Member own_srv(const registry::Port& port, const Name& target, const registry::InstanceBody& body);

}  // namespace muster::zones::naming
