// A record of a zone that lies in somebody's memory: what master files are read into and entries made of.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "zones/record.h"

namespace muster::zones {

struct ZoneRecord {
  const char* octets;
  std::uint32_t ttl;
  RrType type;
  std::uint16_t size;
  std::string_view rdata() const { return {octets, size}; }
};

// The first RRset of records that are grouped by type.
inline std::span<const ZoneRecord> first_rrset(std::span<const ZoneRecord> records) {
  std::size_t size = 0;
  while (size < records.size() && records[size].type == records[0].type) ++size;
  return records.first(size);
}

}  // namespace muster::zones
