// DNS-SD (RFC 6763): an instance as people browse it, `web i1._http._tcp.D` with SRV and TXT, and the fixed
// names of the domain. The type is the port's name; an unnamed port goes under its service's label.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <vector>

#include "registry/model.h"
#include "zones/answer_spec.h"
#include "zones/publish_config.h"
#include "zones/ttl.h"

namespace muster::zones::naming {

// _T._O.D
struct ServiceType {
  std::string label;  // T, folded
  registry::Protocol protocol = registry::Protocol::tcp;
  auto operator<=>(const ServiceType&) const = default;
};

// The types an instance offers, each once, with the first port that has it.
struct Offer {
  ServiceType type;
  const registry::Port* port = nullptr;
};
std::vector<Offer> offers_of(const registry::Instance& instance);

std::optional<Name> type_name(const Name& domain, const ServiceType& type);
// "web i1" as written, below the type; the hash of "service/id" when that has over 63 octets.
std::string browse_label(const registry::Instance& instance);
std::optional<Name> browse_name(const Name& domain, const ServiceType& type,
                                const registry::Instance& instance);

// SRV and TXT of one instance of a type; `target` is the instance's own name.
NameSpec browse_spec(const Name& owner, const Offer& offer, const Name& target,
                     const registry::Instance& instance, TtlRange range, const ServicePolicy& policy = {});

// `_services`, `b`, `lb` or `r` below _dns-sd._udp.D (RFC 6763 §9, §11); nullopt: does not fit.
std::optional<Name> dns_sd_name(const Name& domain, std::string_view label);
// The fixed PTR names that say "browse here": b, lb and r, each to the domain itself.
std::vector<NameSpec> browsing_domain_specs(const Name& domain, std::uint32_t ttl);

RrsetSpec ptr_rrset(std::uint32_t ttl, const std::vector<Name>& targets);

}  // namespace muster::zones::naming
