// --check-config: the configuration, and what only the files that it names can show. A start reads the zones later, when
// it answers already, and serves those that are good.
#pragma once

#include <string>
#include <vector>

#include "tools/config/config.h"

namespace muster::config {

struct Findings {
  std::vector<std::string> errors;    // each "FILE:LINE:COLUMN: …"; empty: good
  std::vector<std::string> warnings;  // each "FILE:LINE:COLUMN: warning: …"
};

// The zones of [[zones.file]], and whether services can stand at names in them.
Findings check_files(const Config& config);
// All of it: of a faulty configuration the files are not looked at.
Findings check_config(const std::string& file, const std::vector<std::string>& overrides = {});

}  // namespace muster::config
