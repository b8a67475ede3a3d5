// A whole zone as one immutable value: what a master file says after every check. It is compiled on any
// thread and consumed on the control thread a few names at a time: name(0) to name(names() - 1), parents
// before children.
//
// Compact (16 octets a record, 36 to 52 a name, and their own octets), because a large zone is there twice
// while it is loaded: here and in the live table. NameSpec values are made only when asked for.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "zones/answer_spec.h"
#include "zones/octet_arena.h"
#include "zones/owner_index.h"
#include "zones/zone_fault.h"
#include "zones/zone_record.h"

namespace muster::zones {

// The parts of a compiled zone. Records of owner i are records[firsts[i]] up to firsts[i + 1], one type after
// the other; the apex is owner 0 and ancestors come before what is below them, else as first read.
struct ZoneContent {
  OctetArena octets;
  OwnerIndex owners;
  std::vector<std::uint32_t> firsts;
  std::vector<ZoneRecord> records;

  std::span<const ZoneRecord> of(std::uint32_t owner) const {
    return std::span(records).subspan(firsts[owner], firsts[owner + 1] - firsts[owner]);
  }
  std::span<ZoneRecord> of(std::uint32_t owner) {
    return std::span(records).subspan(firsts[owner], firsts[owner + 1] - firsts[owner]);
  }
};

class CompiledZone {
 public:
  // Precondition: the content has a SOA at its apex.
  CompiledZone(ZoneContent content, ZoneFaults warnings);

  Name apex() const { return *Name::from_wire(owner(0)); }
  const Soa& soa() const { return soa_; }
  std::uint32_t soa_ttl() const { return soa_ttl_; }
  std::size_t names() const { return content_.owners.size(); }  // with records
  std::size_t records() const { return content_.records.size(); }
  const ZoneFaults& warnings() const { return warnings_; }
  // Of all that it holds, whatever the order: another content has another one, but for one case in 2^64. It
  // is stored, so what it is of may not change between versions of musterd.
  std::uint64_t digest() const { return digest_; }

  std::string_view owner(std::uint32_t name) const { return content_.owners[name]; }
  std::span<const ZoneRecord> records_of(std::uint32_t name) const { return content_.of(name); }
  std::optional<std::uint32_t> find(std::string_view wire) const { return content_.owners.find(wire); }
  // What Zones::put takes: the apex comes without its SOA.
  NameSpec name(std::uint32_t name) const;
  // Memory held, in octets.
  std::size_t allocated() const;

 private:
  ZoneContent content_;
  ZoneFaults warnings_;
  Soa soa_;
  std::uint32_t soa_ttl_ = 0;
  std::uint64_t digest_ = 0;
};

}  // namespace muster::zones
