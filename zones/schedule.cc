#include "zones/schedule.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>

namespace muster::zones {

namespace {

std::vector<std::uint64_t> reduced(std::span<const std::uint32_t> weights) {
  std::uint64_t divisor = 0;
  std::uint64_t sum = 0;
  for (const std::uint32_t weight : weights) {
    divisor = std::gcd(divisor, std::uint64_t{weight});
    sum += weight;
  }
  std::vector<std::uint64_t> reduced;
  const bool scaled = divisor != 0 && sum / divisor > kScheduleMost;
  for (const std::uint32_t weight : weights) {
    const double share = static_cast<double>(weight) * kScheduleMost / static_cast<double>(sum);
    reduced.push_back(scaled ? std::max<std::uint64_t>(1, std::llround(share)) : weight / divisor);
  }
  return reduced;
}

// Members of one weight: all have earned alike, so that the next of them is the first of those served least.
struct Alike {
  std::vector<std::uint32_t> members;
  std::uint64_t served = 0;  // turns of all of them

  std::uint32_t next() const { return members[served % members.size()]; }
  std::int64_t paid(std::int64_t total) const {
    return total * static_cast<std::int64_t>(served / members.size());
  }
};

}  // namespace

std::vector<std::uint32_t> smooth_schedule(std::span<const std::uint32_t> weights) {
  std::map<std::uint64_t, Alike> by_weight;  // at most 90 different ones have a sum of kScheduleMost
  const std::vector<std::uint64_t> shares = reduced(weights);
  for (std::uint32_t i = 0; i < shares.size(); ++i) by_weight[shares[i]].members.push_back(i);
  const auto total =
      static_cast<std::int64_t>(std::accumulate(shares.begin(), shares.end(), std::uint64_t{0}));
  std::vector<std::uint32_t> steps;
  steps.reserve(static_cast<std::size_t>(total));
  for (std::int64_t step = 1; step <= total; ++step) {
    Alike* richest = nullptr;
    std::pair<std::int64_t, std::int64_t> most;  // what it has, and the earlier the better
    for (auto& [weight, alike] : by_weight) {
      const std::pair<std::int64_t, std::int64_t> has{
          step * static_cast<std::int64_t>(weight) - alike.paid(total), -std::int64_t{alike.next()}};
      if (richest != nullptr && has <= most) continue;
      richest = &alike;
      most = has;
    }
    steps.push_back(richest->next());
    ++richest->served;
  }
  return steps;
}

}  // namespace muster::zones
