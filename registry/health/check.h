// A health check as somebody asked for it: what is looked at, how often, and by which rules what is found
// counts. Of a service's settings, or of a registration.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "registry/health/machine.h"
#include "registry/health/verdict.h"

namespace muster::registry::health {

// ttl: heartbeats are the looks. The others are probes.
enum class CheckType : std::uint8_t { tcp, http, https, exec, ttl };
std::string_view to_string(CheckType type);

struct StatusRange {
  std::uint16_t first = 200;
  std::uint16_t last = 399;
  bool operator==(const StatusRange&) const = default;
};
using Headers = std::vector<std::pair<std::string, std::string>>;

// What a probe sends and takes for well.
struct Look {
  std::string method = "GET";  // or HEAD
  std::string path = "/";
  std::string host;  // "": address and port
  Headers headers;
  std::vector<StatusRange> ok{StatusRange{}};
  std::string body;               // a part of the answer's first 64 KiB; "": not looked at
  bool tls = false;               // of tcp
  std::optional<bool> verify;     // nullopt: where `host` is a name
  std::vector<std::string> argv;  // of exec
  bool operator==(const Look&) const = default;
};

struct Check {
  std::string id;  // among those of its instance
  CheckType type = CheckType::tcp;
  std::string port_name;  // neither: the default port
  std::uint16_t port_number = 0;
  Look look;
  Millis timeout{2'000};       // over all of it: connect, handshake, answer
  bool waits_on = false;       // a late answer is waited for, and logged
  bool begins_active = false;  // instead of STARTING
  MachineRules rules;
  Moved moved;
  bool operator==(const Check&) const = default;
};
using Checks = std::vector<Check>;
using SharedChecks = std::shared_ptr<const Checks>;  // null: none

inline constexpr std::size_t kMaxChecks = 8;  // of one instance

}  // namespace muster::registry::health
