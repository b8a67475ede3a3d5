// A wire name in lower case in a buffer on the stack: what the name table is asked with.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

#include "zones/name.h"

namespace muster::zones {

class FoldedWire {
 public:
  explicit FoldedWire(std::string_view wire) : size_(wire.size()) {
    std::transform(wire.begin(), wire.end(), octets_.begin(), fold);  // length octets are below 'A'
  }
  explicit FoldedWire(const Name& name) : FoldedWire(name.wire()) {}
  std::string_view wire() const { return {octets_.data(), size_}; }

 private:
  std::array<char, 255> octets_;
  std::size_t size_;
};

}  // namespace muster::zones
