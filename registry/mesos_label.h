// The labels of the Mesos-DNS view, and of the services that Mesos names: how names of tasks, frameworks, ports and agents become labels, octet for
// octet as clients of Mesos-DNS know them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace muster::registry {

// How long a label may be and which characters it does not begin with.
struct MesosRule {
  std::size_t most = 63;
  std::string_view cut = "-";
};
inline constexpr MesosRule kMesosDefault{};
inline constexpr MesosRule kMesosRfc952{24, "-0123456789"};

// Lower case, [a-z0-9-] alone; `-` for `.` and `_`, all else left out. "": nothing remains.
std::string mesos_label(std::string_view text, const MesosRule& rule);

// A framework's name, which may be of several labels: its parts between dots, joined by dots. "": nothing
// remains.
std::string mesos_framework(std::string_view name, const MesosRule& rule);

// The protocols a port is published under: of "tcp,udp" each of them and "tcpudp", which is what Mesos-DNS
// makes of it. None: nothing remains.
std::vector<std::string> mesos_protocols(std::string_view text, const MesosRule& rule);

// The last part of an agent's id, lower case: "s0" for "…-S0"; without `-` all of it.
std::string mesos_agent_tail(std::string_view agent_id);

// T-H-S, one label of 63 octets at most: a longer task's name is cut, and then ends in no dash. nullopt: an
// agent's tail of 56 octets and more leaves nothing of it, or there was nothing.
std::optional<std::string> mesos_instance(std::string_view label, std::string_view task_id,
                                          std::string_view agent_tail);

}  // namespace muster::registry
