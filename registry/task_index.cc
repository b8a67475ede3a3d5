#include "registry/task_index.h"

#include <algorithm>

namespace muster::registry {

void TaskIndex::add(const std::string& task, Entry& entry) {
  if (!task.empty()) entries_[task].push_back(&entry);
}

void TaskIndex::remove(const std::string& task, const Entry& entry) {
  if (task.empty()) return;
  const auto at = entries_.find(task);
  TaskEntries& named = at->second;
  named.erase(std::ranges::find(named, &entry));
  if (named.empty()) entries_.erase(at);
}

const TaskEntries* TaskIndex::find(const std::string& task) const {
  const auto at = task.empty() ? entries_.end() : entries_.find(task);
  return at == entries_.end() ? nullptr : &at->second;
}

}  // namespace muster::registry
