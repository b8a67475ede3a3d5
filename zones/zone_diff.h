// What to do to a live zone so that it becomes the next version, touching only the names that change, in an
// order in which nobody can be told of a target that is not there yet or no longer.
#pragma once

#include <cstdint>
#include <vector>

#include "zones/compiled_zone.h"

namespace muster::zones {

// First all `puts`, then all `erases`, each in its order; any number at a time, each name is right on its
// own. Puts: names that gain come first, targets before what refers to them and otherwise parents before
// children; names that only lose types come after them, what refers before its targets. Erases likewise,
// children before parents.
struct ZoneDiff {
  std::vector<std::uint32_t> puts;    // names of `next`
  std::vector<std::uint32_t> erases;  // names of `old`
  bool soa_changed = false;           // any field of it, or its TTL; a serial that is older is none
  bool serial_stands = false;  // content changed, but the serial is not newer: the caller warns and raises it

  bool empty() const { return puts.empty() && erases.empty() && !soa_changed; }
};

// Two versions of one zone (same apex). The order of records in an RRset is no difference.
ZoneDiff diff(const CompiledZone& old, const CompiledZone& next);

}  // namespace muster::zones
