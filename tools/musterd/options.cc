#include "tools/musterd/options.h"

#include <CLI/CLI.hpp>

namespace muster::tools {

namespace {
constexpr int kWrongUsage = 2;
}

std::optional<Options> read_options(int argc, char** argv, int& exit_code) {
  Options options;
  std::string check;
  CLI::App app("musterd answers DNS from a live registry of services.", "musterd");
  app.set_version_flag("--version", "musterd " MUSTER_VERSION);
  auto* config = app.add_option("--config", options.config, "the configuration file (musterd.toml)");
  auto* dev = app.add_flag("--dev", options.dev, "no file: memory store, loopback, ports 5300 and 8053");
  auto* check_config =
      app.add_option("--check-config", check, "check this file, print what is wrong, and leave");
  app.add_option("--set", options.overrides, "override one key: dns.udp_threads=1; may repeat")->take_all();
  config->excludes(dev)->excludes(check_config);
  dev->excludes(check_config);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    exit_code = app.exit(error) == 0 ? 0 : kWrongUsage;
    return std::nullopt;
  }
  if (!check.empty()) {
    options.check_only = true;
    options.config = check;
  }
  if (options.config.empty() && !options.dev) {
    std::cerr << "musterd: say --config FILE, or --dev to try it without a file (musterd --help)\n";
    exit_code = kWrongUsage;
    return std::nullopt;
  }
  return options;
}

}  // namespace muster::tools
