// What a zone keeps so that it can be transferred: an ordered index of its names, what the names of the open
// batch of changes held before, the journal of the batches since, and the walks under way (RFC 5936, 1995).
// Zones that nobody may transfer have none. Control thread only.
//
// Invariants:
//  1. The first change of a name in a batch keeps a copy of its old entry; when the batch closes, old and new
//     content of each such name become one difference. A name that is as it was is no difference.
//  2. A walk shows the zone of the serial that was current when it began: it begins with the open batch's old
//     entries, and gets the old entry of each name that changes before it came by.
//  3. What is kept is bounded: a batch that outgrows its bound empties the journal, a walk is aborted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <unordered_map>
#include <vector>

#include "zones/journal.h"
#include "zones/zone_walk.h"

namespace muster::zones {

class ZoneHistory {
 public:
  static constexpr std::size_t kBatchMost = 64 << 20;  // octets of old entries
  static constexpr std::size_t kSlice = 64 << 10;      // octets of records; well below a millisecond
  static constexpr std::size_t kNamesASlice = 2000;    // whatever they hold

  // What the zone holds at a name now; null: nothing.
  using Find = std::function<const Entry*(const Name&)>;

  explicit ZoneHistory(Find find) : find_(std::move(find)) {}
  ~ZoneHistory();
  ZoneHistory(const ZoneHistory&) = delete;
  ZoneHistory& operator=(const ZoneHistory&) = delete;

  // Around each change of a name's content: what it held (null: nothing), and what it holds.
  void before(const Name& owner, const Entry* old);
  void after(const Name& owner, bool was_there, const Entry* fresh);

  // Nothing is recorded while a zone is filled for the first time. Beginning forgets what was before.
  void record(bool on);
  // Whether the open batch changes anything that a transfer would show. If it does, close() comes next.
  bool differs();
  // The open batch gets its serial. The SOAs are of before and after it, with their TTLs.
  struct SoaVersion {
    Soa soa;
    std::uint32_t ttl = 0;
  };
  void close(const Name& apex, const SoaVersion& before, const SoaVersion& after);

  const Journal& journal() const { return journal_; }
  // Of the whole zone without its SOA, as RecordList counts.
  std::size_t octets() const { return octets_; }

  // Null: the open batch has outgrown its bound, so that the zone of the current serial is known no more.
  std::shared_ptr<ZoneWalk> begin_walk();
  // Adds whole names until there are so many octets more. False: none is left, or the walk is aborted.
  bool next(ZoneWalk& walk, RecordList& records, std::size_t octets = kSlice);

  struct Counts {
    std::uint64_t batches_overgrown = 0;
    std::uint64_t walks_aborted = 0;
  };
  const Counts& counts() const { return counts_; }

 private:
  void settle();
  void forget_batch();
  std::size_t drop_unwanted_walks();

  Find find_;
  std::set<Name> names_;  // with records
  std::size_t octets_ = 0;
  bool recording_ = false;
  std::unordered_map<Name, std::shared_ptr<const Entry>, NameHash> batch_;  // null: held nothing
  std::size_t batch_octets_ = 0;
  bool overgrown_ = false;
  RecordList deleted_;  // of the open batch, as far as it is settled
  RecordList added_;
  Journal journal_;
  std::vector<std::shared_ptr<ZoneWalk>> walks_;
  Counts counts_;
};

}  // namespace muster::zones
