// A load generator for the HTTP API: kept-alive connections, each with a number of pipelined requests
// outstanding, closed loop or at a fixed rate (replies are looked at when a request is due). Modes: fill
// (registers the whole fleet in batches), weight (one changed weight a request), address (one new address a
// request), addresses (batches of them), register (new instances one by one), heartbeat (one a request),
// heartbeats (batches). A refused element counts as failed, whatever the status of the reply that lists it.
#include <poll.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <stdexcept>

#include "tools/load/api_request.h"
#include "tools/load/connection.h"
#include "tools/load/dns_update.h"
#include "tools/load/pace.h"
#include "tools/load/process_cpu.h"

namespace {

using Clock = std::chrono::steady_clock;
using namespace muster::load;

constexpr std::size_t kFillBatch = 1000;
constexpr std::size_t kBatch = 100;
constexpr int kPatienceMillis = 100;

struct Arguments {
  std::string address = "127.0.0.1";
  int port = 8053;
  std::string mode = "weight";
  Fleet fleet;
  int connections = 1;
  std::size_t depth = 32;  // pipelined requests a connection
  std::size_t batch = 0;   // elements a batch; 0: kFillBatch in mode fill, else kBatch
  double seconds = 2;      // mode fill: until everything is registered
  double rate = 0;         // requests a second; 0: closed loop
  std::vector<int> pids;
  std::uint64_t seed = 1;
};

struct Request {
  std::string text;
  std::size_t elements = 1;
};

// Composes one request after the other.
class Composer {
 public:
  explicit Composer(const Arguments& arguments)
      : a_(arguments),
        batch_(a_.batch != 0 ? a_.batch
               : filling()   ? kFillBatch
                             : kBatch),
        random_(arguments.seed) {}

  bool filling() const { return a_.mode == "fill"; }
  bool finished() const { return filling() && next_ >= a_.fleet.services * a_.fleet.instances; }

  Request next() {
    if (filling()) return fill();
    if (a_.mode == "heartbeats") return heartbeats();
    if (a_.mode == "addresses") return addresses();
    if (a_.mode == "register") return {registration()};
    const Member member = any_member();
    if (a_.mode == "heartbeat") return {heartbeat(a_.fleet, member)};
    if (a_.mode == "address") return {put(a_.fleet, member, fresh_address(next_++), usual_weight(member))};
    return {
        put(a_.fleet, member, usual_address(a_.fleet, member), 1 + static_cast<unsigned>(random_() % 60000))};
  }

 private:
  Member any_member() { return {random_() % a_.fleet.services, random_() % a_.fleet.instances}; }

  Request fill() {
    BatchRequest batch;
    for (; batch.size() < batch_ && !finished(); ++next_) {
      const Member member{next_ / a_.fleet.instances, next_ % a_.fleet.instances};
      batch.add_registration(a_.fleet, member, usual_address(a_.fleet, member));
    }
    return {batch.request("/api/v1/registrations"), batch.size()};
  }

  Request heartbeats() {
    BatchRequest batch;
    while (batch.size() < batch_) batch.add_heartbeat(a_.fleet, any_member());
    return {batch.request("/api/v1/heartbeats"), batch.size()};
  }

  Request addresses() {
    BatchRequest batch;
    while (batch.size() < batch_) batch.add_registration(a_.fleet, any_member(), fresh_address(next_++));
    return {batch.request("/api/v1/registrations"), batch.size()};
  }

  // Members that the fleet does not have yet, round and round its services.
  std::string registration() {
    const std::size_t fresh = next_++;
    const Member member{fresh % a_.fleet.services, a_.fleet.instances + fresh / a_.fleet.services};
    return put(a_.fleet, member, usual_address(a_.fleet, {fresh, 0}), 10);
  }

