// A check as a registration asks for it. What it leaves out is as its service has it, now and after a reload.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "registry/health/check_rules.h"
#include "registry/health/own_checks.h"

namespace muster::registry::health {

using Classes = std::vector<ClassPattern>;

struct OwnRetries {  // mark_as_timedout
  std::optional<unsigned> retries;
  std::optional<Millis> delay;
  std::optional<Classes> classes;
  bool operator==(const OwnRetries&) const = default;
};
struct OwnSuspension {  // suspend_on_failure
  std::optional<Millis> initial;
  std::optional<double> progression;
  std::optional<Millis> longest;
  std::optional<Millis> reset_after;
  std::optional<Classes> classes;
  bool operator==(const OwnSuspension&) const = default;
};

struct OwnCheck {
  std::string id;
  CheckType type = CheckType::tcp;  // never exec
  std::string port_name;
  std::uint16_t port_number = 0;
  Look look;
  std::optional<Millis> interval;
  std::optional<Millis> timeout;
  std::optional<bool> waits_on;
  std::optional<bool> begins_active;
  std::optional<Millis> grace;
  std::optional<unsigned> rise;
  std::optional<unsigned> fall;
  std::optional<OwnRetries> retries;
  std::optional<OwnSuspension> suspension;
  bool operator==(const OwnCheck&) const = default;
};

inline constexpr std::size_t kMaxOwnChecksText = 8'192;  // octets of the list, in compact JSON

// With what its service says where it says nothing itself. Where the two do not fit (a time-out as long as
// the interval, a first suspension longer than the longest), what the service says gives way.
Check completed(const OwnCheck& own, CheckRules rules);

// Those of its service, and then its own; one with the id of one of the service's is left out.
SharedChecks joined(const SharedChecks& of_service, const OwnChecks& own, const CheckRules& rules);

}  // namespace muster::registry::health
