// L.S.D: one instance by its own name, whatever its state, for as long as it is registered; a cached SRV
// target must resolve. Its SRV shows the registered weight, never the effective one: a heartbeat that reports load
// or a suspicion touches no name of a single instance.
#pragma once

#include "registry/model.h"
#include "zones/answer_spec.h"
#include "zones/publish_config.h"
#include "zones/ttl.h"

namespace muster::zones::naming {

// `left_out`: how many strings its TXT record has no room for is added there.
NameSpec instance_spec(const Name& owner, const registry::Instance& instance, TtlRange range,
                       const ServicePolicy& policy = {}, std::uint64_t* left_out = nullptr);

// The weight that the SRV records of an instance's own show: as in a set of it alone (srv_weights()).
std::uint16_t own_weight(const registry::Instance& instance, std::uint32_t srv_weight_scale);

// What a TXT record says of an instance: `type=` of its URL, the advice of its service, then `key=value` of
// properties and of tags. Of one key the instance's property goes before the service's, that before the
// advice, and that before the tag. What has over 255 octets is left out, and the properties beyond 1300
// octets: `left_out` gets their keys.
std::vector<std::string> txt_strings(const registry::InstanceBody& body, const ServicePolicy& policy = {},
                                     std::vector<std::string>* left_out = nullptr);
// The keys of those tags and properties that no TXT record has room for.
std::vector<std::string> strings_left_out(const registry::InstanceBody& body,
                                          const ServicePolicy& policy = {});

// The frame of an RRset at one of an instance's own names.
RrsetSpec& add_own_rrset(NameSpec& spec, RrType type, Ttls ttl, const Note& note);
// One SRV record of an instance's own.
Member own_srv(const registry::Port& port, std::uint16_t weight, const Name& target,
               const registry::InstanceBody& body);

}  // namespace muster::zones::naming
