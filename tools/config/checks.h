// What musterd.toml says of health checks: [health], [health.default] and the keys of [service.X].
#pragma once

#include "registry/health/check_rules.h"

namespace muster::config {

using registry::health::CheckRules;

// Of a service's instances, whoever checks them.
struct ServiceHealth {
  bool hides_timedout = false;  // timedout = "hide"
  double most_suspended_by_checks = 1;
  double most_suspended_by_reports = 0.5;
  unsigned report_quorum = 1;
  bool operator==(const ServiceHealth&) const = default;
};

// Compared by what they say.
struct ServiceChecks {
  registry::health::SharedChecks list;  // null: none
  bool operator==(const ServiceChecks& other) const {
    return list && other.list ? *list == *other.list : list == other.list;
  }
};

// [health]
struct Health {
  std::size_t max_inflight = 4'096;
  bool exec = false;
  // [health.default]
  struct Defaults {
    CheckRules rules;
    ServiceHealth service;
    bool operator==(const Defaults&) const = default;
  } defaults;
};

}  // namespace muster::config
