#include "zones/choice.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace muster::zones {

namespace {

constexpr std::size_t kDrawn = 4096;        // 64 KiB hold no more records
constexpr std::uint32_t kRedraws = 16;      // of repeats, then an exact draw over the rest
constexpr std::uint32_t kDrawnAlike = 256;  // up to so many members a whole order is drawn one by one
constexpr std::uint32_t kFew = 4;           // at most a quarter of the members: repeats are rare

std::uint32_t pick(const RrsetView& rrset, const Tier& tier, Rng& rng) {
  const std::uint32_t members = tier.end - tier.begin;
  const std::uint32_t column = tier.begin + static_cast<std::uint32_t>(rng.below(members));
  return rng.below(tier.total) < rrset.alias_threshold(column) ? column : tier.begin + rrset.alias(column);
}

}  // namespace

Choice::Choice() : drawn_(kDrawn), rest_(kDrawn), weights_(kDrawnAlike) {
  keys_.reserve(kDrawn);
  marks_.reserve(kDrawn);
}

std::span<const std::uint32_t> Choice::draw(const RrsetView& rrset, std::size_t most, Rng& rng,
                                            const ClientNetwork* client) {
  most = std::min<std::size_t>({most, rrset.at_most(), rrset.count()});
  if (drawn_.size() < most) drawn_.resize(most);
  drawn_count_ = 0;
  if (rrset.order() == Order::fixed || rrset.count() == 1) {
    std::iota(drawn_.begin(), drawn_.begin() + static_cast<std::ptrdiff_t>(most), 0U);
    return {drawn_.data(), most};
  }
  const Order order = rrset.order();
  const std::uint64_t turn = rrset.takes_turns() ? rrset.turn().take() : 0;
  if (order == Order::scheduled) {
    push(rrset.step(static_cast<std::uint32_t>(turn % rrset.steps())));
    return {drawn_.data(), drawn_count_};
  }
  if (order != Order::hashed || client == nullptr) {
    draw_tiers(rrset, most, turn, rng, nullptr);
    return {drawn_.data(), most};
  }
  const std::uint64_t digest = rrset.rank_digest();
  if (const auto known = ranks_.find(digest, *client, most); !known.empty()) return known;
  draw_tiers(rrset, most, turn, rng, client);
  ranks_.keep(digest, *client, {drawn_.data(), most});
  return {drawn_.data(), most};
}

void Choice::draw_tiers(const RrsetView& rrset, std::size_t most, std::uint64_t turn, Rng& rng,
                        const ClientNetwork* client) {
  for (std::uint32_t t = 0; drawn_count_ < most; ++t) {
    const Tier tier = rrset.tier(t);
    const std::size_t part = std::min<std::size_t>(most - drawn_count_, tier.end - tier.begin);
    if (rrset.order() == Order::rotated) {
      rotate(tier, part, turn);
    } else if (client != nullptr) {
      rank(rrset, tier, part, *client);
    } else {
      draw_tier(rrset, tier, part, rng);
    }
  }
}

void Choice::rotate(const Tier& tier, std::size_t most, std::uint64_t turn) {
  const std::uint32_t members = tier.end - tier.begin;
  auto at = static_cast<std::uint32_t>(turn % members);
  for (; most > 0; --most) {
    push(tier.begin + at);
    if (++at == members) at = 0;
  }
}

// Keys are sorted upwards, so the score counts negative. Of equal ones the smaller id is first.
void Choice::rank(const RrsetView& rrset, const Tier& tier, std::size_t most, const ClientNetwork& client) {
  keys_.clear();
  for (std::uint32_t i = tier.begin; i < tier.end; ++i) {
    keys_.push_back({-rendezvous_score(rendezvous_hash(client, rrset.id(i)), rrset.weight(i)), i});
  }
  sort_first(most, [&](const Key& a, const Key& b) {
    return a.key != b.key ? a.key < b.key : rrset.id(a.member) < rrset.id(b.member);
  });
}

void Choice::draw_tier(const RrsetView& rrset, const Tier& tier, std::size_t most, Rng& rng) {
  const std::uint32_t members = tier.end - tier.begin;
  const bool few = most <= members / kFew;
  if (rrset.equal_weights()) {
    few ? reject_uniform(tier, most, rng) : shuffle(tier, most, rng);
  } else if (few && rrset.has_alias()) {
    reject_weighted(rrset, tier, most, rng);
  } else if (members <= kDrawnAlike) {
    draw_one_by_one(rrset, tier, most, rng);
  } else {
    sort_keys(rrset, tier, most, rng);
  }
}

