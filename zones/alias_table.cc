#include "zones/alias_table.h"

#include <numeric>

namespace muster::zones {

void add_alias_columns(AliasTable& table, std::span<const std::uint32_t> weights) {
  const std::size_t first = table.threshold.size();
  const std::uint64_t capacity = std::accumulate(weights.begin(), weights.end(), std::uint64_t{0});
  std::vector<std::uint32_t> poor;
  std::vector<std::uint32_t> rich;
  for (std::uint32_t i = 0; i < weights.size(); ++i) {
    table.threshold.push_back(std::uint64_t{weights[i]} * weights.size());
    table.alias.push_back(i);
    (table.threshold.back() < capacity ? poor : rich).push_back(i);
  }
  // The poorest columns are filled up from a rich one until nobody is below the capacity; what is left is
  // exactly full.
  while (!poor.empty()) {
    const std::uint32_t taker = poor.back();
    const std::uint32_t giver = rich.back();
    poor.pop_back();
    table.alias[first + taker] = giver;
    std::uint64_t& left = table.threshold[first + giver];
    left -= capacity - table.threshold[first + taker];
    if (left < capacity) {
      rich.pop_back();
      poor.push_back(giver);
    }
  }
}

}  // namespace muster::zones
