// The command line of musterd.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tools/config/config_reader.h"

namespace muster::tools {

struct Options {
  std::string config;
  bool of_mesos_dns = false;           // `config` is one of Mesos-DNS
  std::vector<std::string> overrides;  // --set KEY=VALUE
  bool dev = false;
  bool check_only = false;
};

// nullopt: `exit_code` tells what to leave with (--help, --version: 0; wrong usage: 2); everything was
// printed.
std::optional<Options> read_options(int argc, char** argv, int& exit_code);

// The configuration that the command line names: a file, one of Mesos-DNS, or none. What the latter's keys lose on the way
// is printed to standard error.
config::LoadResult load_config(const Options& options);

}  // namespace muster::tools
