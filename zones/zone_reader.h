// From the text of master files to records in the order of reading: directives, owners, TTLs, classes, types,
// rdata. What records mean together is zone_rules' question. One pass, no allocation per record.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <system_error>
#include <vector>

#include "registry/net/result.h"
#include "zones/compiled_zone.h"

namespace muster::zones {

// The text of a file. A reader never opens one itself.
using FileReader = std::function<net::Result<std::string, std::error_code>(const std::string& path)>;

struct ZoneFileLimits {
  std::size_t errors = 20;
  std::size_t warnings = 100;
  std::size_t records = 50'000'000;
  std::size_t include_depth = 10;
};

struct ZoneDraft {
  explicit ZoneDraft(const ZoneFileLimits& limits) : errors(limits.errors), warnings(limits.warnings) {}

  OctetArena octets;
  OwnerIndex owners;
  std::vector<ZoneRecord> records;
  std::vector<std::uint32_t> owner_of;  // of each record
  std::vector<std::uint32_t> line_of;   // of each record, in `sources`
  SourceMap sources;
  ZoneFaults errors;
  ZoneFaults warnings;
  bool has_soa = false;
  std::uint64_t fingerprint = 0;
};

// The apex is owner 0, even when it has no record.
ZoneDraft read_zone(const std::string& path, const Name& apex, const FileReader& read,
                    const ZoneFileLimits& limits);

}  // namespace muster::zones
