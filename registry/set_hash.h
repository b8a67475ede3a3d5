// The set_hash of a service: which revisions of which instances make it up, in 16 octets that a mirror can
// compare. A sum modulo 2^128 of one term per instance, so that a change costs two terms, not the set.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace muster::registry {

struct SetHash {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  auto operator<=>(const SetHash&) const = default;

  SetHash& operator+=(const SetHash& term);
  SetHash& operator-=(const SetHash& term);
};

// The first 16 octets, big endian, of SHA-256(service 00 id 00 decimal revision).
SetHash set_hash_term(std::string_view service, std::string_view id, std::uint64_t revision);
std::string to_string(const SetHash& hash);  // 32 hex digits, all 0 for no instance

}  // namespace muster::registry
