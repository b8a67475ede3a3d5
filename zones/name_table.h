// The live name table: owner name → ready answers, for all zones. One writer (the control thread), any number
// of readers (UDP threads, TCP), no lock: a reader never waits, whatever the writer does, and the writer
// never waits for readers.
//
// One open-addressing array of atomic words, 16 bits of hash tag and 48 bits of pointer; linear probing, load
// at most 1/2. An entry is immutable (zones/entry.h): the writer stores the slot with a new one and retires
// the old one through the epochs (zones/epoch.h, where the proof is).
//
// Invariants:
//  1. Readers probe exactly one array, the one they found when they went online. It holds every name of that
//     moment, and every change since until the writer leaves it for another one.
//  2. While the writer moves to another array, every change goes into both, and carries a few slots over; so
//     growth, clean-up of tombstones and a change of the hash's secret never make anybody wait.
//  3. Slots are loaded and stored seq_cst, entries are written before their slot and freed after the readers'
//     epochs.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "zones/entry.h"
#include "zones/epoch.h"

namespace muster::zones {

class SlotArray;

class NameTable {
 public:
  static constexpr std::size_t kReadersMax = Epochs::kReadersMax;
  static constexpr std::size_t kZonesMax = 65'535;

  class Reader;

  // Plain figures for metrics; the writer's thread.
  struct Stats {
    std::size_t names = 0;
    std::size_t slots = 0;
    std::size_t tombstones = 0;
    std::size_t entry_octets = 0;  // of live entries, as asked of malloc
    std::size_t retired = 0;       // things that wait for readers
    // Grows without limit only while a reader stays online: an alarm belongs on it.
    std::size_t retired_octets = 0;
    std::uint64_t rebuilds = 0;     // arrays begun: growth, clean-up, secrets
    std::uint64_t secrets = 0;      // times a probe reached its maximum and the hash's secret was changed
    std::size_t longest_probe = 0;  // since the array was begun
  };

  // What tests turn down to meet rare events often.
  struct Tuning {
    std::size_t probe_max = 256;  // slots looked at for one name; beyond it the secret is changed
    std::size_t carry = 16;       // slots that each change carries over to the next array
  };

  NameTable() : NameTable(Tuning()) {}
  explicit NameTable(const Tuning& tuning);
  ~NameTable();  // precondition: no Reader is left
  NameTable(const NameTable&) = delete;
  NameTable& operator=(const NameTable&) = delete;

  // --- The writer's side: one thread. `folded` is a wire name in lower case.

  // Makes room for so many names in all, so that a bulk load does not grow step by step.
  void reserve(std::size_t names);
  const Entry* find(std::string_view folded) const;
  const Entry* find_aside(ZoneId outer, std::string_view folded) const;
  // The same as find(), with what replace() needs in order not to hash the name again.
  struct Found {
    const Entry* entry = nullptr;
    std::uint64_t hash = 0;
  };
  Found look_up(std::string_view folded) const;
  // Fetch what put() or find() will look at, for whoever has several names to put: where a name's slot is,
  // and, once that has come, the entry that it names.
  void prefetch_slot(std::string_view name) const;
  void prefetch_entry(std::string_view name) const;
  // Adds the entry or replaces the one of the same name (of the same outer zone, when kAside).
  void put(EntryPtr entry);
  // put() where there is such an entry. Precondition: `old` was looked up just now, is not null, and has the
  // name of `entry`; neither is kAside.
  void replace(const Found& old, EntryPtr entry);
  // Precondition: found by find or find_aside just now.
  void remove(const Entry* entry);
  // Every live entry, in no order.
  void for_each(const std::function<void(const Entry&)>& visit) const;
  // Frees what no reader can hold any more and goes on with a move to another array. put and remove do a
  // little of both themselves; a timer calls this so that a quiet table comes to rest.
  void tidy();
  Stats stats() const;

  // Zones. An id is used again only when no reader can hold an entry that bears it. nullopt: kZonesMax are
  // there.
  std::optional<ZoneId> add_zone(ZoneView view);
  void set_view(ZoneId zone, ZoneView view);
  void remove_zone(ZoneId zone);  // precondition: none of its entries is in the table
  const ZoneView& view(ZoneId zone) const;

 private:
  class Core;
  std::unique_ptr<Core> core_;
};

// One thread's way to read. Online only while a batch is answered: what is found is valid until offline().
class NameTable::Reader {
 public:
  // Throws std::runtime_error when kReadersMax readers exist.
  explicit Reader(NameTable& table);
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  // Once per batch, after the packets were received; and before blocking.
  void online();
  void offline();

  class [[nodiscard]] Online {
   public:
    explicit Online(Reader& reader) : reader_(reader) { reader_.online(); }
    ~Online() { reader_.offline(); }
    Online(const Online&) = delete;
    Online& operator=(const Online&) = delete;

   private:
    Reader& reader_;
  };

  // The following: only while online. `folded`: wire form in lower case.
  // A hash is good until offline() only.
  std::uint64_t hash(std::string_view folded) const;
  void prefetch_slot(std::uint64_t hash) const;
  // Fetches the entry that the slot names; its slot should have been prefetched.
  void prefetch_entry(std::uint64_t hash) const;
  // Null: no such name. Every ancestor of an existing name, up to its apex, has an entry (RFC 4592 §2.2.2).
  const Entry* find(std::uint64_t hash, std::string_view folded) const;
  const Entry* find(std::string_view folded) const { return find(hash(folded), folded); }
  // At the apex of an inner zone, for DS (RFC 4035 §3.1.4.1): what the zone that holds `of` has there (NS,
  // DS). `of` is the nearest ancestor that find() gives.
  const Entry* find_aside(const Entry& of, std::string_view folded) const;
  const ZoneView& zone(const Entry& entry) const;

  // A walk over every live entry, in no order, a slice of slots at a time and offline between them. What is
  // there all the while is met once; what comes, goes or comes again meanwhile is met, not met, or met twice.
  struct Walk {
    std::uint64_t array = 0;
    std::size_t slot = 0;
  };
  // Whether the next slice is the first: of the walk, or since the writer left the array that it was in.
  bool begins_anew(const Walk& walk) const;
  // False: that was the last slice.
  bool walk(Walk& walk, std::size_t slots, const std::function<void(const Entry&)>& visit) const;

 private:
  Core* core_;
  Epochs::Seat* seat_;
  const SlotArray* array_ = nullptr;
};

}  // namespace muster::zones
