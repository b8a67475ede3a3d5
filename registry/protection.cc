#include "registry/protection.h"

#include <algorithm>
#include <functional>

#include "registry/entry.h"

namespace muster::registry {
namespace {

// The /24 of an IPv4, the /48 of an IPv6 address.
std::string network_of(const IpAddress& address) {
  const std::size_t octets = address.family == net::Family::v4 ? 3 : 6;
  return std::string(address.bytes().substr(0, octets));
}

}  // namespace

Expiry::Expiry() = default;
Expiry::~Expiry() = default;

// Each kind has its letter: keys are short enough to need no memory of their own, most often.
Protection::Keys Protection::keys_of(const Instance& instance) {
  Keys keys{"s" + instance.service, "n", "", ""};
  const auto& tags = instance.body->tags;
  const auto az =
      std::ranges::find(tags, "az", [](const auto& tag) -> const std::string& { return tag.first; });
  if (az != tags.end()) keys[2] = "z" + az->second;
  if (!instance.body->addresses.empty()) keys[3] = "a" + network_of(instance.body->addresses.front());
  return keys;
}

ProtectionGroup* Protection::group(const std::string& key) {
  const auto [at, added] = groups_.try_emplace(key);
  if (added) at->second.key = &at->first;
  return &at->second;
}

void Protection::drop_user(ProtectionGroup& group) {
  if (--group.users > 0) return;
  if (group.touched) std::erase(touched_, &group);
  groups_.erase(groups_.find(*group.key));
}

void Protection::touch(ProtectionGroup& group) {
  if (group.touched) return;
  group.touched = true;
  touched_.push_back(&group);
}

ProtectionGroup* Protection::join(const std::string& key) {
  if (key.empty()) return nullptr;
  ProtectionGroup* joined = group(key);
  ++joined->live;
  ++joined->users;
  return joined;
}

void Protection::leave(ProtectionGroup* group) {
  if (group == nullptr) return;
  --group->live;
  drop_user(*group);
}

Membership Protection::join(const Keys& keys) {
  Membership groups{};
  for (std::size_t i = 0; i < kGroupKinds; ++i) groups[i] = join(keys[i]);
  return groups;
}

void Protection::leave(Membership& groups) {
  for (ProtectionGroup*& group : groups) leave(std::exchange(group, nullptr));
}

void Protection::move(Membership& groups, const Keys& from, const Keys& to) {
  for (std::size_t i = 0; i < kGroupKinds; ++i) {
    if (from[i] == to[i]) continue;
    leave(groups[i]);
    groups[i] = join(to[i]);
  }
}

Expiry& Protection::expire(Membership& groups, Entry& entry, SteadyTime at) {
  auto expiry = std::make_unique<Expiry>();
  expiry->at = at;
  expiry->entry = &entry;
  for (std::size_t i = 0; i < kGroupKinds; ++i) {
    ProtectionGroup* group = expiry->groups[i] = std::exchange(groups[i], nullptr);
    if (group == nullptr) continue;
    --group->live;
    ++group->expired;
    if (group->window.size() > 64 && group->window.size() > 2 * group->expired)
      std::erase_if(group->window, [&](std::uint64_t id) { return id < first_id_; });
    group->window.push_back(first_id_ + window_.size());
    touch(*group);
  }
  window_.push_back(std::move(expiry));
  return *window_.back();
}

void Protection::forget(Expiry& expiry) {
  if (expiry.forgotten) return;
  expiry.forgotten = true;
  expiry.entry = nullptr;
  for (ProtectionGroup* group : expiry.groups) {
    if (group == nullptr) continue;
    --group->expired;
    touch(*group);
  }
}

bool Protection::over(const ProtectionGroup& group) const {
  const std::size_t n = std::size_t{group.live} + group.expired;
  return on() && n >= config_.min_instances &&
         static_cast<double>(group.expired) > config_.max_expired_ratio * static_cast<double>(n);
}

std::vector<Expiry*> Protection::judge() {
  std::vector<std::uint64_t> ids;
  for (ProtectionGroup* group : touched_) {
    group->touched = false;
    const bool was = std::exchange(group->tripped, over(*group));
    if (was || !group->tripped) continue;
    group->answered_by = nullptr;
    group->answered_by_several = false;
    ids.insert(ids.end(), group->window.begin(), group->window.end());
  }
  touched_.clear();
  std::ranges::sort(ids, std::greater());  // the oldest is taken first, from the back
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());

  std::vector<Expiry*> back;
  for (const std::uint64_t id : ids) {
    if (id < first_id_) continue;
    Expiry& expiry = *window_[id - first_id_];
    if (!expiry.forgotten && expiry.aside) back.push_back(&expiry);
  }
  return back;
}

void Protection::slide_first() {
  Expiry& expiry = *window_.front();
  forget(expiry);
  for (ProtectionGroup* group : expiry.groups)
    if (group != nullptr) drop_user(*group);
  window_.pop_front();
  ++first_id_;
}

std::uint8_t Protection::tripped_of(const Membership& groups) {
  std::uint8_t mask = 0;
  for (std::size_t i = 0; i < kGroupKinds; ++i)
    if (groups[i] != nullptr && groups[i]->tripped) mask = static_cast<std::uint8_t>(mask | 1U << i);
  return mask;
}

void Protection::hold(const Membership& groups) {
  for (ProtectionGroup* group : groups)
    if (group != nullptr) ++group->users;
}

void Protection::release(Membership& groups) {
  for (ProtectionGroup*& group : groups)
    if (group != nullptr) drop_user(*std::exchange(group, nullptr));
}

void Protection::answered(const Membership& groups, std::uint8_t mask, const Entry& by) {
  for (std::size_t i = 0; i < kGroupKinds; ++i) {
    if ((mask >> i & 1) == 0 || groups[i] == nullptr) continue;
    if (groups[i]->answered_by == nullptr) groups[i]->answered_by = &by;
    if (groups[i]->answered_by != &by) groups[i]->answered_by_several = true;
  }
}

bool Protection::another_answered(const Membership& groups, std::uint8_t mask, const Entry& than) {
  for (std::size_t i = 0; i < kGroupKinds; ++i) {
    if ((mask >> i & 1) == 0 || groups[i] == nullptr) continue;
    const ProtectionGroup& group = *groups[i];
    if (group.answered_by_several || (group.answered_by != nullptr && group.answered_by != &than))
      return true;
  }
  return false;
}

}  // namespace muster::registry
