// Reads musterd.toml: strict, all faults in one run, nothing half taken. Only tools/ and tests use this.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tools/config/config.h"

namespace muster::config {

struct LoadResult {
  Config config;
  std::vector<std::string> errors;   // empty: good. Each "FILE:LINE:COLUMN: …"
  std::set<std::string> known_keys;  // that were looked for, as "dns.listen"
};

// `overrides` are "dns.udp_threads=1": a TOML value, or a bare word taken as a string.
LoadResult load_text(std::string_view text, const std::string& file,
                     const std::vector<std::string>& overrides = {});
LoadResult load_file(const std::string& file, const std::vector<std::string>& overrides = {});
// musterd --dev: memory store, loopback, no file.
LoadResult load_dev(const std::vector<std::string>& overrides = {});

}  // namespace muster::config
