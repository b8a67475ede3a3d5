// Sets over a whole domain, in registration order: who offers a type, who has an address. Only the first
// 1,000 members are published (a message holds no more), and each change says whether it touched those, so
// that most changes of a large set cost a logarithm and no octet of an answer.
#pragma once

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <tuple>

#include "registry/model.h"

namespace muster::zones {

// An ordered set that knows the last element of its published head.
template <class T, class Less>
class HeadedSet {
 public:
  static constexpr std::size_t kPublished = 1000;
  using Iterator = typename std::set<T, Less>::const_iterator;

  // True: the published head has changed. A value that is there already stays as it is.
  bool insert(T value) {
    const auto [place, is_new] = all_.insert(std::move(value));
    if (!is_new) return false;
    if (all_.size() <= kPublished) {
      if (all_.size() == kPublished) last_ = std::prev(all_.end());
      return true;
    }
    if (!all_.key_comp()(*place, *last_)) return false;
    --last_;
    return true;
  }

  bool erase(const T& value) {
    const auto place = all_.find(value);
    if (place == all_.end()) return false;
    const bool overfull = all_.size() > kPublished;
    const bool published = !overfull || !all_.key_comp()(*last_, *place);
    if (overfull && published) ++last_;
    all_.erase(place);
    return published;
  }

  Iterator find(const T& value) const { return all_.find(value); }
  Iterator end() const { return all_.end(); }
  bool empty() const { return all_.empty(); }
  std::size_t size() const { return all_.size(); }
  std::size_t published() const { return std::min(all_.size(), kPublished); }
  const T& first() const { return *all_.begin(); }

  template <class Visit>
  void for_each_published(Visit visit) const {
    std::size_t left = kPublished;
    for (auto at = all_.begin(); at != all_.end() && left > 0; ++at, --left) visit(*at);
  }

 private:
  std::set<T, Less> all_;
  Iterator last_{};  // the last published one, once there are kPublished
};

// A place in registration order. The picture may be renewed in place; its place may not change by that. The sequence
// stands beside the pointer because a walk down a large set would otherwise miss the cache at every step.
struct Registered {
  Registered(const registry::InstancePtr& of) : sequence(of->sequence), instance(of) {}
  std::uint64_t sequence;
  mutable registry::InstancePtr instance;
};
struct ByRegistration {
  bool operator()(const Registered& a, const Registered& b) const {
    if (a.sequence != b.sequence) return a.sequence < b.sequence;
    return std::tie(a.instance->service, a.instance->id) < std::tie(b.instance->service, b.instance->id);
  }
};
using InstanceSet = HeadedSet<Registered, ByRegistration>;

// One InstanceSet per key; none is empty.
template <class Key>
class DomainSets {
 public:
  bool add(const Key& key, const registry::InstancePtr& instance) { return sets_[key].insert(instance); }

  bool remove(const Key& key, const registry::InstancePtr& instance) {
    const auto at = sets_.find(key);
    if (at == sets_.end()) return false;
    const bool changed = at->second.erase(instance);
    if (at->second.empty()) sets_.erase(at);
    return changed;
  }

  // The same place, a newer picture.
  void renew(const Key& key, const registry::InstancePtr& instance) {
    const auto at = sets_.find(key);
    if (at == sets_.end()) return;
    const auto place = at->second.find(instance);
    if (place != at->second.end()) place->instance = instance;
  }

  const InstanceSet* find(const Key& key) const {
    const auto at = sets_.find(key);
    return at == sets_.end() ? nullptr : &at->second;
  }
  std::size_t size() const { return sets_.size(); }

 private:
  std::map<Key, InstanceSet> sets_;
};

}  // namespace muster::zones
