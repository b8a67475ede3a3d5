#include "zones/slot_array.h"

#include <sys/random.h>

#include <bit>
#include <cassert>

namespace muster::zones {

SlotArray::SlotArray(std::size_t slots) : mask_(slots - 1), pages_(slots * sizeof(Word)) {
  assert(std::has_single_bit(slots));
  while (getrandom(secret_.data(), secret_.size(), 0) != static_cast<ssize_t>(secret_.size())) {
  }
}

SlotArray::Word SlotArray::word_of(std::uint64_t hash, const Entry* entry) {
  const auto pointer = reinterpret_cast<Word>(entry);
  assert((pointer & ~kPointerMask) == 0);
  return (hash & ~kPointerMask) | pointer;
}

void SlotArray::prefetch_entry(std::uint64_t hash) const {
  for (std::size_t i = hash; i < hash + 4; ++i) {
    const Word word = at(i);
    if (word == kEmpty) return;
    if ((word ^ hash) >> 48 == 0 && word != kTombstone) {
      const char* entry = reinterpret_cast<const char*>(entry_of(word));
      __builtin_prefetch(entry);
      __builtin_prefetch(entry + 64);
      return;
    }
  }
}

template <class Wanted>
SlotArray::Place SlotArray::place_where(std::uint64_t hash, const Wanted& wanted) const {
  Place place;
  bool has_free = false;
  for (std::size_t i = hash;; ++i) {
    ++place.probes;
    const Word word = at(i);
    if (is_entry(word) && wanted(word)) return {i & mask_, place.probes, true};
    if (!is_entry(word) && !has_free) {
      has_free = true;
      place.index = i & mask_;
    }
    if (word == kEmpty) return place;
  }
}

SlotArray::Place SlotArray::place_of(std::uint64_t hash, const Entry* entry) const {
  return place_where(hash, [own = word_of(hash, entry)](Word word) { return word == own; });
}

SlotArray::Place SlotArray::place_of(std::uint64_t hash, const NameKey& key) const {
  return place_where(hash,
                     [&](Word word) { return (word ^ hash) >> 48 == 0 && key.matches(*entry_of(word)); });
}

std::ptrdiff_t SlotArray::clear(std::size_t index) {
  if (at(index + 1) != kEmpty) {
    store(index, kTombstone);
    return 1;
  }
  store(index, kEmpty);
  std::ptrdiff_t tombstones = 0;
  for (std::size_t i = index - 1; at(i) == kTombstone; --i) {
    store(i, kEmpty);
    --tombstones;
  }
  return tombstones;
}

}  // namespace muster::zones
