// The names in file zones that are services' ([service.X] also), as the zones are asked about them.
#pragma once

#include <vector>

#include "tools/config/config.h"
#include "zones/bound_names.h"

namespace muster::config {

std::vector<zones::BoundName> public_names(const Config& config);
// Of them those in the zone of this apex and in no other file's zone below it.
std::vector<zones::BoundName> public_names_in(const zones::Name& apex, const std::vector<ZoneFile>& files,
                                              const std::vector<zones::BoundName>& bound);

}  // namespace muster::config
