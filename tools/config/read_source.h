// Schedulers as sources: [[source.mesos]], [[source.marathon]], and what both have in common.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/config/marathon_source.h"
#include "tools/config/mesos_source.h"
#include "tools/config/section.h"

namespace muster::config {

// `taken`: the names of the sources before it.
std::string read_source_name(Section& section, const std::string& fallback,
                             const std::vector<std::string>& taken);
// `rules`: the defaults.
SourceRules read_source_rules(Section& section, SourceRules rules);
// A scheduler's address: scheme, host and perhaps a port, nothing else; nullopt: it is none.
std::optional<std::string> read_origin(Section& section, std::string_view key, std::string_view text);
// A pattern of names of services, of which these parts are known: "{name}".
std::string read_service_name(Section& section, std::string fallback, const std::vector<std::string>& known);
// Words of a list that must not be empty.
std::vector<std::string> each_once(Section& section, std::string_view key, std::vector<std::string> words,
                                   const std::vector<std::string>& known);
// One [[source.mesos]] table; appends it.
void read_mesos_source(Section& section, const std::vector<std::string>& taken,
                       std::vector<MesosSource>& sources);
void read_marathon_source(Section& section, const std::vector<std::string>& taken,
                          std::vector<MarathonSource>& sources);

}  // namespace muster::config
