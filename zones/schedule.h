// Smooth weighted round robin: whose turn it is in each step of a cycle, each member as often as its weight
// says and spread as evenly as whole turns allow.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace muster::zones {

// Weights whose sum, reduced by their greatest common divisor, is beyond this are scaled to it; each member
// keeps at least one step, so that a cycle may be longer by as many steps as there are members.
inline constexpr std::uint32_t kScheduleMost = 4096;

// In each step every member earns its weight, the richest is next (of equals the first) and pays the sum of
// all. 5, 1, 1 gives 0 0 1 0 2 0 0. Precondition: no weight is 0.
std::vector<std::uint32_t> smooth_schedule(std::span<const std::uint32_t> weights);

}  // namespace muster::zones
