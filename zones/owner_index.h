// The owner names of one zone, numbered: a name to its number without regard to case, a number to its name as
// first written. Open addressing, linear probing, at most half full; the octets lie in somebody's arena.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "zones/octet_arena.h"

namespace muster::zones {

class OwnerIndex {
 public:
  OwnerIndex();

  // The number of `wire`, a new one if it has none yet; its octets are then kept in `octets`.
  std::uint32_t insert(std::string_view wire, OctetArena& octets);
  std::optional<std::uint32_t> find(std::string_view wire) const;
  std::string_view operator[](std::uint32_t number) const {
    return {owners_[number].wire, owners_[number].size};
  }
  std::size_t size() const { return owners_.size(); }
  // Owner i becomes owner ranks[i].
  void renumber(std::span<const std::uint32_t> ranks);
  std::size_t allocated() const;

 private:
  struct Owner {
    const char* wire;
    std::uint8_t size;
  };

  // The hash beside the number, so that probing and growing touch no owner but the one that is looked for.
  struct Slot {
    std::uint32_t hash = 0;
    std::uint32_t number = 0;  // + 1; 0 is free
  };

  std::size_t slot_of(std::string_view wire, std::uint32_t hash) const;  // the name's, or the free one for it
  void grow();

  std::vector<Owner> owners_;
  std::vector<Slot> slots_;
};

}  // namespace muster::zones
