#include "tools/config/read_policy.h"

#include <algorithm>

#include "registry/label.h"

namespace muster::config {

namespace {

using zones::Policy;
using zones::WhenNone;

WhenNone when_none_from(const std::string& word) {
  if (word == "none") return WhenNone::none;
  if (word == "servfail") return WhenNone::servfail;
  return word == "fallback" ? WhenNone::fallback : WhenNone::all;
}

// The name of another service, or a list of addresses.
void read_fallback(Section& section, zones::ServicePolicy& policy) {
  const toml::node* found = section.node("fallback");
  const bool wanted = policy.when_none == WhenNone::fallback;
  if (found == nullptr) {
    if (wanted)
      section.error("when_none",
                    "\"fallback\" needs `fallback`: the name of a service, or a list of addresses");
    return;
  }
  if (!wanted) return section.error("fallback", "has no effect: it needs when_none = \"fallback\"");
  if (found->is_array()) {
    policy.fallback_addresses = section.list<net::IpAddress>(
        "fallback", {}, "an IPv4 or IPv6 address", [](std::string_view text) { return net::parse_ip(text); });
    if (section.is_empty_list("fallback")) section.error("fallback", "must hold an address");
    auto sorted = policy.fallback_addresses;
    std::sort(sorted.begin(), sorted.end());
    const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
    if (twice != sorted.end()) section.error("fallback", "holds " + net::to_string(*twice) + " twice");
    return;
  }
  policy.fallback_service = registry::ascii_lower(section.text("fallback", ""));
  if (registry::service_name_verdict(policy.fallback_service, {}) != registry::Reason::ok)
    section.error("fallback", "is not the name of a service; addresses are given as a list");
}

void read_response_time(Section& section, Service& service) {
  auto table = section.table("response_time");
  if (!table) return;
  service.response_tau = table->duration("tau", service.response_tau, {Millis(1000), std::chrono::hours(1)});
  service.policy.response_exponent = table->number("exponent", 1, 0, 4);
  table->finish();
  if (!is_response_time(service.policy.policy))
    section.error("response_time",
                  "has no effect: it needs policy = \"response-time\" or \"response-time-failover\"");
}

void read_slow_start(Section& section, Service& service) {
  auto& slow = service.slow_start;
  slow.span = section.duration("slow_start", slow.span, {Millis(0), std::chrono::hours(1)});
  slow.least = section.number("slow_start_min", slow.least, 0.001, 1);
  slow.aggression = section.number("slow_start_aggression", slow.aggression, 0.1, 10);
  if (slow.span.count() > 0 && !is_drawn(service.policy.policy)) {
    section.error("slow_start", "has no effect: policy \"" + std::string(to_string(service.policy.policy)) +
                                    "\" does not draw by weight; leave one of them out");
  }
}

bool is_word(Section& section, std::string_view key, const char* usual, const char* other) {
  return section.choice(key, usual, {usual, other}) == other;
}

}  // namespace

void read_policy(Section& section, Service& service) {
  zones::ServicePolicy& policy = service.policy;
  const std::string name =
      section.choice("policy", std::string(to_string(policy.policy)), zones::policy_names());
  policy.policy = zones::policy_from(name).value_or(policy.policy);
  policy.when_none =
      when_none_from(section.choice("when_none", "all", {"all", "none", "servfail", "fallback"}));
  read_fallback(section, policy);
  policy.panic_threshold = section.number("panic_threshold", 0, 0, 1);
  policy.srv_zero_kept = is_word(section, "srv_zero", "omit", "keep");
  policy.srv_by_priority = is_word(section, "srv_order", "weight", "priority");
  if (policy.srv_by_priority && policy.policy != Policy::round_robin_failover)
    section.error("srv_order", "\"priority\" needs policy = \"round-robin-failover\"");
  policy.udp_truncates = is_word(section, "udp_fit", "shrink", "truncate");
  policy.ttl_fixed = is_word(section, "ttl_mode", "adaptive", "fixed");
  policy.drained_kept = is_word(section, "drain_publish", "omit", "weight0");
  read_response_time(section, service);
  read_slow_start(section, service);
}

}  // namespace muster::config
