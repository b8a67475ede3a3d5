#include "registry/sources/facts_pool.h"

#include <memory>
#include <tuple>
#include <utility>

namespace muster::registry::sources {

bool FactsPool::ByContent::comes_before(const SchedulerFacts& one, const SchedulerFacts& other) {
  const auto key = [](const SchedulerFacts& facts) {
    return std::tie(facts.app, facts.source, facts.labels);
  };
  return key(one) < key(other);
}

SharedFacts FactsPool::share(SchedulerFacts facts) {
  if (const auto found = all_.find(facts); found != all_.end()) return *found;
  if (all_.size() >= most_) {
    std::erase_if(all_, [](const SharedFacts& shared) { return shared.is_sole(); });
    most_ = 2 * all_.size() + 64;
  }
  return *all_.insert(SharedFacts(std::make_shared<const SchedulerFacts>(std::move(facts)))).first;
}

}  // namespace muster::registry::sources