// The first `most` of a Fisher-Yates shuffle.
void Choice::shuffle(const Tier& tier, std::size_t most, Rng& rng) {
  const std::size_t members = tier.end - tier.begin;
  if (rest_.size() < members) rest_.resize(members);
  std::uint32_t* rest = rest_.data();
  std::iota(rest, rest + members, tier.begin);
  for (std::size_t i = 0; i < most; ++i) {
    if (i + 1 < members) std::swap(rest[i], rest[i + rng.below(members - i)]);
    push(rest[i]);
  }
}

// At least three quarters of the members are always free, so this ends soon.
void Choice::reject_uniform(const Tier& tier, std::size_t most, Rng& rng) {
  begin_marks(tier.end);
  while (most > 0) {
    const auto member = tier.begin + static_cast<std::uint32_t>(rng.below(tier.end - tier.begin));
    if (!mark(member)) continue;
    push(member);
    --most;
  }
}

// Rejecting repeats leaves the others their weights; so does the draw over the rest, where uniform filling
// would favour light members.
void Choice::reject_weighted(const RrsetView& rrset, const Tier& tier, std::size_t most, Rng& rng) {
  begin_marks(tier.end);
  std::uint64_t left = tier.total;
  for (; most > 0; --most) {
    std::uint32_t member = pick(rrset, tier, rng);
    for (std::uint32_t i = 0; is_marked(member) && i < kRedraws; ++i) member = pick(rrset, tier, rng);
    if (is_marked(member)) member = pick_of_rest(rrset, tier, left, rng);
    mark(member);
    left -= rrset.weight(member);
    push(member);
  }
}

std::uint32_t Choice::pick_of_rest(const RrsetView& rrset, const Tier& tier, std::uint64_t left,
                                   Rng& rng) const {
  std::uint64_t point = rng.below(left);
  std::uint32_t member = tier.begin;
  for (;; ++member) {
    if (is_marked(member)) continue;
    const std::uint32_t weight = rrset.weight(member);
    if (point < weight) return member;
    point -= weight;
  }
}

// Repeated draws over what is left; the order of what is left does not matter, so the last takes the place of
// the drawn.
void Choice::draw_one_by_one(const RrsetView& rrset, const Tier& tier, std::size_t most, Rng& rng) {
  std::uint32_t* rest = rest_.data();
  std::uint32_t* weights = weights_.data();
  std::size_t members = tier.end - tier.begin;
  std::iota(rest, rest + members, tier.begin);
  rrset.copy_weights(tier.begin, {weights, members});
  std::uint64_t left = tier.total;
  for (; most > 0 && members > 1; --most) {
    std::size_t i = 0;
    for (std::uint64_t point = rng.below(left); point >= weights[i]; ++i) point -= weights[i];
    push(rest[i]);
    left -= weights[i];
    --members;
    rest[i] = rest[members];
    weights[i] = weights[members];
  }
  if (most > 0) push(rest[0]);
}

// The order of exponential waiting times with rates w is the same draw (Efraimidis, Spirakis 2006).
void Choice::sort_keys(const RrsetView& rrset, const Tier& tier, std::size_t most, Rng& rng) {
  keys_.clear();
  for (std::uint32_t i = tier.begin; i < tier.end; ++i) {
    keys_.push_back({-std::log(rng.unit()) / rrset.weight(i), i});
  }
  sort_first(most, [](const Key& a, const Key& b) { return a.key < b.key; });
}

template <class Earlier>
void Choice::sort_first(std::size_t most, const Earlier& earlier) {
  const auto end = keys_.begin() + static_cast<std::ptrdiff_t>(most);
  if (end != keys_.end()) std::nth_element(keys_.begin(), end, keys_.end(), earlier);
  std::sort(keys_.begin(), end, earlier);
  for (auto key = keys_.begin(); key != end; ++key) push(key->member);
}

void Choice::begin_marks(std::size_t members) {
  if (++round_ == 0) {  // every 2^32 draws the old rounds would look like new ones
    std::fill(marks_.begin(), marks_.end(), 0U);
    round_ = 1;
  }
  if (marks_.size() < members) marks_.resize(members, 0);
}

bool Choice::mark(std::uint32_t member) {
  if (is_marked(member)) return false;
  marks_[member] = round_;
  return true;
}

}  // namespace muster::zones
