// The last differences of a zone, oldest first, each leading from one serial to the next (RFC 1995 §4). In
// memory only: after a restart there is none, and who asks for a difference gets the whole zone. Bounded in
// octets; the oldest go first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "zones/record_list.h"

namespace muster::zones {

// Immutable once made: transfers hold it while the journal may drop it.
struct Difference {
  std::uint32_t from = 0;
  std::uint32_t to = 0;
  RecordList deleted;  // begins with the old SOA
  RecordList added;    // begins with the new SOA
  std::size_t octets() const { return deleted.octets() + added.octets(); }
};
using DifferencePtr = std::shared_ptr<const Difference>;

class Journal {
 public:
  static constexpr std::size_t kOctetsMost = 16 << 20;

  // One that is larger than the whole journal may be leaves it empty: nobody can be led across it.
  // Precondition: the serial goes forward (RFC 1982).
  void add(Difference difference);
  void clear();
  // From this serial to the newest, in order; nullopt: it is not known here.
  std::optional<std::vector<DifferencePtr>> since(std::uint32_t serial) const;

  std::size_t size() const { return kept_.size(); }
  std::size_t octets() const { return octets_; }
  std::uint64_t dropped() const { return dropped_; }  // for want of room

 private:
  std::deque<DifferencePtr> kept_;
  std::size_t octets_ = 0;
  std::uint64_t dropped_ = 0;
};

}  // namespace muster::zones
