// From a change to its answer: gives one instance a new address, over a kept-alive HTTP connection or by DNS
// UPDATE, and asks DNS, again and again, until the new address is there. It tells how long that took, and
// whether a query sent after the acknowledgement was ever answered with the old address (it must not be).
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <memory>
#include <random>
#include <stdexcept>
#include <thread>

#include "tools/load/api_request.h"
#include "tools/load/connection.h"
#include "tools/load/dns_update.h"
#include "tools/load/process_cpu.h"
#include "tools/load/workload.h"

namespace {

using Clock = std::chrono::steady_clock;
using namespace muster::load;

constexpr auto kPatience = std::chrono::seconds(5);
constexpr std::uint16_t kA = 1;

struct Arguments {
  std::string address = "127.0.0.1";
  int http_port = 8053;
  int dns_port = 5300;
  std::string domain = "svc.internal";
  Fleet fleet;
  bool update = false;       // change by DNS UPDATE at the server that answers
  bool at_instance = false;  // ask for the instance's name: a big service's own answer does not fit in UDP
  std::size_t changes = 200;
  double pause = 0.002;  // between two changes, so that each finds the server idle
  std::vector<int> pids;
  std::uint64_t seed = 1;
};

// Asks one question at a time over UDP.
class Asker {
 public:
  Asker(const std::string& address, int port) : fd_(socket(AF_INET, SOCK_DGRAM, 0)) {
    const timeval wait{1, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(port));
    if (inet_pton(AF_INET, address.c_str(), &to.sin_addr) != 1 ||
        connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0)
      throw std::runtime_error("cannot connect to " + address);
  }
  ~Asker() { close(fd_); }
  Asker(const Asker&) = delete;
  Asker& operator=(const Asker&) = delete;

  // Whether the answer has these four octets as an A record's rdata: a length of 4 and then they.
  bool holds(std::vector<std::uint8_t> packet, const in_addr& address) {
    std::array<std::uint8_t, 6> rdata = {0, 4};
    std::memcpy(&rdata[2], &address, sizeof address);
    packet[0] = static_cast<std::uint8_t>(++id_ >> 8);
    packet[1] = static_cast<std::uint8_t>(id_ & 0xff);
    if (send(fd_, packet.data(), packet.size(), 0) < 0) throw std::runtime_error("cannot ask");
    for (;;) {
      const ssize_t size = recv(fd_, reply_.data(), reply_.size(), 0);
      if (size < 12) throw std::runtime_error("no answer from DNS");
      if (reply_[0] != packet[0] || reply_[1] != packet[1]) continue;
      const auto end = reply_.begin() + size;
      return std::search(reply_.begin() + 12, end, rdata.begin(), rdata.end()) != end;
    }
  }

 private:
  int fd_;
  std::uint16_t id_ = 0;
  std::array<std::uint8_t, 65536> reply_{};
};

// Where changes go in, one at a time; nothing here blocks.
class Door {
 public:
  virtual ~Door() = default;
  virtual void change(Member member, const std::string& address) = 0;
  virtual bool acknowledged() = 0;
};

class HttpDoor : public Door {
 public:
  explicit HttpDoor(const Arguments& arguments)
      : a_(arguments), connection_(arguments.address, arguments.http_port) {}

  void change(Member member, const std::string& address) override {
    connection_.queue(put(a_.fleet, member, address, usual_weight(member)));
    connection_.write();
  }

  bool acknowledged() override {
    connection_.write();
    connection_.read();
    const auto reply = connection_.next();
    if (reply && reply->status / 100 != 2)
      throw std::runtime_error("refused: " + std::string(reply->body.substr(0, 300)));
    return reply.has_value();
  }

 private:
  const Arguments& a_;
  HttpConnection connection_;
};

class UpdateDoor : public Door {
 public:
  explicit UpdateDoor(const Arguments& arguments)
      : a_(arguments), connection_(arguments.address, arguments.dns_port) {}

  void change(Member member, const std::string& address) override {
    UpdateMessage message(a_.domain);
    message.replace(member_name(a_.fleet, member, a_.domain), address);
    connection_.ask(message.message(1));
    connection_.write();
  }

  bool acknowledged() override {
    connection_.read();
    const auto reply = connection_.next();
    if (reply && (reply->size() < 12 || ((*reply)[3] & 15) != 0))
      throw std::runtime_error("the update was refused");
    return reply.has_value();
  }

