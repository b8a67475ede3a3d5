#include "registry/lease_wheel.h"

#include <algorithm>

namespace muster::registry {
namespace {

std::int64_t floor_tick(net::SteadyTime at) { return at.time_since_epoch() / LeaseWheel::kTick; }
std::int64_t ceil_tick(net::SteadyTime at) { return floor_tick(at + LeaseWheel::kTick - net::Millis(1)); }

}  // namespace

void Timer::disarm() {
  if (!armed()) return;
  next_->previous_ = previous_;
  previous_->next_ = next_;
  next_ = previous_ = nullptr;
}

LeaseWheel::LeaseWheel(net::SteadyTime now) : slots_(kSlots), next_tick_(floor_tick(now)) {
  for (Timer& head : slots_) head.next_ = head.previous_ = &head;
}

void LeaseWheel::arm(Timer& timer, net::SteadyTime due) {
  timer.disarm();
  Timer& head = slot(std::clamp(ceil_tick(due), next_tick_, next_tick_ + kSlots - 1));
  timer.next_ = &head;
  timer.previous_ = head.previous_;
  head.previous_->next_ = &timer;
  head.previous_ = &timer;
}

Timer* LeaseWheel::pop(net::SteadyTime now) {
  const std::int64_t last = floor_tick(now);
  next_tick_ = std::max(next_tick_, last - kSlots + 1);
  for (; next_tick_ <= last; ++next_tick_) {
    Timer& head = slot(next_tick_);
    if (head.next_ == &head) continue;
    Timer* timer = head.next_;
    timer->disarm();
    return timer;
  }
  return nullptr;
}

Timer* LeaseWheel::pop_soonest() {
  for (std::int64_t tick = next_tick_; tick < next_tick_ + kSlots; ++tick) {
    Timer& head = slot(tick);
    if (head.next_ == &head) continue;
    Timer* timer = head.next_;
    timer->disarm();
    return timer;
  }
  return nullptr;
}

}  // namespace muster::registry
