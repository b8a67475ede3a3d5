// Drains of instances that were there before the last start and have not come back: a scheduler may speak
// long after it. One drain has a row for each name of its instance; those that have come back are not here.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "registry/key.h"
#include "registry/store/rows.h"

namespace muster::registry {

class WaitingDrains {
 public:
  void add(DrainRow row);
  std::size_t size() const { return numbers_.size(); }
  const DrainRow* find(Key name) const;
  std::optional<DrainRow> take(Key name);
  std::vector<DrainRow> take_all(std::uint64_t number);
  DrainRow take_any();  // Precondition: there is one.

 private:
  using Name = std::pair<std::string, std::string>;
  std::map<Name, std::uint64_t> numbers_;
  std::map<std::uint64_t, std::vector<DrainRow>> drains_;  // by number
};

}  // namespace muster::registry
