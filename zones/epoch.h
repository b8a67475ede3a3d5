// When may the writer free what readers could still hold? One writer, up to kReadersMax readers, no lock, no
// fence.
//
// A reader that goes online stores the global epoch in its own seat, and 0 when it goes offline. The writer
// unlinks a thing (stores the slot, the array or the view), then retires it under e = ++epoch, and frees it
// once every seat holds 0 or at least e. All of these, and the readers' loads of what the writer unlinks, are
// seq_cst.
//
// Proof that nobody holds what is freed. Take the single total order S of the seq_cst operations, a thing
// retired under e, and the writer's look at one seat that let it go.
//  - It saw a value v ≥ e. The reader had loaded v from the global epoch, after the writer stored e, hence
//    after the thing was unlinked; everything that reader loads since then follows in S and finds the new
//    value. What it did before it stored v happens before the writer's look (the store synchronises with that
//    load).
//  - It saw 0. Either the reader was offline: its stores of 0 synchronise with the look, so its reading
//    happens before the freeing. Or it is about to go online: its store follows the look in S, and its later
//    loads follow that store, hence follow the unlinking. It does not matter that the epoch it stores is an
//    old one.
// Any other value makes the writer wait; so a reader that goes online again between two looks costs nothing.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>

namespace muster::zones {

class Epochs {
 public:
  static constexpr std::size_t kReadersMax = 256;

  // A reader's seat, alone on its cache line.
  struct alignas(64) Seat {
    std::atomic<std::uint64_t> epoch{0};
    std::atomic<bool> taken{false};
  };

  // From any thread. Null: all seats are taken.
  Seat* take_seat();
  static void leave_seat(Seat& seat);

  void online(Seat& seat) const { seat.epoch.store(global_.load()); }
  static void offline(Seat& seat) { seat.epoch.store(0); }

  // The writer's: the epoch under which what was just unlinked is retired.
  std::uint64_t advance() { return global_.fetch_add(1) + 1; }
  // What was retired under this epoch or an earlier one may be freed.
  std::uint64_t safe() const;

 private:
  std::atomic<std::uint64_t> global_{1};
  std::array<Seat, kReadersMax> seats_;
  std::atomic<std::size_t> seats_used_{0};  // seats from here on were never taken
};

}  // namespace muster::zones
