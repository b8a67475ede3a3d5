// The names of one zone as a tree in the name table: empty non-terminals (RFC 4592 §2.2.2), wildcards and
// what delegation cuts hide follow from each put and erase. Writer only.
//
// Invariants: every ancestor up to the apex has an entry, which comes before the name and goes after it; an
// entry that was not put goes with its last child; kBelowCut stands at exactly the names below a cut.
// The cost of a change is the name's own data and its labels. One case needs more: a cut that comes to or
// leaves a name with children. From the first such case on the tree keeps an ordered index of its names.
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string_view>

#include "zones/entry_writer.h"
#include "zones/name_table.h"

namespace muster::zones {

class ZoneTree {
 public:
  ZoneTree(NameTable& table, Name apex, ZoneId zone) : table_(table), apex_(std::move(apex)), zone_(zone) {}

  void put(const NameSpec& spec);
  // The same of an entry built with kOwned, kCut where it has NS, and kApex at the apex.
  void put(EntryPtr entry);
  // Nothing happens where nothing was put. Not for the apex.
  void erase(const Name& owner);
  // The apex of a zone inside this one counts as a child, so that its ancestors exist here.
  void hold(const Name& inner_apex);
  void release(const Name& inner_apex);

  std::size_t names() const { return names_; }  // put and not erased

 private:
  const Entry* find(std::string_view wire) const;
  const Entry& require(std::string_view wire);
  void adopt(const Entry& parent, std::string_view child);
  void abandon(const Name& child);
  void remove_leaf(const Name& name);
  void set_wildcard_child(const Entry& parent, bool exists);
  void hide_below(const Name& name);
  void hide_or_show(const Name& name);
  void build_index();

  NameTable& table_;
  Name apex_;
  ZoneId zone_;
  std::size_t names_ = 0;
  std::optional<std::set<Name>> index_;
};

}  // namespace muster::zones
