// A Mesos cluster whose elements come, change and go at random.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "tests/zones/support/mesos_cluster.h"
#include "tests/zones/support/random_cluster.h"

namespace muster::zones::test {

class ChangingCluster {
 public:
  explicit ChangingCluster(unsigned seed) : random_(seed) {}

  registry::SchedulerChange step() {
    registry::SchedulerChange change;
    for (std::size_t changes = 1 + random_.pick(5); changes > 0; --changes) {
      const std::size_t kind = random_.pick(10);
      if (kind == 0)
        replace(random_.agent(random_.pick(4)), agents_, change.agents);
      else if (kind == 1)
        replace(random_.framework(random_.pick(6)), frameworks_, change.frameworks);
      else if (kind == 2)
        change.masters = masters_ = masters_from(Fields(random_.masters()));
      else
        replace(random_.task(random_.pick(30)), tasks_, change.tasks);
    }
    return change;
  }

  registry::SchedulerChange whole() const {
    registry::SchedulerChange change;
    for (const auto& [id, task] : tasks_) change.tasks.push_back({nullptr, task});
    for (const auto& [id, agent] : agents_) change.agents.push_back({nullptr, agent});
    for (const auto& [id, framework] : frameworks_) change.frameworks.push_back({nullptr, framework});
    change.masters = masters_;
    return change;
  }

 private:
  template <class Element>
  using Elements = std::map<std::string, std::shared_ptr<const Element>>;

  // One in three goes.
  template <class Element>
  void replace(const std::string& line, Elements<Element>& elements,
               std::vector<registry::SchedulerStep<Element>>& steps) {
    Cluster one;
    one.add(line);
    std::shared_ptr<const Element> after;
    if constexpr (std::is_same_v<Element, registry::SchedulerTask>) after = one.change.tasks.front().after;
    if constexpr (std::is_same_v<Element, registry::SchedulerAgent>) after = one.change.agents.front().after;
    if constexpr (std::is_same_v<Element, registry::SchedulerFramework>)
      after = one.change.frameworks.front().after;
    auto& place = elements[after->id];
    if (place && random_.pick(3) == 0) after = nullptr;
    steps.push_back({place, after});
    place = after;
    if (!place) std::erase_if(elements, [](const auto& gone) { return !gone.second; });
  }

  RandomCluster random_;
  Elements<registry::SchedulerTask> tasks_;
  Elements<registry::SchedulerAgent> agents_;
  Elements<registry::SchedulerFramework> frameworks_;
  std::optional<registry::SchedulerMasters> masters_;
};

}  // namespace muster::zones::test
