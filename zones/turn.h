// Whose turn it is at one RRset that goes round: a counter outside the entry, because the entry is made anew
// with every change and the round goes on. Shared by all threads that answer; alone on its cache line, so
// that two busy sets do not slow each other down.
//
// Entries hold it: the published one, those that wait for readers to leave, and copies for transfers. The
// last one frees it, on whatever thread it goes.
#pragma once

#include <atomic>
#include <cstdint>

namespace muster::zones {

class alignas(64) Turn {
 public:
  // Which turn this answer has. Never the same for two.
  std::uint64_t take() { return next_.fetch_add(1, std::memory_order_relaxed); }

  // One more holder; a new one has one.
  Turn* held() {
    holders_.fetch_add(1, std::memory_order_relaxed);
    return this;
  }
  void release() {
    if (holders_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

 private:
  ~Turn() = default;
  std::atomic<std::uint64_t> next_{0};
  std::atomic<std::uint32_t> holders_{1};
};

}  // namespace muster::zones
