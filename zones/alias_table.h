// Walker's alias method in whole numbers, so that no weight is rounded: of n members with weights w and sum W
// each column holds W of the n·W units; its own member owns those below the threshold, the alias the rest.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace muster::zones {

struct AliasTable {
  std::vector<std::uint64_t> threshold;
  std::vector<std::uint32_t> alias;  // counted from the first member of the tier
};

// Appends the columns of one tier. Precondition: the weights' sum × their number is below 2^64.
void add_alias_columns(AliasTable& table, std::span<const std::uint32_t> weights);

}  // namespace muster::zones
