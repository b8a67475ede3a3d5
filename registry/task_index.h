// Whose claims name a scheduler's task: what joins a client's registration with the instance that the
// scheduler lists.
#pragma once

#include <boost/container/small_vector.hpp>
#include <set>
#include <string>
#include <unordered_map>

namespace muster::registry {

struct Entry;

// A task's own, and a second scheduler's.
using TaskEntries = boost::container::small_vector<Entry*, 2>;
// Any number may name one: a script that all of a service's instances run with the same task.
struct RegisteredEarlier {
  bool operator()(const Entry* a, const Entry* b) const;
};
using TaskClients = std::multiset<Entry*, RegisteredEarlier>;

class TaskIndex {
 public:
  // Once for each claim that names it, of a scheduler or of somebody else; "" names none.
  void add(const std::string& task, Entry& entry, bool is_scheduler);
  void remove(const std::string& task, Entry& entry, bool is_scheduler);
  // Those that schedulers list, in the order in which they came, one for each claim; null: none.
  const TaskEntries* listed(const std::string& task) const;
  // Those that others registered, one for each claim; null: none.
  const TaskClients* registered(const std::string& task) const;

 private:
  std::unordered_map<std::string, TaskEntries> listed_;
  std::unordered_map<std::string, TaskClients> registered_;
};

}  // namespace muster::registry
