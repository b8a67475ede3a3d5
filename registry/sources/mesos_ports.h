// The port ranges of a task's resources, as Mesos writes them: "[31000-31002, 31005-31005]".
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace muster::registry::sources {

struct MesosPorts {
  std::vector<std::uint16_t> numbers;  // ascending, each once
  bool cut = false;                    // there were more
  bool bad = false;                    // a piece was no range of ports, and left out
  bool operator==(const MesosPorts&) const = default;
};

// The brackets may be missing, a range may be one number; reversed ranges say nothing. `most`: the lowest are
// kept.
MesosPorts read_mesos_ports(std::string_view text, std::size_t most);

}  // namespace muster::registry::sources
