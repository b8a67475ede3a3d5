#include "zones/epoch.h"

#include <limits>

namespace muster::zones {

Epochs::Seat* Epochs::take_seat() {
  for (std::size_t i = 0; i < seats_.size(); ++i) {
    bool expected = false;
    if (!seats_[i].taken.compare_exchange_strong(expected, true)) continue;
    std::size_t used = seats_used_.load();
    while (used < i + 1 && !seats_used_.compare_exchange_weak(used, i + 1)) {
    }
    return &seats_[i];
  }
  return nullptr;
}

void Epochs::leave_seat(Seat& seat) {
  offline(seat);
  seat.taken.store(false);
}

std::uint64_t Epochs::safe() const {
  std::uint64_t oldest = std::numeric_limits<std::uint64_t>::max();
  const std::size_t used = seats_used_.load();
  for (std::size_t i = 0; i < used; ++i) {
    const std::uint64_t epoch = seats_[i].epoch.load();
    if (epoch != 0 && epoch < oldest) oldest = epoch;
  }
  return oldest;
}

}  // namespace muster::zones
