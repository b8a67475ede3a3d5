// What reading a large /master/state costs: 54 MB in pieces as they come from a socket, without the document
// being held anywhere. CPU time; the memory of the state that it makes, and what reading needs besides at its
// peak. A process each: what one run has freed would hide what the next needs.
#include <benchmark/benchmark.h>
#include <gperftools/malloc_extension.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>

#include "registry/sources/mesos_parse.h"

namespace muster::registry::sources {
namespace {

constexpr std::size_t kAgents = 400;
constexpr std::size_t kPiece = 64 * 1024;

std::string agent(std::size_t number) {
  const std::string n = std::to_string(number);
  return R"({"id":"2f1c7d62-0b7e-4c7d-9a52-b0a5b7c7f001-S)" + n + R"(","hostname":"agent-)" + n +
         R"(.example.net","port":5051,"attributes":{"rack":"r)" + std::to_string(number % 20) +
         R"("},"pid":"slave(1)@10.0.)" + std::to_string(number / 250) + "." + std::to_string(number % 250) +
         R"(:5051","registered_time":1511000000.5,"resources":{"disk":92000,"mem":14000,"gpus":0,"cpus":8,)"
         R"("ports":"[31000-32000]"},"used_resources":{"disk":0,"mem":9000,"gpus":0,"cpus":6.5},"active":true,)"
         R"("version":"1.11.0"})";
}

// About 900 octets, as Marathon's tasks are told.
std::string task(std::size_t number, bool is_running) {
  const std::string n = std::to_string(number);
  const std::string state = is_running ? "TASK_RUNNING" : "TASK_FINISHED";
  const std::string port = std::to_string(31'000 + number % 1'000);
  return R"({"id":"shop_cart-)" + std::to_string(number / 20) + ".instance-4fb1f5a5-0c5b-11e8-b0a5-" + n +
         R"(._app.1","name":"cart-)" + std::to_string(number / 20) +
         R"(.shop","framework_id":"2f1c7d62-0b7e-4c7d-9a52-b0a5b7c7f001-0000","executor_id":"","slave_id":)"
         R"("2f1c7d62-0b7e-4c7d-9a52-b0a5b7c7f001-S)" +
         std::to_string(number % kAgents) + R"(","state":")" + state +
         R"(","resources":{"disk":0.0,"mem":512.0,"gpus":0.0,"cpus":0.25,"ports":"[)" + port + "-" + port +
         R"(]"},"role":"slave_public","statuses":[{"state":"TASK_STAGING","timestamp":1511265124.73,)"
         R"("container_status":{"network_infos":[]}},{"state":")" +
         state +
         R"(","timestamp":1511265133.04,"labels":[{"key":"zone","value":"a"}],"container_status":)"
         R"({"container_id":{"value":"1a9e4b24-3a55-4bb5-8d86-0f7e7c2d)" +
         n + R"("},"network_infos":[{"ip_addresses":[{"protocol":"IPv4","ip_address":"10.)" +
         std::to_string(number >> 16 & 255) + "." + std::to_string(number >> 8 & 255) + "." +
         std::to_string(number & 255) +
         R"("}]}]},"healthy":true}],"labels":[{"key":"muster.weight","value":"3"}],"discovery":{"visibility":)"
         R"("FRAMEWORK","name":"cart.shop","ports":{"ports":[{"number":)" +
         port + R"(,"name":"http","protocol":"tcp"}]}},"container":{"type":"MESOS"}})";
}

// Writes into the parser what it is given, in pieces.
class Document {
 public:
  explicit Document(MesosStateParser& parser) : parser_(parser) {}
  void add(std::string_view text) {
    octets_ += text.size();
    piece_ += text;
    if (piece_.size() >= kPiece) flush();
  }
  void flush() {
    if (!parser_.write(piece_)) std::abort();
    piece_.clear();
  }
  std::size_t octets() const { return octets_; }

 private:
  MesosStateParser& parser_;
  std::string piece_;
  std::size_t octets_ = 0;
};

std::size_t add_tasks(Document& document, std::size_t count, bool are_running) {
  for (std::size_t number = 0; number < count; ++number) {
    if (number > 0) document.add(",");
    document.add(task(number, are_running));
  }
  return count;
}

std::size_t write_state(Document& document, std::size_t running, std::size_t ended) {
  document.add(
      R"({"version":"1.11.0","leader":"master@10.0.0.1:5050","pid":"master@10.0.0.1:5050","slaves":[)");
  for (std::size_t number = 0; number < kAgents; ++number) {
    if (number > 0) document.add(",");
    document.add(agent(number));
  }
  document.add(R"(],"frameworks":[{"id":"2f1c7d62-0b7e-4c7d-9a52-b0a5b7c7f001-0000","name":"marathon",)"
               R"("pid":"scheduler-1@10.0.0.5:15101","hostname":"10.0.0.5","active":true,"connected":true,)"
               R"("registered_time":1511000000.5,"tasks":[)");
  add_tasks(document, running, true);
  document.add(R"(],"completed_tasks":[)");
  add_tasks(document, ended, false);
  document.add("]}]}");
  document.flush();
  return document.octets();
}

std::size_t peak_octets() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    std::size_t kib = 0;
    if (word == "VmHWM:" && status >> kib) return kib * 1024;
  }
  return 0;
}
std::size_t resident_octets() {
  std::size_t all = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> all >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

// What making the text costs is measured with a parser that has failed and looks at nothing.
double seconds_of_text(std::size_t running, std::size_t ended) {
  const std::clock_t begun = std::clock();
  std::string sink;
  std::size_t sum = 0;
  for (std::size_t number = 0; number < running + ended; ++number) {
    sink = task(number, number < running);
    sum += sink.size();
  }
  benchmark::DoNotOptimize(sum);
  return static_cast<double>(std::clock() - begun) / CLOCKS_PER_SEC;
}

void mesos_state(benchmark::State& state) {
  const auto running = static_cast<std::size_t>(state.range(0));
  const auto ended = static_cast<std::size_t>(state.range(1));
  for (auto _ : state) {
    const double text = seconds_of_text(running, ended);
    const std::size_t before = resident_octets();
    std::ofstream("/proc/self/clear_refs") << 5;  // the peak begins anew
    const std::clock_t begun = std::clock();
    std::optional<MesosStateParser> parser(MesosLimits{});
    Document document(*parser);
    state.counters["octets"] = static_cast<double>(write_state(document, running, ended));
    const auto read = parser->finish();
    const double all = static_cast<double>(std::clock() - begun) / CLOCKS_PER_SEC;
    if (!read || read->frameworks.front().tasks.size() != running) std::abort();
    parser.reset();
    state.SetIterationTime(all - text);
    MallocExtension::instance()->ReleaseFreeMemory();
    const std::size_t kept = resident_octets() - before;
    state.counters["kept_octets"] = static_cast<double>(kept);
    state.counters["own_octets"] = static_cast<double>(peak_octets() - before - kept);
  }
}
BENCHMARK(mesos_state)
    ->Args({10'000, 50'000})
    ->Args({60'000, 0})
    ->Unit(benchmark::kMillisecond)
    ->UseManualTime()
    ->Iterations(1);

}  // namespace
}  // namespace muster::registry::sources
