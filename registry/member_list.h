// A service's members in configured order (priority, order, sequence, id): cheap to change, put in order when
// read. Adding appends and removing leaves a hole, so a change never pays for the size of its service; a read
// closes the holes and merges the unsorted tail in.
#pragma once

#include <cstddef>
#include <vector>

namespace muster::registry {

struct Entry;

class MemberList {
 public:
  void add(Entry& member);  // sets member.member_index
  void remove(Entry& member);
  std::size_t size() const { return items_.size() - holes_; }
  bool empty() const { return size() == 0; }
  // Valid until the next change.
  const std::vector<Entry*>& ordered() const;

 private:
  void close_holes() const;

  mutable std::vector<Entry*> items_;
  mutable std::size_t holes_ = 0;
  mutable std::size_t sorted_ = 0;  // so many from the front are in order
};

}  // namespace muster::registry
