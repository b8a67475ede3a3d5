// Says when a large name may be rebuilt again: at once after a quiet time, else 20 ms after the last time.
// Small names always may. It remembers large names only, and those for 20 ms.
#pragma once

#include <unordered_map>

#include "registry/net/clock.h"
#include "zones/name.h"

namespace muster::zones {

class Pacer {
 public:
  static constexpr net::Millis kInterval{20};

  // True: rebuild it now (and it counts as rebuilt).
  bool admit(const Name& owner, bool large, net::SteadyTime now) {
    if (!large) return true;
    const auto [place, is_new] = rebuilt_.try_emplace(owner, now);
    if (!is_new && now - place->second < kInterval) return false;
    place->second = now;
    return true;
  }

  void forget_old(net::SteadyTime now) {
    std::erase_if(rebuilt_, [now](const auto& entry) { return now - entry.second >= kInterval; });
  }

 private:
  std::unordered_map<Name, net::SteadyTime, NameHash> rebuilt_;
};

}  // namespace muster::zones
