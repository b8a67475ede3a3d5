#include "zones/policy.h"

#include <array>
#include <string>

namespace muster::zones {

namespace {

struct Row {
  std::string_view name;
  PolicyRules rules;
};

// In the order of Policy.
constexpr std::array<Row, 14> kRows = {{
    {"single", {Order::fixed, true, true, Weighing::none, SrvFields::registered}},
    {"round-robin", {Order::rotated, true, true, Weighing::none, SrvFields::equal}},
    {"round-robin-failover", {Order::rotated, false, false, Weighing::none, SrvFields::equal}},
    {"failover", {Order::fixed, true, false, Weighing::none, SrvFields::index}},
    {"weighted", {Order::weighted, true, true, Weighing::weights, SrvFields::registered}},
    {"weighted-failover", {Order::weighted, false, false, Weighing::weights, SrvFields::registered}},
    {"random", {Order::weighted, true, true, Weighing::share, SrvFields::equal}},
    {"random-failover", {Order::weighted, false, false, Weighing::share, SrvFields::equal}},
    {"weighted-rr", {Order::scheduled, true, true, Weighing::weights, SrvFields::registered}},
    {"hash", {Order::hashed, true, true, Weighing::weights, SrvFields::ranked}},
    {"hash-failover", {Order::hashed, false, false, Weighing::weights, SrvFields::ranked}},
    {"response-time", {Order::weighted, true, true, Weighing::weights, SrvFields::registered}},
    {"response-time-failover", {Order::weighted, false, false, Weighing::weights, SrvFields::registered}},
    {"all", {Order::fixed, false, false, Weighing::none, SrvFields::registered}},
}};

const Row& row_of(Policy policy) { return kRows[static_cast<std::size_t>(policy)]; }

}  // namespace

std::string_view to_string(Policy policy) { return row_of(policy).name; }

std::optional<Policy> policy_from(std::string_view name) {
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    if (kRows[i].name == name) return static_cast<Policy>(i);
  }
  return std::nullopt;
}

std::vector<std::string> policy_names() {
  std::vector<std::string> names;
  for (const Row& row : kRows) names.emplace_back(row.name);
  return names;
}

const PolicyRules& rules_of(Policy policy) { return row_of(policy).rules; }

}  // namespace muster::zones
