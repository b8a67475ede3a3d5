// The questions under way: by what is asked, by number, and by when they are looked at next.
//
// Thread safety: one thread's.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

#include "dns/forward/question_at_work.h"

namespace muster::dns {

class Questions {
 public:
  using Id = std::uint64_t;

  // Null: nobody asks that.
  QuestionAtWork* find(const CacheKey& key) const;
  QuestionAtWork* find(Id id) const;
  // Precondition: there is none of this key.
  QuestionAtWork& add(const CacheKey& key);
  void remove(QuestionAtWork& question);

  void wake_at(QuestionAtWork& question, net::SteadyTime at);
  // When the first is to be looked at.
  std::optional<net::SteadyTime> first_wake() const;
  // One whose time has come.
  QuestionAtWork* due(net::SteadyTime now) const;

  // All who wait, and no question is left.
  std::vector<Waiter> clear();

 private:
  std::unordered_map<Id, std::unique_ptr<QuestionAtWork>> by_id_;
  std::unordered_map<std::string, Id> by_key_;
  std::set<std::pair<net::SteadyTime, Id>> wakes_;
  Id last_id_ = 0;
};

}  // namespace muster::dns
