// The serials of file zones at whose names services stand: what changes there raises them, at most once a
// second. A serial is given to the store a second before it is served, so that a start goes on above every
// one that was served. Control thread only.
#pragma once

#include <map>
#include <optional>

#include "zones/serial_block.h"
#include "zones/zone.h"

namespace muster::zones {

class BoundSerials {
 public:
  static constexpr net::Millis kBetween{1'000};
  static constexpr std::uint32_t kReserved = 60;  // serials with one row in the store

  BoundSerials(Zones& zones, SerialStore store) : zones_(zones), store_(std::move(store)) {}

  // Something at this name has changed.
  void changed(const Name& owner);
  void tick(net::SteadyTime now);
  // None of the zone's serials that were served for these changes is above this one; nullopt: there were
  // none.
  std::optional<std::uint32_t> highest(const Name& apex) const;

 private:
  struct Raised {
    bool waits = false;
    net::SteadyTime at{};
    std::optional<std::uint32_t> reserved;  // serials up to this one may be served
  };
  void raise(const Name& apex, Raised& raised, net::SteadyTime now);

  Zones& zones_;
  SerialStore store_;
  std::map<Name, Raised> zones_raised_;  // by apex
};

}  // namespace muster::zones
