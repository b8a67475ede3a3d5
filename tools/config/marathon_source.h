// [[source.marathon]] as plain values. What each key means: docs/reference/configuration.md.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tools/config/mesos_source.h"

namespace muster::config {

struct MarathonSource {
  std::string name = "marathon";
  std::vector<std::string> urls;    // "http://10.0.0.1:8080"
  std::filesystem::path urls_file;  // empty: none
  std::string label_selector;
  std::string service_name = "{path}";
  SourceRules rules;
  bool operator==(const MarathonSource&) const = default;
};

}  // namespace muster::config
