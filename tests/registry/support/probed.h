// A registry in virtual time whose probes are made: each finds at once what the test says of its target.
#pragma once

#include <map>
#include <string>

#include "tests/registry/support/fixture.h"

namespace muster::registry::test {

inline const health::Verdict kOk{};
inline const health::Verdict kTimeout{health::Severity::soft, health::FailureClass::timeout, 0, {}, {}};
inline const health::Verdict kRefused{health::Severity::hard, health::FailureClass::refused, 0, {}, {}};
inline const health::Verdict kBusy{health::Severity::soft, health::FailureClass::http, 503, {}, {}};

inline health::Check tcp_check(const std::string& id = "tcp") {
  health::Check check;
  check.id = id;
  return check;
}

inline ServiceSettings with(health::Checks checks) {
  ServiceSettings settings;
  settings.checks = std::make_shared<const health::Checks>(std::move(checks));
  return settings;
}

// Of every service; leases outlast any test.
inline RegistryConfig config_of(ServiceSettings settings) {
  RegistryConfig config;
  config.settings = [settings](std::string_view) { return settings; };
  config.lease = Millis(86'400'000);
  return config;
}

class Probed : public Fixture {
 protected:
  explicit Probed(ServiceSettings settings = with({tcp_check()})) : Fixture(config_of(std::move(settings))) {}

  // Lets time pass.
  void look(Millis span) {
    const Instant end = now + span;
    while (now.steady < end.steady) {
      now = now + Millis(10);
      for (const health::ProbeOrder& order : registry->probes_due(now, 1'000))
        registry->probe_found(order.number, finds(net::to_string(order.task->target.address)), now);
      while (registry->tick(now, 1'000)) {
      }
    }
  }
  health::Verdict finds(const std::string& address) const {
    const auto at = found.find(address);
    return at == found.end() ? kOk : at->second;
  }

  std::map<std::string, health::Verdict> found;  // by address; else ok
};

}  // namespace muster::registry::test