  const Arguments& a_;
  const std::size_t batch_;
  std::mt19937_64 random_;
  std::size_t next_ = 0;
};

// The number behind `"name":`; 0 when it is not there.
std::size_t member_number(std::string_view json, std::string_view name) {
  const auto at = json.find(name);
  std::size_t value = 0;
  if (at != json.npos) std::from_chars(&json[at] + name.size(), json.data() + json.size(), value);
  return value;
}

class Totals {
 public:
  void count(const HttpReply& reply, std::size_t elements, Clock::duration latency) {
    ++replies_;
    ++statuses_[reply.status];
    const std::size_t good = succeeded(reply, elements);
    elements_ += good;
    failed_ += elements - good;
    if (good < elements && first_failure_.empty()) first_failure_ = reply.body.substr(0, 400);
    if (not_durable(reply)) ++not_durable_;
    latency_us_.push_back(static_cast<std::uint32_t>(latency / std::chrono::microseconds(1)));
  }

  std::uint64_t replies() const { return replies_; }

  void print(const std::string& mode, double elapsed, double cpu, const Pace& pace) {
    std::sort(latency_us_.begin(), latency_us_.end());
    std::printf("{\"mode\":\"%s\",\"seconds\":%.3f,\"requests\":%llu,\"elements\":%llu,\"failed\":%llu,",
                mode.c_str(), elapsed, number(replies_), number(elements_), number(failed_));
    std::printf("\"not_durable\":%llu,\"requests_per_s\":%.0f,\"elements_per_s\":%.0f,\"cpu_s\":%.4f,",
                number(not_durable_), static_cast<double>(replies_) / elapsed,
                static_cast<double>(elements_) / elapsed, cpu);
    std::printf("\"cpu_us_per_element\":%.3f,\"p50_us\":%u,\"p99_us\":%u,\"late_p99_us\":%u,\"statuses\":{",
                cpu / static_cast<double>(std::max<std::uint64_t>(elements_, 1)) * 1e6, percentile(0.5),
                percentile(0.99), pace.late_p99_us());
    const char* separator = "";
    for (const auto& [status, replies] : statuses_) {
      std::printf("%s\"%d\":%llu", separator, status, number(replies));
      separator = ",";
    }
    std::printf("}}\n");
    if (!first_failure_.empty()) std::fprintf(stderr, "first failure: %s\n", first_failure_.c_str());
  }

 private:
  static unsigned long long number(std::uint64_t value) { return value; }

  static std::size_t succeeded(const HttpReply& reply, std::size_t elements) {
    if (reply.status / 100 != 2) return 0;
    if (!reply.body.starts_with("{\"renewed\":")) return elements;
    return member_number(reply.body, "\"renewed\":") + member_number(reply.body, "\"created\":");
  }

  static bool not_durable(const HttpReply& reply) {
    return reply.head.find("Muster-Durable: false") != reply.head.npos ||
           reply.body.find("\"durable\":false") != reply.body.npos;
  }

  std::uint32_t percentile(double share) const {
    if (latency_us_.empty()) return 0;
    return latency_us_[static_cast<std::size_t>(share * static_cast<double>(latency_us_.size() - 1))];
  }

  std::uint64_t replies_ = 0;
  std::uint64_t elements_ = 0;
  std::uint64_t failed_ = 0;
  std::uint64_t not_durable_ = 0;
  std::map<int, std::uint64_t> statuses_;
  std::vector<std::uint32_t> latency_us_;
  std::string first_failure_;
};

// One connection and what is outstanding on it.
class Lane {
 public:
  Lane(const Arguments& a, Composer& composer, Totals& totals)
      : connection_(a.address, a.port), composer_(composer), totals_(totals) {}

  std::size_t outstanding() const { return waiting_.size(); }

  void send_one() {
    const Request request = composer_.next();
    connection_.queue(request.text);
    waiting_.push_back({Clock::now(), request.elements});
  }

  pollfd poll_for() {
    connection_.write();
    return {connection_.fd(), static_cast<short>(POLLIN | (connection_.wants_to_write() ? POLLOUT : 0)), 0};
  }

