// The endpoints of an UltraESB configuration (u:endpoint, u:inDestination, u:outDestination) as services of
// musterd: their group type as a policy, their addresses as a static list, their time-outs and suspensions as
// they are, in our units. Everything else of the file is another program's business and is passed over.
#pragma once

#include <string>
#include <string_view>

#include "tools/config/imported_config.h"

namespace muster::cli {

// `file` is named in the messages. No external entity is read.
config::ImportedConfig import_ultraesb(std::string_view xml, const std::string& file);

}  // namespace muster::cli
