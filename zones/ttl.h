// How long an answer may be kept: bounded by the service's ttl, by a third of each candidate's lease, by when
// its checks may find it otherwise, and down to ttl_min while a lease is low, an instance is timed out
// or starts slowly, or too few are ready. Pure.
//
// Heartbeats that come in time never change a TTL: a lease counts by its length, not by what is left of it.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "registry/model.h"
#include "zones/publish_config.h"

namespace muster::zones {

struct TtlRange {
  std::uint32_t least = 1;
  std::uint32_t most = 5;
};

// Of a service's answers.
inline TtlRange ttl_range(std::uint32_t ttl_min, const ServicePolicy& policy) {
  return {policy.ttl_fixed ? policy.ttl : ttl_min, policy.ttl};
}

// What is answered for now, and what was configured.
struct Ttls {
  std::uint32_t now = 0;
  std::uint32_t configured = 0;
};

enum class TtlReason : std::uint8_t {
  configured,
  lease_third,
  next_look,
  lease_low,
  timed_out,
  slow_start,
  nothing_ready
};

struct Ttl {
  std::uint32_t seconds = 0;
  TtlReason reason = TtlReason::configured;
  const registry::Instance* from = nullptr;  // whose lease or state decided; null: nobody's
};

Ttl ttl_of(const registry::Instance& instance, TtlRange range);
// Of one RRset: the least over its candidates (those that are not are skipped); ttl_min in panic.
Ttl ttl_of(std::span<const registry::Instance* const> able, TtlRange range, bool panic);

// "a third of the lease of web/i1 (10 s)"
std::string to_string(const Ttl& ttl);

}  // namespace muster::zones
