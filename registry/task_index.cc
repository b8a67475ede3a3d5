#include "registry/task_index.h"

#include <algorithm>
#include <functional>
#include <tuple>

#include "registry/entry.h"

namespace muster::registry {

bool RegisteredEarlier::operator()(const Entry* a, const Entry* b) const {
  if (a->shown->sequence != b->shown->sequence) return a->shown->sequence < b->shown->sequence;
  return std::less<>()(a, b);
}

void TaskIndex::add(const std::string& task, Entry& entry, bool is_scheduler) {
  if (task.empty()) return;
  if (is_scheduler) {
    listed_[task].push_back(&entry);
  } else {
    registered_[task].insert(&entry);
  }
}

void TaskIndex::remove(const std::string& task, Entry& entry, bool is_scheduler) {
  if (task.empty()) return;
  if (is_scheduler) {
    const auto at = listed_.find(task);
    at->second.erase(std::ranges::find(at->second, &entry));
    if (at->second.empty()) listed_.erase(at);
  } else {
    const auto at = registered_.find(task);
    at->second.erase(at->second.find(&entry));
    if (at->second.empty()) registered_.erase(at);
  }
}

const TaskEntries* TaskIndex::listed(const std::string& task) const {
  const auto at = task.empty() ? listed_.end() : listed_.find(task);
  return at == listed_.end() ? nullptr : &at->second;
}

const TaskClients* TaskIndex::registered(const std::string& task) const {
  const auto at = task.empty() ? registered_.end() : registered_.find(task);
  return at == registered_.end() ? nullptr : &at->second;
}

}  // namespace muster::registry
