// Which task of a Mesos cluster: its id is its framework's own, and may be another's, too.
#pragma once

#include <compare>
#include <set>
#include <string>

namespace muster::registry::sources {

struct MesosTaskKey {
  std::string framework_id;
  std::string task_id;
  auto operator<=>(const MesosTaskKey&) const = default;
};

// Keys that another table holds: there are as many as tasks, and their texts are long.
struct ByKey {
  bool operator()(const MesosTaskKey* one, const MesosTaskKey* other) const { return *one < *other; }
};
using MesosTaskKeys = std::set<const MesosTaskKey*, ByKey>;

}  // namespace muster::registry::sources
