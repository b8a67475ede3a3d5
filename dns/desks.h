// One desk in front of two: names that are not ours go to the forwarder, everything else to the other.
#pragma once

#include <algorithm>
#include <utility>

#include "dns/desk.h"

namespace muster::dns {

class Desks final : public Desk {
 public:
  // `forwarder` may be null: nothing is handed on for it then.
  Desks(Desk& others, Desk* forwarder) : others_(others), forwarder_(forwarder) {}
  bool take(Handed handed) override {
    if (handed.errand != Errand::forward) return others_.take(std::move(handed));
    return forwarder_ != nullptr && forwarder_->take(std::move(handed));
  }
  void take_all(std::vector<Handed>& all) override {
    const auto forwards = [](const Handed& handed) { return handed.errand == Errand::forward; };
    if (forwarder_ != nullptr && std::all_of(all.begin(), all.end(), forwards))
      return forwarder_->take_all(all);
    Desk::take_all(all);
  }

 private:
  Desk& others_;
  Desk* const forwarder_;
};

}  // namespace muster::dns
