// The open-addressing array of the name table and its keyed hash: atomic words that hold a tag and a pointer
// to an entry. For name_table.cc alone, so that hashing and probing are inlined where the query goes.
//
// A slot is empty (0), a tombstone (1), or 16 bits of tag and 48 of pointer. Slots change under readers; the
// other members do not. XXH3 is no PRF: its secret keeps strangers from crafting names that collide, which
// suffices because queries never insert.
#pragma once

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

#include "zones/entry.h"
#include "zones/pages.h"

namespace muster::zones {

// What an entry is found by: its folded name, and the outer zone when it is kept aside (zone.h, invariant 2).
struct NameKey {
  std::string_view folded;
  bool aside = false;
  ZoneId outer = 0;

  bool matches(const Entry& entry) const {
    return entry.is(Entry::kAside) == aside && (!aside || entry.zone_id() == outer) && entry.has_name(folded);
  }
};

class SlotArray {
 public:
  using Word = std::uint64_t;
  static constexpr Word kEmpty = 0;
  static constexpr Word kTombstone = 1;

  // Precondition: a power of two.
  explicit SlotArray(std::size_t slots);

  std::size_t size() const { return mask_ + 1; }
  // Never 0, and of no other array, whose memory may lie where this one lay.
  std::uint64_t identity() const {
    std::uint64_t octets;
    std::memcpy(&octets, secret_.data(), sizeof octets);
    return octets | 1;
  }
  std::size_t octets() const { return size() * sizeof(Word); }

  std::uint64_t hash(std::string_view folded) const {
    return XXH3_64bits_withSecret(folded.data(), folded.size(), secret_.data(), secret_.size());
  }
  std::uint64_t hash(const NameKey& key) const {
    return key.aside ? salt(hash(key.folded), key.outer) : hash(key.folded);
  }
  static std::uint64_t salt(std::uint64_t hash, ZoneId outer) {
    return hash ^ (std::uint64_t{outer} + 1) * 0x9e3779b97f4a7c15;
  }

  static const Entry* entry_of(Word word) { return reinterpret_cast<const Entry*>(word & kPointerMask); }
  static bool is_entry(Word word) { return word > kTombstone; }
  static Word word_of(std::uint64_t hash, const Entry* entry);

  Word at(std::size_t index) const { return slots()[index & mask_].load(); }
  void store(std::size_t index, Word word) { slots()[index & mask_].store(word); }

  const Entry* find(std::uint64_t hash, const NameKey& key) const {
    for (std::size_t i = hash;; ++i) {
      const Word word = at(i);
      if (word == kEmpty) return nullptr;
      if ((word ^ hash) >> 48 == 0 && word != kTombstone && key.matches(*entry_of(word)))
        return entry_of(word);
    }
  }

  void prefetch_slot(std::uint64_t hash) const { __builtin_prefetch(&slots()[hash & mask_]); }
  void prefetch_entry(std::uint64_t hash) const;

  // The writer's. Where a word stands, or where it may go.
  struct Place {
    std::size_t index = 0;
    std::size_t probes = 0;
    bool found = false;
  };
  // The slot of this very entry; not found: the first slot free for it.
  Place place_of(std::uint64_t hash, const Entry* entry) const;
  // The same of the entry with this key.
  Place place_of(std::uint64_t hash, const NameKey& key) const;
  // Empties the slot: to a tombstone only where a probe may have to go on behind it. The change in the number
  // of tombstones.
  std::ptrdiff_t clear(std::size_t index);

  // Gives the memory back piece by piece: unmapping 128 MiB at once would stop the writer for milliseconds.
  // True: all is gone.
  bool release_some() { return pages_.release_some(); }

 private:
  static constexpr Word kPointerMask = (Word{1} << 48) - 1;
  template <class Wanted>
  Place place_where(std::uint64_t hash, const Wanted& wanted) const;
  std::atomic<Word>* slots() const { return static_cast<std::atomic<Word>*>(pages_.data()); }

  std::size_t mask_;
  Pages pages_;
  std::array<unsigned char, 192> secret_;
};

}  // namespace muster::zones
