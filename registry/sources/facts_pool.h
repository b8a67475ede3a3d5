// The facts of apps, each once however many instances have them. Those that nobody has any more go in time:
// there are never more than twice as many as were in use when it was last looked, and a few.
#pragma once

#include <cstddef>
#include <set>

#include "registry/scheduler_facts.h"

namespace muster::registry::sources {

class FactsPool {
 public:
  // The value that is there, if it is the same.
  SharedFacts share(SchedulerFacts facts);
  std::size_t size() const { return all_.size(); }

 private:
  struct ByContent {
    using is_transparent = void;
    static const SchedulerFacts& of(const SchedulerFacts& facts) { return facts; }
    static const SchedulerFacts& of(const SharedFacts& facts) { return *facts; }
    template <class One, class Other>
    bool operator()(const One& one, const Other& other) const {
      return comes_before(of(one), of(other));
    }
    static bool comes_before(const SchedulerFacts& one, const SchedulerFacts& other);
  };

  std::set<SharedFacts, ByContent> all_;
  std::size_t most_ = 64;
};

}  // namespace muster::registry::sources
