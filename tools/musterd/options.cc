#include "tools/musterd/options.h"

#include <CLI/CLI.hpp>
#include <iostream>

#include "tools/config/import_mesos_dns.h"

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
  std::string mesos_dns;
  auto* foreign = app.add_option("--mesos-dns-config", mesos_dns, "run what this config.json of Mesos-DNS says");
  auto* dev = app.add_flag("--dev", options.dev, "no file: memory store, loopback, ports 5300 and 8053");
  auto* check_config =
      app.add_option("--check-config", check, "check this file and its zones, print what is wrong, and leave");
  app.add_option("--set", options.overrides, "override one key: dns.udp_threads=1; may repeat")->take_all();
  config->excludes(dev)->excludes(check_config)->excludes(foreign);
  dev->excludes(check_config)->excludes(foreign);
  foreign->excludes(check_config);
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
  if (!mesos_dns.empty()) {
    options.of_mesos_dns = true;
    options.config = mesos_dns;
  }
  if (options.config.empty() && !options.dev) {
    std::cerr << "musterd: say --config FILE, or --dev to try it without a file (musterd --help)\n";
    exit_code = kWrongUsage;
    return std::nullopt;
  }
  return options;
}

config::LoadResult load_config(const Options& options) {
  if (options.dev) return config::load_dev(options.overrides);
  if (!options.of_mesos_dns) return config::load_file(options.config, options.overrides);
  config::ImportedConfig imported = config::import_mesos_dns_file(options.config, config::Secrets::held);
  for (const std::string& warning : imported.warnings) std::cerr << warning << '\n';
  if (imported.errors.empty()) return config::load_text(imported.toml, options.config, options.overrides);
  config::LoadResult refused;
  refused.errors = std::move(imported.errors);
  return refused;
}

}  // namespace muster::tools
