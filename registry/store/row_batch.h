// Rows that wait for a commit, at most one a key: a later write of a key takes the place of the earlier one.
// So a store that is down for an hour costs memory by the keys that changed, not by the changes.
#pragma once

#include <string>
#include <unordered_map>

#include "registry/store/rows.h"

namespace muster::registry {

class RowBatch {
 public:
  void add(Row row);
  void add(Rows rows);
  void add(RowBatch later);  // the rows of a batch that came after this one
  const Rows& rows() const { return rows_; }
  std::size_t size() const { return rows_.size(); }
  bool empty() const { return rows_.empty(); }
  void clear();

 private:
  Rows rows_;
  std::unordered_map<std::string, std::size_t> index_;  // key of the row → its place
};

}  // namespace muster::registry
