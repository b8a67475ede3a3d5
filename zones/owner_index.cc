#include "zones/owner_index.h"

#include <array>
#include <functional>

#include "zones/wire_name.h"

namespace muster::zones {

namespace {

std::uint32_t fold_hash(std::string_view wire) {
  std::array<char, kNameMax> folded;
  for (std::size_t i = 0; i < wire.size(); ++i) folded[i] = fold(wire[i]);
  return static_cast<std::uint32_t>(std::hash<std::string_view>{}({folded.data(), wire.size()}));
}

}  // namespace

OwnerIndex::OwnerIndex() : slots_(64) {}

std::size_t OwnerIndex::slot_of(std::string_view wire, std::uint32_t hash) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = hash & mask;
  for (; slots_[slot] != 0; slot = (slot + 1) & mask) {
    const std::uint32_t number = slots_[slot] - 1;
    if (owners_[number].hash == hash && Name::equal_fold((*this)[number], wire)) break;
  }
  return slot;
}

std::uint32_t OwnerIndex::insert(std::string_view wire, OctetArena& octets) {
  const std::uint32_t hash = fold_hash(wire);
  const std::size_t slot = slot_of(wire, hash);
  if (slots_[slot] != 0) return slots_[slot] - 1;
  owners_.push_back({octets.store(wire), hash, static_cast<std::uint8_t>(wire.size()),
                     static_cast<std::uint8_t>(label_count(wire))});
  slots_[slot] = static_cast<std::uint32_t>(owners_.size());
  if (owners_.size() * 2 > slots_.size()) grow();
  return static_cast<std::uint32_t>(owners_.size() - 1);
}

std::optional<std::uint32_t> OwnerIndex::find(std::string_view wire) const {
  const std::uint32_t found = slots_[slot_of(wire, fold_hash(wire))];
  if (found == 0) return std::nullopt;
  return found - 1;
}

void OwnerIndex::grow() {
  slots_.assign(slots_.size() * 2, 0);
  const std::size_t mask = slots_.size() - 1;
  for (std::uint32_t number = 0; number < owners_.size(); ++number) {
    std::size_t slot = owners_[number].hash & mask;
    while (slots_[slot] != 0) slot = (slot + 1) & mask;
    slots_[slot] = number + 1;
  }
}

void OwnerIndex::renumber(std::span<const std::uint32_t> ranks) {
  std::vector<Owner> ordered(owners_.size());
  for (std::size_t i = 0; i < owners_.size(); ++i) ordered[ranks[i]] = owners_[i];
  owners_ = std::move(ordered);
  for (std::uint32_t& slot : slots_) {
    if (slot != 0) slot = ranks[slot - 1] + 1;
  }
}

std::size_t OwnerIndex::allocated() const {
  return owners_.capacity() * sizeof(Owner) + slots_.capacity() * sizeof(slots_[0]);
}

}  // namespace muster::zones
