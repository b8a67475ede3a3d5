// Schedulers as sources: [[source.mesos]], and what all of them have in common.
#pragma once

#include <string>
#include <vector>

#include "tools/config/mesos_source.h"
#include "tools/config/section.h"

namespace muster::config {

// `taken`: the names of the sources before it.
std::string read_source_name(Section& section, const std::string& fallback,
                             const std::vector<std::string>& taken);
SourceRules read_source_rules(Section& section);
// One [[source.mesos]] table; appends it.
void read_mesos_source(Section& section, const std::vector<std::string>& taken,
                       std::vector<MesosSource>& sources);

}  // namespace muster::config
