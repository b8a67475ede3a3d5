// What the publisher is told: which zones it fills, and what DNS does with one service. Plain values,
// resolved by whoever reads the configuration; a service's globs are already applied.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/model.h"
#include "registry/net/ip_address.h"
#include "zones/name.h"
#include "zones/policy.h"
#include "zones/serial_block.h"

namespace muster::zones {

// What is answered while no instance is ready.
enum class WhenNone : std::uint8_t {
  all,       // every candidate that is not starting, in configured weights
  none,      // NODATA
  servfail,  // SERVFAIL
  fallback,  // another service's ready instances, or addresses from the configuration
};

// [service.X], resolved: what DNS does with one service.
struct ServicePolicy {
  Policy policy = Policy::weighted_failover;
  std::uint32_t ttl = 5;
  bool ttl_fixed = false;     // nothing lowers it
  std::uint16_t answers = 0;  // 0: all
  // The share of its instances (by weight where the policy draws by weight) below which it is as if none were
  // ready; 0: only when none is.
  double panic_threshold = 0;
  WhenNone when_none = WhenNone::all;
  std::string fallback_service{};  // of WhenNone::fallback, folded; "": the addresses
  std::vector<net::IpAddress> fallback_addresses{};
  std::uint32_t srv_weight_scale = 1;  // 0: "auto"
  bool srv_zero_kept = false;          // weight 0 stays in SRV, as 0
  bool srv_by_priority = false;  // round-robin-failover: SRV priorities 0, 1, 2… in the order of the answer
  bool drained_kept = false;     // what drains stays in SRV, with weight 0
  bool udp_truncates = false;    // addresses that do not fit over UDP set TC
  double response_exponent = 1;  // of the response-time policies
  std::vector<std::string> tag_views{};
  bool publish_not_ready = false;
  // In the TXT records of its instances: `timeout=1000`, `action=report`; then, by key, what they do not say
  // otherwise.
  std::vector<std::string> advice{};
  registry::Tags properties{};
  bool debug_txt = false;  // TXT _health.S.D tells the states
  bool operator==(const ServicePolicy&) const = default;
};

// Too few of a service's instances are ready.
struct Panic {
  bool on = false;
  std::size_t ready = 0;
  std::size_t candidates = 0;
};

struct PublishConfig {
  Name domain;
  std::vector<Name> name_servers;                // default ns1.<domain>
  std::vector<net::IpAddress> listen_addresses;  // A/AAAA of name servers below the domain
  Name hostmaster;
  // [service.X] also: names in file zones that carry a service's answers, by its folded label; whether there is such a
  // service or not.
  std::map<std::string, std::vector<Name>> public_names;
  std::uint32_t ttl = 5;  // of sets over the whole domain and of reverse names; services have their own
  std::uint32_t ttl_min = 1;
  std::uint32_t negative_ttl = 2;
  std::vector<Name> reverse;  // reverse zones
  bool reverse_services = false;
  std::function<ServicePolicy(std::string_view service)> policy;  // null: defaults
  // Whether a service without instances is known (NODATA) or not (NXDOMAIN). Null: none is.
  std::function<bool(std::string_view service)> is_known;
  // Told when a service's first set goes into panic and when its last leaves it. Null: nobody listens.
  std::function<void(std::string_view service, const Panic& panic)> on_panic;
  SerialStore serials;

  ServicePolicy policy_of(std::string_view service) const {
    return policy ? policy(service) : ServicePolicy{};
  }
  // Whose public name this is, as a folded label. One after the other: for people who ask.
  std::optional<std::string> service_at(const Name& public_name) const {
    for (const auto& [label, names] : public_names) {
      if (std::find(names.begin(), names.end(), public_name) != names.end()) return label;
    }
    return std::nullopt;
  }
};

}  // namespace muster::zones
