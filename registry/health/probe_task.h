// One probe to be made, as a value: everything that decides what it does. Checks that ask for the same share
// it.
#pragma once

#include <optional>
#include <string>

#include "registry/health/check.h"
#include "registry/net/ip_address.h"

namespace muster::registry::health {

struct ProbeTask {
  CheckType type = CheckType::tcp;
  net::Endpoint target;
  Look look;
  Millis interval{10'000};
  Millis timeout{2'000};
  bool waits_on = false;
  std::string service;  // of exec alone, which is told them
  std::string id;
  bool operator==(const ProbeTask&) const = default;
};

// The same for tasks that are the same, and for no others.
std::string key_of(const ProbeTask& task);
// "http://10.0.3.4:9000/health", "tcp://10.0.3.4:9000", "exec:/usr/local/bin/check".
std::string text_of(const ProbeTask& task);

// What a check asks to look at: the first address of the port it means. nullopt: the instance has no such
// port or no address, or heartbeats are the looks.
std::optional<ProbeTask> task_of(const Check& check, const InstanceBody& body, std::string_view service,
                                 std::string_view id);

}  // namespace muster::registry::health
