#include "registry/tombstone.h"

#include <algorithm>

#include "registry/limits.h"

namespace muster::registry {

Millis tombstone_span(Millis lease, Millis shortest) {
  return std::clamp(2 * lease, std::min(shortest, kMaxTombstone), kMaxTombstone);
}

}  // namespace muster::registry
