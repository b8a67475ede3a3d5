// Changes by DNS UPDATE at a server that takes them so: each gives one instance of the fleet another address.
// Closed loop with so many messages outstanding, or a fixed rate (replies are looked at when one is due);
// several changes may go in one message, over TCP, since over UDP few would fit.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <memory>
#include <random>
#include <stdexcept>
#include <vector>

#include "tools/load/connection.h"
#include "tools/load/dns_update.h"
#include "tools/load/pace.h"
#include "tools/load/process_cpu.h"

namespace {

using Clock = std::chrono::steady_clock;
using namespace muster::load;

constexpr int kPatienceMillis = 5'000;

struct Arguments {
  std::string address = "127.0.0.1";
  int port = 5300;
  std::string domain = "svc.internal";
  Fleet fleet;
  std::size_t outstanding = 1;
  std::size_t batch = 1;
  bool tcp = false;
  double seconds = 2;
  double rate = 0;  // messages a second; 0: closed loop
  std::uint64_t seed = 1;
  std::vector<int> pids;
};

// Whole messages, over either transport.
class Wire {
 public:
  explicit Wire(const Arguments& arguments) {
    if (arguments.tcp) {
      stream_ = std::make_unique<DnsConnection>(arguments.address, arguments.port);
      return;
    }
    fd_ = socket(AF_INET, SOCK_DGRAM, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(arguments.port));
    if (inet_pton(AF_INET, arguments.address.c_str(), &to.sin_addr) != 1 ||
        connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0)
      throw std::runtime_error("cannot connect to " + arguments.address);
  }
  ~Wire() {
    if (fd_ >= 0) close(fd_);
  }
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  void send(const std::vector<std::uint8_t>& message) {
    if (stream_) {
      stream_->ask(message);
      stream_->write();
    } else if (::send(fd_, message.data(), message.size(), 0) < 0) {
      throw std::runtime_error("cannot send");
    }
  }

  // Visits every reply that is there within so many milliseconds. False: none.
  template <class Visit>
  bool receive(int millis, const Visit& visit) {
    pollfd poll{stream_ ? stream_->fd() : fd_, POLLIN, 0};
    if (stream_ && stream_->wants_to_write()) poll.events |= POLLOUT;
    if (::poll(&poll, 1, millis) <= 0) return false;
    if (stream_) {
      stream_->write();
      if ((poll.revents & POLLIN) != 0) stream_->read();
      while (const auto reply = stream_->next()) visit(*reply);
      return true;
    }
    const ssize_t size = recv(fd_, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (size >= 12) visit(std::span<const std::uint8_t>(buffer_.data(), static_cast<std::size_t>(size)));
    return true;
  }

 private:
  int fd_ = -1;
  std::unique_ptr<DnsConnection> stream_;
  std::array<std::uint8_t, 65536> buffer_{};
};

class Run {
 public:
  explicit Run(const Arguments& arguments)
      : a_(arguments), random_(arguments.seed), pace_(arguments.rate), wire_(arguments) {}

  void go() {
    const double cpu = cpu_seconds(a_.pids);
    if (pace_) become_punctual();
    start_ = Clock::now();
    pace_.start(start_);
    while (elapsed() < a_.seconds || outstanding_ > 0) step();
    print(elapsed(), cpu_seconds(a_.pids) - cpu);
  }

 private:
  double elapsed() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

  void step() {
    while (outstanding_ < a_.outstanding && elapsed() < a_.seconds && is_due()) send_one();
    const auto visit = [this](auto reply) { take(reply); };
    if (elapsed() < a_.seconds && !is_due()) {
      pace_.sleep();
      while (wire_.receive(0, visit)) {
      }
    } else if (!wire_.receive(kPatienceMillis, visit) && outstanding_ > 0) {
      throw std::runtime_error("an update got no answer in 5 s");
    }
  }

  bool is_due() const { return !pace_ || pace_.is_due(Clock::now()); }

  void send_one() {
    UpdateMessage message(a_.domain);
    for (std::size_t i = 0; i < a_.batch; ++i) {
      const Member member{random_() % a_.fleet.services, random_() % a_.fleet.instances};
      message.replace(member_name(a_.fleet, member, a_.domain), fresh_address(changes_++));
    }
    const auto id = static_cast<std::uint16_t>(sent_++);
    since_[id] = Clock::now();
    wire_.send(message.message(id));
    if (pace_) pace_.sent(since_[id]);
    ++outstanding_;
  }

  void take(std::span<const std::uint8_t> reply) {
    const auto id = static_cast<std::uint16_t>(reply[0] << 8 | reply[1]);
    --outstanding_;
    if ((reply[3] & 15) != 0) {
      failed_ += a_.batch;
      return;
    }
    done_ += a_.batch;
    took_us_.push_back(
        static_cast<std::uint32_t>((Clock::now() - since_[id]) / std::chrono::microseconds(1)));
  }

  std::uint32_t percentile(double share) {
    if (took_us_.empty()) return 0;
    std::sort(took_us_.begin(), took_us_.end());
    return took_us_[static_cast<std::size_t>(share * static_cast<double>(took_us_.size() - 1))];
  }

  void print(double elapsed, double cpu) {
    const auto count = [](std::uint64_t value) -> unsigned long long { return value; };
    std::printf("{\"seconds\":%.3f,\"messages\":%llu,\"elements\":%llu,\"failed\":%llu,", elapsed,
                count(sent_), count(done_), count(failed_));
    std::printf("\"elements_per_s\":%.1f,\"cpu_us_per_element\":%.3f,\"p50_us\":%u,\"p99_us\":%u,\"late_p99_us\":%u}\n",
                static_cast<double>(done_) / elapsed,
                cpu / static_cast<double>(std::max<std::uint64_t>(done_, 1)) * 1e6, percentile(0.5),
                percentile(0.99), pace_.late_p99_us());
  }

  const Arguments& a_;
  std::mt19937_64 random_;
  Pace pace_;
  Wire wire_;
  Clock::time_point start_{};
  std::array<Clock::time_point, 65536> since_{};
  std::size_t outstanding_ = 0;
  std::size_t changes_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t done_ = 0;
  std::uint64_t failed_ = 0;
  std::vector<std::uint32_t> took_us_;
};

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Changes by DNS UPDATE; prints one JSON object.", "muster-update-load");
  app.add_option("--address", arguments.address);
  app.add_option("--port", arguments.port);
  app.add_option("--domain", arguments.domain);
  app.add_option("--services", arguments.fleet.services)->check(CLI::Range(1, 10'000'000));
  app.add_option("--instances", arguments.fleet.instances)->check(CLI::Range(1, 100'000));
  app.add_option("--outstanding", arguments.outstanding)->check(CLI::Range(1, 10'000));
  app.add_option("--batch", arguments.batch, "changes a message")->check(CLI::Range(1, 500));
  app.add_flag("--tcp", arguments.tcp);
  app.add_option("--seconds", arguments.seconds);
  app.add_option("--rate", arguments.rate, "messages a second; 0: closed loop");
  app.add_option("--seed", arguments.seed);
  app.add_option("--pids", arguments.pids, "processes whose CPU time is measured");
  CLI11_PARSE(app, argc, argv);
  try {
    std::make_unique<Run>(arguments)->go();
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "muster-update-load: %s\n", error.what());
    return 1;
  }
}
