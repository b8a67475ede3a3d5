// A master file (RFC 1035 §5) to a CompiledZone, or to the list of what is wrong with it. Pure: files come
// through the function that is passed in. Any thread; one zone a call, nothing shared.
#pragma once

#include <string>
#include <vector>

#include "registry/net/result.h"
#include "zones/compiled_zone.h"
#include "zones/zone_reader.h"

namespace muster::zones {

// Errors in the order of reading, then those of the zone as a whole; at most ZoneFileLimits::errors of them.
struct ZoneFileErrors {
  std::vector<ZoneFault> list;
};
using CompiledZoneResult = net::Result<CompiledZone, ZoneFileErrors>;

// `path` is handed to `read` as it is; included files relative to it.
CompiledZoneResult compile_zone(const std::string& path, const Name& apex, const FileReader& read,
                                const ZoneFileLimits& limits = {});

// Reads from the disk, files of up to 1 GiB.
net::Result<std::string, std::error_code> read_whole_file(const std::string& path);

}  // namespace muster::zones
