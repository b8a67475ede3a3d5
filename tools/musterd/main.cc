// musterd: reads its options and its configuration, then serves. Exit status: 0 stopped on request, 1 cannot start,
// 2 wrong usage, a faulty configuration, or a store that must not or cannot be touched.
#include <cstdio>

#include "tools/config/check_files.h"
#include "tools/config/config_reader.h"
#include "tools/musterd/log.h"
#include "tools/musterd/musterd.h"

namespace muster::tools {
namespace {

constexpr int kFailed = 1;
constexpr int kRefused = 2;

int report(const std::vector<std::string>& errors) {
  for (const std::string& error : errors) std::fprintf(stderr, "%s\n", error.c_str());
  return errors.empty() ? 0 : kRefused;
}

void print_hints(const Musterd& musterd, const config::Config& config) {
  constexpr const char* kServerMusterAsks = "127.0.0.1:8053";
  const net::Endpoint dns = musterd.dns_listeners().front();
  const std::string http = net::to_string(musterd.http_listeners().front());
  const std::string domain = config.zones.domain.text();
  std::printf("Try, in another terminal:\n  muster register web 127.0.0.1:8080%s\n  dig @%s -p %u web.%s\n",
              http == kServerMusterAsks ? "" : (" --server http://" + http).c_str(), net::to_string(dns.address).c_str(), dns.port,
              domain.substr(0, domain.size() - 1).c_str());
  std::fflush(stdout);
}

int serve(const Options& options) {
  config::LoadResult result = load_config(options);
  if (!result.errors.empty()) return report(result.errors);
  const auto config = std::make_shared<const config::Config>(std::move(result.config));
  struct Log {
    explicit Log(const config::Config& of) { open_log(of.log.level, of.log.format, of.server.name); }
    ~Log() { close_log(); }
  };
  try {
    const Log log(*config);
    Musterd musterd(options, config);
    if (options.dev) print_hints(musterd, *config);
    return musterd.run();
  } catch (const registry::StoreRefused& error) {
    std::fprintf(stderr, "musterd: %s\n", error.what());
    return kRefused;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "musterd: %s\n", error.what());
    return kFailed;
  }
}

int run(int argc, char** argv) {
  int exit_code = 0;
  const auto options = read_options(argc, argv, exit_code);
  if (!options) return exit_code;
  if (!options->check_only) return serve(*options);
  const auto found = config::check_config(options->config, options->overrides);
  for (const std::string& warning : found.warnings) std::fprintf(stderr, "%s\n", warning.c_str());
  if (found.errors.empty()) std::printf("%s: good\n", options->config.c_str());
  return report(found.errors);
}

}  // namespace
}  // namespace muster::tools

int main(int argc, char** argv) { return muster::tools::run(argc, argv); }
