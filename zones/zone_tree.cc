#include "zones/zone_tree.h"

#include <algorithm>
#include <cassert>

#include "zones/folded_wire.h"
#include "zones/wire_name.h"

namespace muster::zones {

namespace {

bool has_ns(const NameSpec& spec) {
  return std::any_of(spec.rrsets.begin(), spec.rrsets.end(), [](const RrsetSpec& rrset) {
    return rrset.type == RrType::ns && !rrset.members.empty();
  });
}

std::uint16_t hidden_by(const Entry& parent) {
  return parent.is(Entry::kCut) || parent.is(Entry::kBelowCut) ? Entry::kBelowCut : 0;
}

constexpr std::uint16_t kOfPlace = Entry::kBelowCut | Entry::kWildcardChild;  // not decided by the content

}  // namespace

const Entry* ZoneTree::find(std::string_view wire) const { return table_.find(FoldedWire(wire).wire()); }

void ZoneTree::put(const NameSpec& spec) {
  const bool is_apex = spec.owner.size() == apex_.size();
  const std::uint16_t kind = is_apex ? Entry::kApex : has_ns(spec) ? Entry::kCut : 0;
  put(EntryWriter::build(spec, Entry::kOwned | kind, zone_));
}

void ZoneTree::put(EntryPtr entry) {
  const bool is_apex = entry->is(Entry::kApex);
  const bool is_cut = entry->is(Entry::kCut);
  const std::string_view owner = entry->name();  // the table keeps the entry
  const NameTable::Found found = table_.look_up(FoldedWire(owner).wire());
  const Entry* old = found.entry;
  const bool is_new = old == nullptr;
  assert(is_new || old->zone_id() == zone_);
  const Entry* parent = is_new && !is_apex ? &require(parent_of(owner)) : nullptr;
  const std::uint32_t children = is_new ? 0 : EntryWriter::children(*old);
  const bool was_cut = !is_new && old->is(Entry::kCut);
  if (is_new || !old->is(Entry::kOwned)) ++names_;

  std::uint16_t flags = entry->flags();
  if (!is_new) flags |= old->flags() & kOfPlace;
  if (parent != nullptr) flags |= hidden_by(*parent);
  EntryWriter::place(*entry, flags, children);
  if (!is_new && old->is(Entry::kTurns)) EntryWriter::take_turns(*entry, *old);
  is_new ? table_.put(std::move(entry)) : table_.replace(found, std::move(entry));
  if (parent != nullptr) adopt(*parent, owner);
  if (was_cut != is_cut && children > 0) hide_below(*Name::from_wire(owner));
}

void ZoneTree::erase(const Name& owner) {
  const Entry* old = find(owner.wire());
  if (old == nullptr || !old->is(Entry::kOwned)) return;
  --names_;
  const std::uint32_t children = EntryWriter::children(*old);
  if (children == 0) return remove_leaf(owner);
  const bool was_cut = old->is(Entry::kCut);
  EntryPtr entry = EntryWriter::build({owner, {}}, old->flags() & kOfPlace, zone_);
  EntryWriter::set_children(*entry, children);
  table_.put(std::move(entry));
  if (was_cut) hide_below(owner);
}

void ZoneTree::hold(const Name& inner_apex) {
  adopt(require(parent_of(inner_apex.wire())), inner_apex.wire());
}

void ZoneTree::release(const Name& inner_apex) {
  const Entry* parent = find(parent_of(inner_apex.wire()));
  if (inner_apex.is_wildcard()) set_wildcard_child(*parent, false);
  abandon(inner_apex);
}

// The entry of this name; made as an empty non-terminal, ancestors first, when there is none.
const Entry& ZoneTree::require(std::string_view wire) {
  if (const Entry* entry = find(wire)) return *entry;
  const Entry& parent = require(parent_of(wire));
  table_.put(EntryWriter::build({*Name::from_wire(wire), {}}, hidden_by(parent), zone_));
  adopt(parent, wire);
  return *find(wire);
}

// A name has come below its parent. The wildcard is there before the flag that sends readers to it.
void ZoneTree::adopt(const Entry& parent, std::string_view child) {
  EntryWriter::set_children(parent, EntryWriter::children(parent) + 1);
  if (is_wildcard(child)) set_wildcard_child(parent, true);
  if (index_) index_->insert(*Name::from_wire(child));
}

// The contrary; a parent that stands only for its children goes with the last one.
void ZoneTree::abandon(const Name& child) {
  if (index_) index_->erase(child);
  const Name parent_name = child.parent();
  const Entry* parent = find(parent_name.wire());
  const std::uint32_t children = EntryWriter::children(*parent) - 1;
  EntryWriter::set_children(*parent, children);
  if (children == 0 && !parent->is(Entry::kOwned)) remove_leaf(parent_name);
}

void ZoneTree::remove_leaf(const Name& name) {
  if (name.is_wildcard()) set_wildcard_child(*find(parent_of(name.wire())), false);
  table_.remove(find(name.wire()));
  abandon(name);
}

void ZoneTree::set_wildcard_child(const Entry& parent, bool exists) {
  const std::uint16_t flags = parent.flags() & ~Entry::kWildcardChild;
  table_.put(EntryWriter::with_flags(parent, exists ? flags | Entry::kWildcardChild : flags));
}

// After a cut came or went: the names below it, parents first.
void ZoneTree::hide_below(const Name& name) {
  if (!index_) build_index();
  for (auto at = index_->upper_bound(name); at != index_->end() && at->is_at_or_below(name); ++at)
    hide_or_show(*at);
}

void ZoneTree::hide_or_show(const Name& name) {
  const Entry* entry = find(name.wire());
  if (entry->zone_id() != zone_) return;  // the apex of an inner zone
  const std::uint16_t hidden = hidden_by(*find(parent_of(name.wire())));
  if ((entry->flags() & Entry::kBelowCut) == hidden) return;
  const std::uint16_t others = entry->flags() & ~Entry::kBelowCut;
  table_.put(EntryWriter::with_flags(*entry, others | hidden));
}

void ZoneTree::build_index() {
  index_.emplace();
  table_.for_each([this](const Entry& entry) {
    if (entry.zone_id() == zone_ && !entry.is(Entry::kAside)) index_->insert(*Name::from_wire(entry.name()));
  });
}

}  // namespace muster::zones
