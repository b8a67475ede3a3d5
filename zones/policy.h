// The endpoint-group types: how many of a service's ready instances an answer holds, in which order, and with
// what weight. Names as in [service.X] policy; UltraESB's types are the first eight.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "zones/answer_spec.h"

namespace muster::zones {

enum class Policy : std::uint8_t {
  single,
  round_robin,
  round_robin_failover,
  failover,
  weighted,
  weighted_failover,
  random,
  random_failover,
  weighted_rr,
  hash,
  hash_failover,
  response_time,
  response_time_failover,
  all,
};

std::string_view to_string(Policy policy);
std::optional<Policy> policy_from(std::string_view name);
std::vector<std::string> policy_names();

// By what members are drawn.
enum class Weighing : std::uint8_t {
  none,     // all alike, or not at all: by turns, or in configured order
  share,    // all alike but for what lowers one for a while: a suspect's sixteenth, a slow start
  weights,  // as registered, lowered likewise
};

// What SRV shows as priority and weight of those that are drawn (RFC 2782).
enum class SrvFields : std::uint8_t {
  registered,  // the instance's priority, the weight it is drawn with
  equal,       // the instance's priority, one weight for all
  ranked,      // 0, 1, 2… in the order of the answer; one weight for all
  index,       // ten times the place in configured order; one weight for all
};

struct PolicyRules {
  Order order = Order::weighted;
  bool one = false;      // an answer holds one address
  bool srv_one = false;  // and one SRV
  Weighing weighing = Weighing::weights;
  SrvFields srv = SrvFields::registered;
};

const PolicyRules& rules_of(Policy policy);
inline bool is_hash(Policy policy) { return policy == Policy::hash || policy == Policy::hash_failover; }
inline bool is_response_time(Policy policy) {
  return policy == Policy::response_time || policy == Policy::response_time_failover;
}
// Whether what lowers a weight for a while acts.
inline bool is_drawn(Policy policy) { return rules_of(policy).weighing != Weighing::none; }

// A hash costs a query one look at each member, so that no more may register; what a scheduler lists beyond
// is drawn by weight.
inline constexpr std::size_t kHashMembersMost = 1024;

}  // namespace muster::zones
