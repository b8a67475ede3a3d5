// Where the publisher's names go: the zones of the live table, or a recorder in a test. Each call makes one
// name visible, old or new and never half; the order of the calls is the order in which readers see them.
#pragma once

#include <cstddef>

#include "zones/answer_spec.h"

namespace muster::zones {

class NameSink {
 public:
  // Zones by number: the native domain, then the reverse zones in configured order.
  static constexpr std::size_t kDomain = 0;

  virtual ~NameSink() = default;
  virtual void put(std::size_t zone, const NameSpec& spec) = 0;
  virtual void erase(std::size_t zone, const Name& owner) = 0;
};

}  // namespace muster::zones
