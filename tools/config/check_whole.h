// What only the whole configuration can show: zones and addresses that stand in it twice, and keys that are not there.
#pragma once

#include <toml++/toml.h>

#include "tools/config/config.h"
#include "tools/config/diagnostics.h"

namespace muster::config {

// `root` is the table that `config` was read from without a fault: it knows the places.
void check_whole(const toml::table& root, const Config& config, Diagnostics& diagnostics);

}  // namespace muster::config
