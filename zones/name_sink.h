// Where the publisher's names go: the zones of the live table, or a recorder in a test. Each call makes one
// name visible, old or new and never half; the order of the calls is the order in which readers see them.
#pragma once

#include <cstddef>
#include <vector>

#include "zones/answer_spec.h"

namespace muster::zones {

class NameSink {
 public:
  // Zones by number: the native domain, then the reverse zones in configured order.
  static constexpr std::size_t kDomain = 0;

  virtual ~NameSink() = default;
  virtual void put(std::size_t zone, const NameSpec& spec) = 0;
  virtual void erase(std::size_t zone, const Name& owner) = 0;
  // A service's sets at a name of a file zone (Zones::bind). Where there are no file zones nobody has any.
  virtual void bind(const Name& owner, const std::vector<RrType>& types, const std::vector<RrsetSpec>& sets) {
    static_cast<void>(owner), static_cast<void>(types), static_cast<void>(sets);
  }
  virtual void unbind(const Name& owner) { static_cast<void>(owner); }
};

}  // namespace muster::zones
