// The store's troubles as log lines: one when writes or checkpoints begin to fail, one when they are well again,
// however often they fail between. One thread's.
#pragma once

#include <string>

#include "registry/control.h"

namespace muster::tools {

class StoreLog {
 public:
  static constexpr net::Millis kEvery{500};

  // Looks at the store every half second.
  void tick(net::Instant now, const registry::Control& control) {
    if (now.steady < next_) return;
    next_ = now.steady + kEvery;
    look(control.store_state());
  }
  void look(const registry::StoreState& state);

 private:
  net::SteadyTime next_{};
  bool writes_fail_ = false;
  bool checkpoints_fail_ = false;
};

}  // namespace muster::tools
