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
    const std::size_t before = all_.size();
    const auto place = all_.insert(all_.end(), std::move(value));  // most come last
    if (all_.size() == before) return false;
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

  bool empty() const { return all_.empty(); }
  std::size_t size() const { return all_.size(); }
  std::size_t published() const { return std::min(all_.size(), kPublished); }
  const T& first() const { return *all_.begin(); }

  // Those that are not published, too.
  typename std::set<T, Less>::const_iterator begin() const { return all_.begin(); }
  typename std::set<T, Less>::const_iterator end() const { return all_.end(); }
  template <class Visit>
  void for_each_published(Visit visit) const {
    std::size_t left = kPublished;
    for (auto at = all_.begin(); at != all_.end() && left > 0; ++at, --left) visit(*at);
  }

 private:
  std::set<T, Less> all_;
  Iterator last_{};  // the last published one, once there are kPublished
};

// An instance in the names. It stays where it is for as long as the instance is registered, so that a newer
// picture is one assignment, however many sets list it.
struct Registered {
  registry::InstancePtr instance;
};

// A place in registration order. The sequence stands beside the pointer because a walk down a large set would
// otherwise miss the cache at every step.
struct Place {
  std::uint64_t sequence;
  const Registered* who;  // its service and id never change
};
struct ByRegistration {
  bool operator()(const Place& a, const Place& b) const {
    if (a.sequence != b.sequence) return a.sequence < b.sequence;
    const registry::Instance& one = *a.who->instance;
    const registry::Instance& other = *b.who->instance;
    return std::tie(one.service, one.id) < std::tie(other.service, other.id);
  }
};
using InstanceSet = HeadedSet<Place, ByRegistration>;

// One InstanceSet per key; none is empty.
template <class Key>
class DomainSets {
 public:
  // True: the published head has changed.
  bool add(const Key& key, const Place& place) { return sets_[key].insert(place); }

  bool remove(const Key& key, const Place& place) {
    const auto at = sets_.find(key);
    if (at == sets_.end()) return false;
    const bool changed = at->second.erase(place);
    if (at->second.empty()) sets_.erase(at);
    return changed;
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
