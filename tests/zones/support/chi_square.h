// Whether what was drawn fits what should have been drawn.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

namespace muster::zones::test {

// Critical value of the chi-square distribution at alpha = 1e-8: a hundred tests together raise a false alarm
// once in a million runs (Wilson, Hilferty: good to 1 % from 2 degrees on, and for 1 too high by 3 %).
inline double critical_value(std::size_t degrees) {
  const double z = 5.612001;
  const double d = static_cast<double>(degrees);
  return d * std::pow(1 - 2 / (9 * d) + z * std::sqrt(2 / (9 * d)), 3);
}

// Cells that expect fewer than 5 are taken together.
struct ChiSquare {
  double value = 0;
  std::size_t degrees = 0;
  bool fits() const { return degrees == 0 || value < critical_value(degrees); }
};

inline ChiSquare chi_square(const std::vector<double>& seen, const std::vector<double>& share) {
  double draws = 0;
  for (const double count : seen) draws += count;
  ChiSquare result;
  std::size_t cells = 0;
  double small_seen = 0;
  double small_expected = 0;
  const auto add = [&](double count, double expected) {
    result.value += (count - expected) * (count - expected) / expected;
    ++cells;
  };
  for (std::size_t i = 0; i < seen.size(); ++i) {
    const double expected = share[i] * draws;
    if (expected >= 5) {
      add(seen[i], expected);
    } else {
      small_seen += seen[i];
      small_expected += expected;
    }
  }
  if (small_expected > 0) add(small_seen, small_expected);
  if (small_expected <= 0 && small_seen > 0) result.value = INFINITY;  // what cannot be was seen
  result.degrees = cells > 1 ? cells - 1 : (result.value > 0 ? 1 : 0);
  return result;
}

}  // namespace muster::zones::test
