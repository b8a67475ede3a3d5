// What a scheduler says of the app behind an instance, beside what makes names: its own name for it, and all
// its labels as they were written. Nothing in musterd acts on these; they are kept for whoever reads the API
// (an export finds its HAPROXY_… there). One value is shared by all instances of an app.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace muster::registry {

struct SchedulerFacts {
  std::string source;  // its name
  std::string app;     // of Marathon the app's id, of Mesos the name that the task goes by
  // Of the app or task, of its DiscoveryInfo, of its ports: of one key the first counts. Sorted, each once.
  std::vector<std::pair<std::string, std::string>> labels;
  bool operator==(const SchedulerFacts&) const = default;
};

// Shared, immutable, perhaps none; two are equal when what they say is.
class SharedFacts {
 public:
  SharedFacts() = default;
  explicit SharedFacts(std::shared_ptr<const SchedulerFacts> facts) : facts_(std::move(facts)) {}

  explicit operator bool() const { return facts_ != nullptr; }
  const SchedulerFacts& operator*() const { return *facts_; }
  const SchedulerFacts* operator->() const { return facts_.get(); }
  bool is_same_as(const SharedFacts& other) const { return facts_ == other.facts_; }  // one value, shared
  bool is_sole() const { return facts_.use_count() == 1; }                            // nobody else shares it

  friend bool operator==(const SharedFacts& a, const SharedFacts& b) {
    return a.facts_ == b.facts_ || (a && b && *a == *b);
  }

 private:
  std::shared_ptr<const SchedulerFacts> facts_;
};

}  // namespace muster::registry
