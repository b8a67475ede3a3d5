// A way through all records of a zone as they were at one serial, a slice at a time, while changes go on
// (RFC 5936 §3). The history hands it what changes before it came by; ZoneHistory::next() goes on with it.
//
// Thread safety: the control thread's, but for abandon(), which any thread may call.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>

#include "zones/entry.h"
#include "zones/name.h"

namespace muster::zones {

class ZoneWalk {
 public:
  // What may change ahead of one walk; beyond it the walk is aborted.
  static constexpr std::size_t kKeptMost = 64 << 20;

  // Nobody waits for it any more.
  void abandon() { abandoned_.store(true, std::memory_order_relaxed); }
  bool is_aborted() const { return aborted_; }

 private:
  friend class ZoneHistory;
  bool is_wanted() const { return !aborted_ && !done_ && !abandoned_.load(std::memory_order_relaxed); }
  bool has_passed(const Name& name) const { return last_ && !(*last_ < name); }
  void keep(const Name& name, std::shared_ptr<const Entry> old);
  void abort();

  std::optional<Name> last_;                           // the name that was sent last
  std::map<Name, std::shared_ptr<const Entry>> kept_;  // ahead of it, as they were; null: held nothing
  std::size_t kept_octets_ = 0;
  bool done_ = false;
  bool aborted_ = false;
  std::atomic<bool> abandoned_{false};
};

}  // namespace muster::zones
