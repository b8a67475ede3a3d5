// What the publisher is told: which zones it fills, and what DNS does with one service. Plain values,
// resolved by whoever reads the configuration; a service's globs are already applied.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/net/ip_address.h"
#include "zones/name.h"
#include "zones/serial_block.h"

namespace muster::zones {

// What is answered while no instance is ready.
enum class WhenNone : std::uint8_t {
  all,       // every candidate that is not starting, in configured weights
  none,      // NODATA
  servfail,  // SERVFAIL
};

// [service.X], resolved: what DNS does with one service.
struct ServicePolicy {
  std::uint32_t ttl = 5;
  std::uint16_t answers = 0;  // 0: all
  WhenNone when_none = WhenNone::all;
  std::uint32_t srv_weight_scale = 1;  // 0: "auto"
  std::vector<std::string> tag_views;
  bool publish_not_ready = false;
  bool operator==(const ServicePolicy&) const = default;
};

struct PublishConfig {
  Name domain;
  std::vector<Name> name_servers;                // default ns1.<domain>
  std::vector<net::IpAddress> listen_addresses;  // A/AAAA of name servers below the domain
  Name hostmaster;
  std::uint32_t ttl = 5;  // of sets over the whole domain and of reverse names; services have their own
  std::uint32_t ttl_min = 1;
  std::uint32_t negative_ttl = 2;
  std::vector<Name> reverse;  // reverse zones
  bool reverse_services = false;
  std::function<ServicePolicy(std::string_view service)> policy;  // null: defaults
  // Whether a service without instances is known (NODATA) or not (NXDOMAIN). Null: none is.
  std::function<bool(std::string_view service)> is_known;
  SerialStore serials;

  ServicePolicy policy_of(std::string_view service) const {
    return policy ? policy(service) : ServicePolicy{};
  }
};

}  // namespace muster::zones
