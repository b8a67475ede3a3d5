// How often a figure fell into each of a few fixed ranges. One thread at a time adds, with plain loads and
// stores (a histogram costs its writer no locked instruction); any thread reads, and may see a sum that is
// one figure ahead of the ranges.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace muster::net {

// `kBounds`: the highest figure of each range but the last, rising.
template <const auto& kBounds>
class Histogram {
 public:
  static constexpr std::size_t kRanges = kBounds.size() + 1;

  void add(std::uint64_t figure, std::uint64_t times = 1) {
    const auto range = std::lower_bound(kBounds.begin(), kBounds.end(), figure) - kBounds.begin();
    raise(ranges_[static_cast<std::size_t>(range)], times);
    raise(sum_, figure * times);
  }

  static std::vector<std::uint64_t> bounds() { return {kBounds.begin(), kBounds.end()}; }
  // Per range, not cumulative.
  std::vector<std::uint64_t> ranges() const {
    std::vector<std::uint64_t> counts;
    for (const auto& range : ranges_) counts.push_back(range.load(std::memory_order_relaxed));
    return counts;
  }
  std::uint64_t sum() const { return sum_.load(std::memory_order_relaxed); }

 private:
  static void raise(std::atomic<std::uint64_t>& count, std::uint64_t by) {
    count.store(count.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
  }

  std::array<std::atomic<std::uint64_t>, kRanges> ranges_{};
  std::atomic<std::uint64_t> sum_{0};
};

}  // namespace muster::net
