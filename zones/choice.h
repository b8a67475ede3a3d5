// Which members of an RRset are answered, and in which order, tier by tier and only as far as asked. Fixed
// sets as they stand; weighted ones by Plackett-Luce (a draw without replacement by weight: RFC 2782's order
// made exact); others by whose turn it is, or by the client's network.
//
// One Choice per thread: it owns the scratch memory, which grows to the largest set it met and is then never
// allocated again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "zones/entry.h"
#include "zones/rank_cache.h"
#include "zones/rendezvous.h"
#include "zones/rng.h"

namespace muster::zones {

class Choice {
 public:
  Choice();

  // Indices of at most `most` members (and at most at_most()), first to be answered first. Valid until the
  // next draw. A hashed set is drawn by weight where `client` is null.
  std::span<const std::uint32_t> draw(const RrsetView& rrset, std::size_t most, Rng& rng,
                                      const ClientNetwork* client = nullptr);

 private:
  struct Key {
    double key;
    std::uint32_t member;
  };

  void draw_tiers(const RrsetView& rrset, std::size_t most, std::uint64_t turn, Rng& rng,
                  const ClientNetwork* client);
  void rotate(const Tier& tier, std::size_t most, std::uint64_t turn);
  void rank(const RrsetView& rrset, const Tier& tier, std::size_t most, const ClientNetwork& client);
  void draw_tier(const RrsetView& rrset, const Tier& tier, std::size_t most, Rng& rng);
  void shuffle(const Tier& tier, std::size_t most, Rng& rng);
  void reject_uniform(const Tier& tier, std::size_t most, Rng& rng);
  void reject_weighted(const RrsetView& rrset, const Tier& tier, std::size_t most, Rng& rng);
  std::uint32_t pick_of_rest(const RrsetView& rrset, const Tier& tier, std::uint64_t left, Rng& rng) const;
  void draw_one_by_one(const RrsetView& rrset, const Tier& tier, std::size_t most, Rng& rng);
  void sort_keys(const RrsetView& rrset, const Tier& tier, std::size_t most, Rng& rng);
  template <class Earlier>
  void sort_first(std::size_t most, const Earlier& earlier);
  void push(std::uint32_t member) { drawn_[drawn_count_++] = member; }
  void begin_marks(std::size_t members);
  bool is_marked(std::uint32_t member) const { return marks_[member] == round_; }
  bool mark(std::uint32_t member);  // false: it was marked before

  std::vector<std::uint32_t> drawn_;
  std::size_t drawn_count_ = 0;
  std::vector<std::uint32_t> rest_;
  std::vector<std::uint32_t> weights_;
  std::vector<Key> keys_;
  std::vector<std::uint32_t> marks_;  // the round in which a member was drawn
  std::uint32_t round_ = 0;
  RankCache ranks_;
};

}  // namespace muster::zones
