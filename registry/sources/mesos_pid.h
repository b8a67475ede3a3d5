// The addresses of libprocess, by which Mesos names its processes: "master@10.0.0.1:5050",
// "slave(1)@[2001:db8::1]:5051".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace muster::registry::sources {

struct MesosPid {
  std::string host;  // a literal without brackets, or a name that is yet to be resolved
  std::uint16_t port = 0;
  bool operator==(const MesosPid&) const = default;
};

// Nothing: no `@`, no host, no port from 1 to 65535, or an open bracket.
std::optional<MesosPid> parse_mesos_pid(std::string_view text);

}  // namespace muster::registry::sources
