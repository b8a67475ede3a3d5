// Another program's configuration as one of musterd, and TOML as such imports write it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace muster::config {

struct ImportedConfig {
  std::string toml;                   // commented
  std::vector<std::string> warnings;  // "FILE:LINE:COLUMN: KEY: …": what will not be as it was
  std::vector<std::string> errors;    // the same; not empty: `toml` is of no use
};

// A basic string (TOML 1.0); those of JSON are a part of them.
std::string toml_string(std::string_view text);
std::string toml_list(const std::vector<std::string>& texts);

}  // namespace muster::config
