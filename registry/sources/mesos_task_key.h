// Which task of a Mesos cluster: its id is its framework's own, and may be another's, too.
#pragma once

#include <compare>
#include <string>

namespace muster::registry::sources {

struct MesosTaskKey {
  std::string framework_id;
  std::string task_id;
  auto operator<=>(const MesosTaskKey&) const = default;
};

}  // namespace muster::registry::sources
