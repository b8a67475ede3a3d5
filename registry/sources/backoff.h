// How long a source waits after a round in which nobody could be asked: longer with each in a row, by chance,
// so that many servers do not come back together. Time and chance are passed in.
#pragma once

#include <algorithm>
#include <optional>

#include "registry/net/clock.h"

namespace muster::registry::sources {

class Backoff {
 public:
  static constexpr net::Millis kFirst{500};
  static constexpr net::Millis kMost{30'000};
  static constexpr net::Millis kHealthy{60'000};  // so long without a failure, and it begins anew

  // The wait after a failed round; `chance` from 0 to 1.
  net::Millis after_failure(net::SteadyTime now, double chance) {
    if (well_since_ && now - *well_since_ >= kHealthy) failures_ = 0;
    well_since_.reset();
    const net::Millis most = std::min(kMost, kFirst * (1 << std::min(failures_, 10)));
    ++failures_;
    return net::Millis(static_cast<net::Millis::rep>(static_cast<double>(most.count()) * chance));
  }
  void succeeded(net::SteadyTime now) {
    if (!well_since_) well_since_ = now;
  }

 private:
  int failures_ = 0;
  std::optional<net::SteadyTime> well_since_;
};

}  // namespace muster::registry::sources
