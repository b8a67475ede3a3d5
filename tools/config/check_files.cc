#include "tools/config/check_files.h"

#include "tools/config/config_reader.h"
#include "tools/config/public_names.h"
#include "zones/zone_file.h"

namespace muster::config {

Findings check_files(const Config& config) {
  Findings findings;
  const auto bound = public_names(config);
  for (const ZoneFile& file : config.zones.files) {
    const auto zone = zones::compile_zone(file.file.string(), file.name, zones::read_whole_file);
    if (!zone) {
      for (const zones::ZoneFault& fault : zone.error().list)
        findings.errors.push_back(zones::to_string(fault));
      continue;
    }
    for (const zones::ZoneFault& fault : zone->warnings().list())
      findings.warnings.push_back(zones::to_string({fault.file, fault.at, "warning: " + fault.what}));
    const auto in_it = public_names_in(file.name, config.zones.files, bound);
    for (const std::string& fault : zones::bound_faults(*zone, in_it))
      findings.errors.push_back(fault + ", in " + file.file.string());
  }
  return findings;
}

Findings check_config(const std::string& file, const std::vector<std::string>& overrides) {
  LoadResult result = load_file(file, overrides);
  if (!result.errors.empty()) return {std::move(result.errors), {}};
  return check_files(result.config);
}

}  // namespace muster::config