  void receive() {
    connection_.read();
    while (const auto reply = connection_.next()) {
      if (waiting_.empty()) throw std::runtime_error("a reply that nothing asked for");
      totals_.count(*reply, waiting_.front().elements, Clock::now() - waiting_.front().since);
      waiting_.pop_front();
    }
  }

 private:
  struct Waiting {
    Clock::time_point since;
    std::size_t elements;
  };

  HttpConnection connection_;
  Composer& composer_;
  Totals& totals_;
  std::deque<Waiting> waiting_;
};

class Run {
 public:
  explicit Run(const Arguments& arguments) : a_(arguments), composer_(arguments), pace_(arguments.rate) {
    for (int i = 0; i < a_.connections; ++i) lanes_.push_back(std::make_unique<Lane>(a_, composer_, totals_));
  }

  void go() {
    const double cpu = cpu_seconds(a_.pids);
    if (pace_) become_punctual();
    start_ = Clock::now();
    pace_.start(start_);
    while (send_more() || outstanding() > 0) exchange();
    const double elapsed = seconds_since_start();
    totals_.print(a_.mode, elapsed, cpu_seconds(a_.pids) - cpu, pace_);
  }

 private:
  double seconds_since_start() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

  std::size_t outstanding() const {
    std::size_t sum = 0;
    for (const auto& lane : lanes_) sum += lane->outstanding();
    return sum;
  }

  bool over() const {
    return composer_.filling() ? composer_.finished() : seconds_since_start() >= a_.seconds;
  }

  // False when nothing more is to be sent.
  bool send_more() {
    if (over()) return false;
    for (auto& lane : lanes_) {
      while (lane->outstanding() < a_.depth && !composer_.finished()) {
        if (pace_ && !pace_.is_due(Clock::now())) return true;
        lane->send_one();
        if (pace_) pace_.sent(Clock::now());
      }
    }
    return true;
  }

  // Waits for what is next: a reply, or its time.
  void exchange() {
    polls_.clear();
    for (auto& lane : lanes_) polls_.push_back(lane->poll_for());
    const bool until_due = pace_ && !over() && !pace_.is_due(Clock::now());
    if (until_due) pace_.sleep();
    poll(polls_.data(), polls_.size(), until_due ? 0 : kPatienceMillis);
    for (std::size_t i = 0; i < polls_.size(); ++i) {
      if ((polls_[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0) lanes_[i]->receive();
    }
  }

  const Arguments& a_;
  Composer composer_;
  Pace pace_;
  Totals totals_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::vector<pollfd> polls_;
  Clock::time_point start_;
};

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Load on musterd's HTTP API; prints one JSON object.", "muster-http-load");
  app.add_option("--address", arguments.address);
  app.add_option("--port", arguments.port);
  app.add_option("--mode", arguments.mode)
      ->check(
          CLI::IsMember({"fill", "weight", "address", "addresses", "register", "heartbeat", "heartbeats"}));
  app.add_option("--prefix", arguments.fleet.prefix);
  app.add_option("--services", arguments.fleet.services);
  app.add_option("--instances", arguments.fleet.instances);
  app.add_option("--lease", arguments.fleet.lease);
  app.add_option("--tags", arguments.fleet.tags);
  app.add_flag("--dual-stack", arguments.fleet.dual_stack);
  app.add_option("--connections", arguments.connections);
  app.add_option("--depth", arguments.depth);
  app.add_option("--batch", arguments.batch);
  app.add_option("--seconds", arguments.seconds);
  app.add_option("--rate", arguments.rate);
  app.add_option("--pids", arguments.pids, "processes whose CPU time is measured");
  app.add_option("--seed", arguments.seed);
  CLI11_PARSE(app, argc, argv);
  try {
    Run(arguments).go();
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "muster-http-load: %s\n", error.what());
    return 1;
  }
}
