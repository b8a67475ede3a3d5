#include "zones/zone_file.h"

#include "registry/net/file_text.h"
#include "zones/zone_rules.h"

namespace muster::zones {

CompiledZoneResult compile_zone(const std::string& path, const Name& apex, const FileReader& read,
                                const ZoneFileLimits& limits) {
  ZoneDraft draft = read_zone(path, apex, read, limits);
  if (!draft.errors.full()) {
    GroupedZone zone = group_records(draft);
    check_rules(zone, draft);
    if (draft.errors.empty()) {
      return CompiledZone(std::move(zone.content), std::move(draft.warnings));
    }
  }
  return ZoneFileErrors{draft.errors.list()};
}

net::Result<std::string, std::error_code> read_whole_file(const std::string& path) {
  constexpr std::size_t kLargest = std::size_t{1} << 30;
  return net::file_text(path, kLargest);
}

}  // namespace muster::zones
