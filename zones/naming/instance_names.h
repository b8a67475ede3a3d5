// L.S.D: one instance by its own name, whatever its state, for as long as it is registered; a cached SRV
// target must resolve. Its SRV shows the registered weight, never the effective one: a heartbeat that reports load
// or a suspicion touches no name of a single instance.
#pragma once

#include "registry/model.h"
#include "zones/answer_spec.h"
#include "zones/ttl.h"

namespace muster::zones::naming {

NameSpec instance_spec(const Name& owner, const registry::Instance& instance, TtlRange range,
                       std::uint32_t srv_weight_scale = 1);

// The weight that the SRV records of an instance's own show: as in a set of it alone (srv_weights()).
std::uint16_t own_weight(const registry::Instance& instance, std::uint32_t srv_weight_scale);

// `key=value` strings of properties and tags; what has over 255 octets is left out, a property hides the tag
// of the same name.
std::vector<std::string> txt_strings(const registry::InstanceBody& body);
// The keys of those tags and properties whose `key=value` does not fit into one string of a TXT record.
std::vector<std::string> strings_left_out(const registry::InstanceBody& body);

// One SRV record of an instance's own.
Member own_srv(const registry::Port& port, std::uint16_t weight, const Name& target,
               const registry::InstanceBody& body);

}  // namespace muster::zones::naming
