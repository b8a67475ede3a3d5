// The orders that client networks have been given in hashed sets, so that a network which asks again costs no
// hash of each member. What is in the set, and so which order a network has, is in the set's digest: a set
// that changes is another one, and what is remembered of the old one is overwritten in time. Answers of more
// than kMembers are not remembered. One per thread.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "zones/rendezvous.h"

namespace muster::zones {

class RankCache {
 public:
  static constexpr std::size_t kMembers = 8;  // as many of an order are kept
  static constexpr std::size_t kOrders = 1024;

  // The first `most` members; empty: not remembered, or not so many.
  std::span<const std::uint32_t> find(std::uint64_t digest, const ClientNetwork& client, std::size_t most) const;
  // The first members of an order; of more than kMembers nothing is kept.
  void keep(std::uint64_t digest, const ClientNetwork& client, std::span<const std::uint32_t> first);

 private:
  struct Kept {
    std::uint64_t digest = 0;
    ClientNetwork client;
    std::uint32_t count = 0;
    std::array<std::uint32_t, kMembers> members{};
  };
  std::vector<Kept> kept_;  // by place_of(); empty until something is kept
};

}  // namespace muster::zones
