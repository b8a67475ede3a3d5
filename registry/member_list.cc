#include "registry/member_list.h"

#include <algorithm>

#include "registry/entry.h"

namespace muster::registry {

void MemberList::add(Entry& member) {
  member.member_index = static_cast<std::uint32_t>(items_.size());
  items_.push_back(&member);
}

void MemberList::remove(Entry& member) {
  items_[member.member_index] = nullptr;
  if (++holes_ > 8 && holes_ * 2 > items_.size()) close_holes();
}

const std::vector<Entry*>& MemberList::ordered() const {
  if (holes_ > 0) close_holes();
  if (sorted_ == items_.size()) return items_;
  const auto before = [](const Entry* a, const Entry* b) { return comes_before(*a->shown, *b->shown); };
  const auto middle = items_.begin() + static_cast<std::ptrdiff_t>(sorted_);
  std::sort(middle, items_.end(), before);
  std::inplace_merge(items_.begin(), middle, items_.end(), before);
  sorted_ = items_.size();
  for (std::size_t i = 0; i < items_.size(); ++i) items_[i]->member_index = static_cast<std::uint32_t>(i);
  return items_;
}

void MemberList::close_holes() const {
  std::size_t kept = 0;
  std::size_t sorted = 0;
  for (std::size_t i = 0; i < items_.size(); ++i) {
    if (items_[i] == nullptr) continue;
    items_[kept] = items_[i];
    items_[kept]->member_index = static_cast<std::uint32_t>(kept);
    ++kept;
    if (i < sorted_) sorted = kept;
  }
  items_.resize(kept);
  holes_ = 0;
  sorted_ = sorted;
}

}  // namespace muster::registry
