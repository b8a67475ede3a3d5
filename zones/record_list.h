// Records one after the other in wire form, uncompressed: owner, type, class IN, TTL, length, rdata. What the
// journal keeps and what transfers carry; their size is the measure of both.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "zones/entry.h"
#include "zones/record.h"

namespace muster::zones {

struct RecordView {
  std::string_view owner;  // wire form, case as written
  RrType type{};
  std::uint32_t ttl = 0;
  std::string_view rdata;  // names uncompressed
};

class RecordList {
 public:
  void add(std::string_view owner, RrType type, std::uint32_t ttl, std::string_view rdata);
  void append(const RecordList& other);
  // All that an entry holds but a SOA, which is the zone's and not the name's, with the configured TTLs.
  void add_all(const Entry& entry);

  std::size_t count() const { return count_; }
  std::size_t octets() const { return wire_.size(); }
  bool empty() const { return count_ == 0; }

  // From the first record on; the list stays as it is meanwhile.
  class Cursor {
   public:
    Cursor() = default;
    explicit Cursor(const RecordList& list) : rest_(list.wire_) {}
    bool at_end() const { return rest_.empty(); }
    RecordView next();  // precondition: !at_end()

   private:
    std::string_view rest_;
  };

  template <class Visit>
  void for_each(Visit visit) const {
    for (Cursor cursor(*this); !cursor.at_end();) visit(cursor.next());
  }

 private:
  std::string wire_;
  std::size_t count_ = 0;
};

// What add_all() of the entry would bring.
std::size_t transfer_octets(const Entry& entry);

// What must be deleted and what added so that the first becomes the second (null: holds nothing). The order
// of records in an RRset is no difference, nor is a TTL that is lowered for a lease.
void add_difference(const Entry* from, const Entry* to, RecordList& deleted, RecordList& added);

}  // namespace muster::zones
