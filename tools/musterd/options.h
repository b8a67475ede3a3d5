// The command line of musterd.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace muster::tools {

struct Options {
  std::string config;
  std::vector<std::string> overrides;  // --set KEY=VALUE
  bool dev = false;
  bool check_only = false;
};

// nullopt: `exit_code` tells what to leave with (--help, --version: 0; wrong usage: 2); everything was
// printed.
std::optional<Options> read_options(int argc, char** argv, int& exit_code);

}  // namespace muster::tools
