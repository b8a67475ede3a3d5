// Until when somebody's cache can hold a service answer with an instance in it: what is published now counts
// from now, what was replaced from then on, each with its TTL. Own names of an instance do not count: they
// stay until it is deregistered, and send nobody new there.
//
// Kept are only instances that have left answers or whose TTL fell, and only until that TTL is over.
#pragma once

#include <deque>
#include <string>
#include <unordered_map>

#include "registry/model.h"
#include "zones/publish_config.h"

namespace muster::zones {

class SafeStops {
 public:
  // How long after a change an answer of before may still be given (zones/pacer.h).
  static constexpr net::Millis kReplacedWithin{20};

  SafeStops(std::uint32_t domain_ttl, std::uint32_t ttl_min) : domain_ttl_(domain_ttl), ttl_min_(ttl_min) {}

  void reconfigure(std::uint32_t domain_ttl, std::uint32_t ttl_min) {
    domain_ttl_ = domain_ttl;
    ttl_min_ = ttl_min;
  }
  // An instance went from one picture to the next (not gone); policies as they were and are.
  void note(const registry::Instance& before, const ServicePolicy& old_policy,
            const registry::Instance& after, const ServicePolicy& policy, net::WallTime now);
  // The instant, rounded up to a full second.
  net::WallTime at(const registry::Instance& instance, const ServicePolicy& policy, net::WallTime now) const;
  void forget_passed(net::WallTime now);
  std::size_t size() const { return until_.size(); }

 private:
  net::Millis published_for(const registry::Instance& instance, const ServicePolicy& policy) const;

  std::uint32_t domain_ttl_;
  std::uint32_t ttl_min_;
  std::unordered_map<std::string, net::WallTime> until_;  // by service, zero octet, id
  std::deque<std::pair<net::WallTime, std::string>> passing_;
};

}  // namespace muster::zones
