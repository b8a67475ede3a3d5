#include "zones/owner_index.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "zones/folded_wire.h"

namespace muster::zones {

namespace {

std::uint32_t fold_hash(std::string_view wire) {
  const FoldedWire folded(wire);
  return static_cast<std::uint32_t>(XXH3_64bits(folded.wire().data(), folded.wire().size()));
}

}  // namespace

OwnerIndex::OwnerIndex() : slots_(64) {}

std::size_t OwnerIndex::slot_of(std::string_view wire, std::uint32_t hash) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = hash & mask;
  for (; slots_[slot].number != 0; slot = (slot + 1) & mask) {
    if (slots_[slot].hash == hash && Name::equal_fold((*this)[slots_[slot].number - 1], wire)) break;
  }
  return slot;
}

std::uint32_t OwnerIndex::insert(std::string_view wire, OctetArena& octets) {
  const std::uint32_t hash = fold_hash(wire);
  const std::size_t slot = slot_of(wire, hash);
  if (slots_[slot].number != 0) return slots_[slot].number - 1;
  owners_.push_back({octets.store(wire), static_cast<std::uint8_t>(wire.size())});
  slots_[slot] = {hash, static_cast<std::uint32_t>(owners_.size())};
  if (owners_.size() * 2 > slots_.size()) grow();
  return static_cast<std::uint32_t>(owners_.size() - 1);
}

std::optional<std::uint32_t> OwnerIndex::find(std::string_view wire) const {
  const std::uint32_t found = slots_[slot_of(wire, fold_hash(wire))].number;
  if (found == 0) return std::nullopt;
  return found - 1;
}

void OwnerIndex::grow() {
  std::vector<Slot> larger(slots_.size() * 2);
  const std::size_t mask = larger.size() - 1;
  for (const Slot& old : slots_) {
    if (old.number == 0) continue;
    std::size_t slot = old.hash & mask;
    while (larger[slot].number != 0) slot = (slot + 1) & mask;
    larger[slot] = old;
  }
  slots_ = std::move(larger);
}

void OwnerIndex::renumber(std::span<const std::uint32_t> ranks) {
  std::vector<Owner> ordered(owners_.size());
  for (std::size_t i = 0; i < owners_.size(); ++i) ordered[ranks[i]] = owners_[i];
  owners_ = std::move(ordered);
  for (Slot& slot : slots_) {
    if (slot.number != 0) slot.number = ranks[slot.number - 1] + 1;
  }
}

std::size_t OwnerIndex::allocated() const {
  return owners_.capacity() * sizeof(Owner) + slots_.capacity() * sizeof(slots_[0]);
}

}  // namespace muster::zones
