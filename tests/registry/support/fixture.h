// A registry in virtual time: short ways to say what a client does, and to look at what came of it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "registry/registry.h"

namespace muster::registry::test {

inline constexpr Instant kStart{SteadyTime(Millis(1'000'000)), WallTime(Millis(1'795'212'000'000))};

inline IpAddress address(const char* text) { return net::parse_ip(text).value(); }

inline InstanceBody body_at(const char* ip, std::uint16_t port = 8080) {
  InstanceBody body;
  body.addresses = {address(ip)};
  body.ports = {Port{"http", port, Protocol::tcp, PortScope::host, 0, {}}};
  return body;
}
inline BodyPtr shared(InstanceBody body) { return std::make_shared<const InstanceBody>(std::move(body)); }

class Fixture : public ::testing::Test {
 protected:
  explicit Fixture(RegistryConfig config = {}) { begin_anew(std::move(config)); }

  void begin_anew(RegistryConfig config = {}) {
    now = kStart;
    registry = std::make_unique<Registry>(std::move(config), now);
  }

  Registration registration(std::string service, std::string id,
                            InstanceBody body = body_at("10.0.0.7")) const {
    Registration r;
    r.service = std::move(service);
    r.id = std::move(id);
    r.body = shared(std::move(body));
    r.by = "10.0.0.7";
    return r;
  }
  Outcome put(std::string id, std::optional<std::uint64_t> generation = {},
              InstanceBody body = body_at("10.0.0.7")) {
    Registration r = registration("web", std::move(id), std::move(body));
    r.generation = generation;
    return registry->apply(r, now);
  }
  Outcome put_from(SourceKind kind, std::string name, std::string id, InstanceBody body) {
    Registration r = registration("web", std::move(id), std::move(body));
    r.source = {kind, std::move(name)};
    return registry->apply(r, now);
  }
  Outcome beat(std::string id, std::optional<std::uint64_t> generation = {}, Vitals vitals = {},
               BodyPtr body = nullptr) {
    Heartbeat h;
    h.service = "web";
    h.id = std::move(id);
    h.generation = generation;
    h.vitals = std::move(vitals);
    h.body = std::move(body);
    return registry->apply(h, now);
  }
  Outcome remove(std::string id, std::optional<std::uint64_t> generation = {}) {
    return registry->apply(Removal{"web", std::move(id), generation, false, {}}, now);
  }
  InstancePtr web(std::string_view id) const { return registry->find("web", id); }

  // Lets time pass as the control loop does: a tick every 10 ms.
  void pass(Millis span) {
    const Instant end = now + span;
    while (now.steady < end.steady) {
      now = now + std::min(Millis(10), Millis(end.steady - now.steady));
      while (registry->tick(now, 1000)) {
      }
    }
  }
  template <class R>
  std::size_t rows_of(const Batch& batch) const {
    std::size_t count = 0;
    for (const Row& row : batch.rows) count += std::holds_alternative<R>(row) ? 1U : 0U;
    return count;
  }

  Instant now = kStart;
  std::unique_ptr<Registry> registry;
};

inline std::string code_of(const Outcome& outcome) {
  return outcome ? "ok" : std::string(to_string(outcome.error().code));
}

}  // namespace muster::registry::test
