#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <ctime>
#include <filesystem>
#include <fstream>

#include "tools/musterd/metrics/page.h"

namespace muster::tools {

namespace {

struct Memory {
  double virtual_pages = 0;
  double resident_pages = 0;
};

Memory memory_now() {
  Memory memory;
  std::ifstream in("/proc/self/statm");
  in >> memory.virtual_pages >> memory.resident_pages;
  return memory;
}

// 0 where /proc is hidden. The listing itself holds one descriptor.
double open_files() {
  std::error_code error;
  std::filesystem::directory_iterator files("/proc/self/fd", error);
  if (error) return 0;
  const auto count = std::distance(std::filesystem::begin(files), std::filesystem::end(files));
  return static_cast<double>(count - 1);
}

double most_files() {
  rlimit limit{};
  return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? static_cast<double>(limit.rlim_cur) : 0;
}

void write_health(Exposition& page, const registry::api::HealthReport& health) {
  constexpr std::array kValues = {1.0, 0.5, 0.0};  // pass, warn, fail
  page.family("muster_health_check", MetricType::gauge, "musterd's own checks: 1 pass, 0.5 warn, 0 fail.");
  for (const auto& line : health.checks)
    page.sample({{"name", line.name}}, kValues[static_cast<std::size_t>(line.verdict.status)]);
}

}  // namespace

void write_process(Exposition& page, const MetricSources& sources) {
  write_health(page, sources.health);
  page.family("muster_config_reloads_total", MetricType::counter, "Reloads of the configuration.");
  page.sample({{"result", "ok"}}, static_cast<double>(sources.reloads.ok));
  page.sample({{"result", "refused"}}, static_cast<double>(sources.reloads.refused));
  page.counter("muster_log_suppressed_total",
               "Log lines of transitions left out because there were too many in a second.",
               static_cast<double>(sources.log_suppressed));
  page.family("muster_build_info", MetricType::gauge, "Always 1; the version is the label.");
  page.sample({{"version", MUSTER_VERSION}}, 1);
  const auto page_octets = static_cast<double>(sysconf(_SC_PAGESIZE));
  const Memory memory = memory_now();
  page.gauge("process_start_time_seconds", "Unix time of the start.",
             static_cast<double>(sources.started.wall.time_since_epoch().count()) / 1e3);
  page.counter("process_cpu_seconds_total", "CPU time used.",
               static_cast<double>(std::clock()) / CLOCKS_PER_SEC);
  page.gauge("process_resident_memory_bytes", "Resident memory.", memory.resident_pages * page_octets);
  page.gauge("process_virtual_memory_bytes", "Virtual memory.", memory.virtual_pages * page_octets);
  page.gauge("process_open_fds", "Open file descriptors.", open_files());
  page.gauge("process_max_fds", "The most file descriptors that may be open.", most_files());
}

std::string metrics_text(const ControlSnapshot& snapshot, const MetricSources& sources) {
  Exposition page;
  write_dns(page, snapshot, sources);
  write_forward(page, sources);
  write_zones(page, snapshot, sources);
  write_registry(page, snapshot, sources);
  write_control(page, sources.control);
  write_health(page, snapshot, sources);
  write_http(page, sources.http, sources.watch);
  write_limits(page, snapshot, sources);
  write_schedulers(page, sources);
  write_process(page, sources);
  return page.take();
}

}  // namespace muster::tools
