// A DNS load generator over TCP connections that stay open: each has its share of the outstanding queries,
// and each answer sends the next. Counts and prints as muster-udp-load does.
#include <poll.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <vector>

#include "tools/load/connection.h"
#include "tools/load/process_cpu.h"
#include "tools/load/tally.h"
#include "tools/load/workload.h"
#include "tools/load/workload_options.h"

namespace {

using Clock = std::chrono::steady_clock;
using muster::load::DnsConnection;
using muster::load::QueryStream;
using muster::load::Tally;

constexpr int kPatienceMillis = 2'000;

struct Arguments {
  std::string address = "127.0.0.1";
  int port = 5300;
  muster::load::Workload workload;
  std::size_t connections = 10;
  std::size_t outstanding = 100;
  double seconds = 2;
  double warm_up = 0.3;
  std::vector<int> pids;
};

Clock::duration duration(double seconds) {
  return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
}

// One connection; the id of a query is where its time of sending stands.
class Lane {
 public:
  Lane(const Arguments& arguments, std::size_t depth)
      : connection_(arguments.address, arguments.port), since_(depth), free_(depth) {
    for (std::size_t i = 0; i < depth; ++i) free_[i] = static_cast<std::uint16_t>(i);
  }

  void fill(QueryStream& queries, Tally& tally) {
    const auto now = Clock::now();
    for (; !free_.empty(); free_.pop_back()) {
      const std::uint16_t id = free_.back();
      const auto packet = queries.next();
      packet[0] = static_cast<std::uint8_t>(id >> 8);
      packet[1] = static_cast<std::uint8_t>(id & 0xff);
      since_[id] = now;
      connection_.ask(packet);
      ++tally.sent;
    }
    connection_.write();
  }

  pollfd poll_for() const {
    return {connection_.fd(), static_cast<short>(connection_.wants_to_write() ? POLLIN | POLLOUT : POLLIN),
            0};
  }

  void receive(Tally& tally) {
    connection_.read();
    const auto now = Clock::now();
    while (const auto reply = connection_.next()) {
      const std::size_t id = static_cast<std::size_t>((*reply)[0] << 8 | (*reply)[1]);
      if (reply->size() < 12 || id >= since_.size())
        throw std::runtime_error("a reply that nothing asked for");
      tally.count(*reply, now - since_[id]);
      free_.push_back(static_cast<std::uint16_t>(id));
    }
  }

 private:
  DnsConnection connection_;
  std::vector<Clock::time_point> since_;
  std::vector<std::uint16_t> free_;
};

class Run {
 public:
  explicit Run(const Arguments& arguments) : a_(arguments), queries_(arguments.workload) {
    const std::size_t depth = std::max<std::size_t>(1, a_.outstanding / a_.connections);
    for (std::size_t i = 0; i < a_.connections; ++i) lanes_.push_back(std::make_unique<Lane>(a_, depth));
  }

  void go() {
    loop_until(Clock::now() + duration(a_.warm_up));
    tally_ = Tally{};
    const double cpu = muster::load::cpu_seconds(a_.pids);
    const auto start = Clock::now();
    loop_until(start + duration(a_.seconds));
    tally_.print(std::chrono::duration<double>(Clock::now() - start).count(),
                 muster::load::cpu_seconds(a_.pids) - cpu);
  }

 private:
  void loop_until(Clock::time_point end) {
    std::vector<pollfd> polls;
    while (Clock::now() < end) {
      polls.clear();
      for (auto& lane : lanes_) {
        lane->fill(queries_, tally_);
        polls.push_back(lane->poll_for());
      }
      if (poll(polls.data(), polls.size(), kPatienceMillis) == 0)
        throw std::runtime_error("no answer in 2 s");
      for (std::size_t i = 0; i < polls.size(); ++i) {
        if ((polls[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0) lanes_[i]->receive(tally_);
      }
    }
  }

  const Arguments& a_;
  QueryStream queries_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  Tally tally_;
};

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("DNS load over kept TCP connections, closed loop; prints one JSON object.", "muster-tcp-load");
  app.add_option("--address", arguments.address);
  app.add_option("--port", arguments.port);
  muster::load::add_workload_options(app, arguments.workload);
  app.add_option("--connections", arguments.connections)->check(CLI::Range(1, 1000));
  app.add_option("--outstanding", arguments.outstanding, "over all connections")->check(CLI::Range(1, 60000));
  app.add_option("--seconds", arguments.seconds);
  app.add_option("--warm-up", arguments.warm_up);
  app.add_option("--pids", arguments.pids, "processes whose CPU time is measured");
  CLI11_PARSE(app, argc, argv);
  try {
    std::make_unique<Run>(arguments)->go();
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "muster-tcp-load: %s\n", error.what());
    return 1;
  }
}