 private:
  const Arguments& a_;
  DnsConnection connection_;
};

std::unique_ptr<Door> door_of(const Arguments& arguments) {
  if (arguments.update) return std::make_unique<UpdateDoor>(arguments);
  return std::make_unique<HttpDoor>(arguments);
}

class Probe {
 public:
  explicit Probe(const Arguments& arguments)
      : a_(arguments),
        random_(arguments.seed),
        door_(door_of(arguments)),
        asker_(arguments.address, arguments.dns_port) {}

  void go() {
    const double cpu = cpu_seconds(a_.pids);
    for (std::size_t i = 0; i < a_.changes; ++i) {
      change(i);
      std::this_thread::sleep_for(std::chrono::duration<double>(a_.pause));
    }
    print(cpu_seconds(a_.pids) - cpu);
  }

 private:
  std::vector<std::uint8_t> question(Member member) const {
    const std::string service = a_.fleet.prefix + std::to_string(member.service) + "." + a_.domain;
    return query_packet(a_.at_instance ? member_name(a_.fleet, member, a_.domain) : service, kA, true);
  }

  void change(std::size_t n) {
    const Member member{random_() % a_.fleet.services, random_() % a_.fleet.instances};
    const std::string text = fresh_address(n + a_.seed * a_.changes);
    in_addr address{};
    inet_pton(AF_INET, text.c_str(), &address);
    const auto packet = question(member);
    const auto start = Clock::now();
    door_->change(member, text);
    bool acked = false;
    bool visible = false;
    while (!acked || !visible) {
      if (!acked && (acked = door_->acknowledged())) acked_us_.push_back(micros(Clock::now() - start));
      if (visible) continue;
      visible = asker_.holds(packet, address);
      if (visible) visible_us_.push_back(micros(Clock::now() - start));
      if (!visible && acked) ++late_;
      if (Clock::now() - start > kPatience)
        throw std::runtime_error("a change did not become visible in 5 s");
    }
  }

  static std::uint32_t micros(Clock::duration time) {
    return static_cast<std::uint32_t>(time / std::chrono::microseconds(1));
  }

  static std::uint32_t percentile(std::vector<std::uint32_t>& values, double share) {
    std::sort(values.begin(), values.end());
    return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
  }

  void print(double cpu) {
    std::printf(
        "{\"changes\":%zu,\"visible_p50_us\":%u,\"visible_p99_us\":%u,\"visible_max_us\":%u,"
        "\"acknowledged_p50_us\":%u,\"acknowledged_p99_us\":%u,\"old_after_acknowledgement\":%zu,"
        "\"cpu_us_per_change\":%.1f}\n",
        a_.changes, percentile(visible_us_, 0.5), percentile(visible_us_, 0.99), percentile(visible_us_, 1),
        percentile(acked_us_, 0.5), percentile(acked_us_, 0.99), late_,
        cpu / static_cast<double>(a_.changes) * 1e6);
  }

  const Arguments& a_;
  std::mt19937_64 random_;
  std::unique_ptr<Door> door_;
  Asker asker_;
  std::vector<std::uint32_t> visible_us_;
  std::vector<std::uint32_t> acked_us_;
  std::size_t late_ = 0;  // queries sent after the acknowledgement and answered with the old address
};

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Time from a change to its answer; prints one JSON object.", "muster-change-probe");
  app.add_option("--address", arguments.address);
  app.add_option("--http-port", arguments.http_port);
  app.add_option("--dns-port", arguments.dns_port);
  app.add_option("--domain", arguments.domain);
  app.add_option("--prefix", arguments.fleet.prefix);
  app.add_option("--services", arguments.fleet.services)->check(CLI::Range(1, 10'000'000));
  app.add_option("--instances", arguments.fleet.instances)->check(CLI::Range(1, 100'000));
  app.add_option("--lease", arguments.fleet.lease);
  app.add_flag("--update", arguments.update, "change by DNS UPDATE at the DNS port");
  app.add_flag("--at-instance", arguments.at_instance, "ask for the instance's name, not the service's");
  app.add_option("--changes", arguments.changes)->check(CLI::Range(1, 1'000'000));
  app.add_option("--pause", arguments.pause, "seconds between two changes");
  app.add_option("--pids", arguments.pids, "processes whose CPU time is measured");
  app.add_option("--seed", arguments.seed);
  CLI11_PARSE(app, argc, argv);
  try {
    Probe(arguments).go();
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "muster-change-probe: %s\n", error.what());
    return 1;
  }
}
