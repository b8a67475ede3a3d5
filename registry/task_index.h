// Whose claims name a scheduler's task: what joins a client's registration with the instance that the
// scheduler lists.
#pragma once

#include <boost/container/small_vector.hpp>
#include <string>
#include <unordered_map>

namespace muster::registry {

struct Entry;

// A few stand at one task: its scheduler's, a second scheduler's, a client's own.
using TaskEntries = boost::container::small_vector<Entry*, 2>;

class TaskIndex {
 public:
  // Once for each claim that names it; "" names none.
  void add(const std::string& task, Entry& entry);
  void remove(const std::string& task, const Entry& entry);
  // In the order in which they came, one for each claim; null: nobody names it.
  const TaskEntries* find(const std::string& task) const;

 private:
  std::unordered_map<std::string, TaskEntries> entries_;
};

}  // namespace muster::registry
