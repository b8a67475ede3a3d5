// A DNS load generator. Closed loop: so many queries are outstanding and each answer sends the next; or a
// fixed rate, for latency. It outruns the servers because it sends and receives in batches, composes nothing
// while it runs and looks only at ids, rcodes, counts and sizes. The CPU clocks of the servers' processes are
// read at both ends of the window: cost is CPU over answers received.
#include <arpa/inet.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <vector>

#include "tools/load/process_cpu.h"
#include "tools/load/tally.h"
#include "tools/load/workload.h"
#include "tools/load/workload_options.h"

namespace {

using Clock = std::chrono::steady_clock;
using WallClock = std::chrono::system_clock;
using muster::load::QueryStream;
using muster::load::Tally;

// What has not been answered for so long is lost; a server that the machine left waiting is not.
constexpr auto kPatience = std::chrono::milliseconds(250);
constexpr std::size_t kBatch = 64;

struct Arguments {
  std::string address = "127.0.0.1";
  int port = 5300;
  muster::load::Workload workload;
  std::size_t outstanding = 100;
  std::size_t sockets = 1;
  double seconds = 2;
  double warm_up = 0.3;
  double rate = 0;  // queries a second; 0: closed loop
  bool arrivals = false;
  std::vector<int> pids;
};

Clock::duration duration(double seconds) {
  return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
}

class Run {
 public:
  explicit Run(const Arguments& arguments) : arguments_(arguments), queries_(arguments.workload) {
    for (std::size_t i = 0; i < arguments.sockets; ++i) open_socket();
    for (std::size_t i = 0; i < kBatch; ++i) {
      receive_vectors_[i] = {replies_[i].data(), replies_[i].size()};
      received_[i].msg_hdr.msg_iov = &receive_vectors_[i];
      received_[i].msg_hdr.msg_iovlen = 1;
      sending_[i].msg_hdr.msg_iov = &send_vectors_[i];
      sending_[i].msg_hdr.msg_iovlen = 1;
      if (arguments.arrivals) received_[i].msg_hdr.msg_control = stamps_[i].data();
    }
  }

  void go() {
    loop_until(Clock::now() + duration(arguments_.warm_up));
    tally_ = Tally{};
    const double cpu = muster::load::cpu_seconds(arguments_.pids);
    const auto start = Clock::now();
    loop_until(start + duration(arguments_.seconds));
    elapsed_ = std::chrono::duration<double>(Clock::now() - start).count();
    cpu_ = muster::load::cpu_seconds(arguments_.pids) - cpu;
  }

  void print() const { tally_.print(elapsed_, cpu_); }

 private:
  // A server with several threads shares queries out by their source port.
  void open_socket() {
    const int fd = fds_.emplace_back(socket(AF_INET, SOCK_DGRAM, 0));
    const int size = 8 << 20;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    const int on = 1;
    if (arguments_.arrivals) setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
    const int departures = SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE |
                           SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_OPT_TSONLY;
    if (has_departures()) setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &departures, sizeof departures);
    const timeval wait{0, 20'000};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(arguments_.port));
    if (inet_pton(AF_INET, arguments_.address.c_str(), &address.sin_addr) != 1 ||
        connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
      throw std::runtime_error("cannot connect to " + arguments_.address);
  }

  void loop_until(Clock::time_point end) {
    if (arguments_.rate > 0) next_send_ = Clock::now();
    for (auto now = Clock::now(); now < end; now = Clock::now()) {
      send(arguments_.rate > 0 ? due(now) : room(), now);
      receive();
      if (now - last_sweep_ > kPatience) sweep(now);
    }
  }

  std::size_t room() const {
    return outstanding_ < arguments_.outstanding ? arguments_.outstanding - outstanding_ : 0;
  }

  std::size_t due(Clock::time_point now) {
    std::size_t queries = 0;
    for (; next_send_ <= now && queries < kBatch; ++queries) next_send_ += duration(1 / arguments_.rate);
    return queries;
  }

  void send(std::size_t queries, Clock::time_point now) {
    while (queries > 0) {
      const int fd = fds_[turn_++ % fds_.size()];
      const std::size_t batch = std::min(queries, kBatch);
      if (arguments_.arrivals) wall_now_ = WallClock::now();
      for (std::size_t i = 0; i < batch; ++i) compose(i, now);
      for (std::size_t done = 0; done < batch;) {
        const int sent = sendmmsg(fd, &sending_[done], static_cast<unsigned>(batch - done), 0);
        done += sent > 0 ? static_cast<std::size_t>(sent) : 1;
      }
      if (has_departures()) take_departures(fd);
      tally_.sent += batch;
      queries -= batch;
    }
  }

  void compose(std::size_t i, Clock::time_point now) {
    const std::uint16_t id = next_id_++;
    if (busy_[id]) lose(id);
    busy_[id] = true;
    since_[id] = now;
    sent_at_[id] = wall_now_;
    ++outstanding_;
    const auto packet = queries_.next();
    packet[0] = static_cast<std::uint8_t>(id >> 8);
    packet[1] = static_cast<std::uint8_t>(id & 0xff);
    send_vectors_[i] = {packet.data(), packet.size()};
  }

  // At a fixed rate a query counts from when the kernel passed it on: another load of this core may run between
  // the look at the clock and the sending.
  bool has_departures() const {
    return arguments_.arrivals && arguments_.rate > 0 && arguments_.sockets == 1;
  }

  // The kernel numbers a socket's datagrams from 0, as we number the queries.
  void take_departures(int fd) {
    alignas(cmsghdr) std::array<std::uint8_t, 512> control;
    for (;;) {
      msghdr header{};
      header.msg_control = control.data();
      header.msg_controllen = control.size();
      if (recvmsg(fd, &header, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) return;
      scm_timestamping at{};
      sock_extended_err which{};
      for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
        if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_TIMESTAMPING)
          std::memcpy(&at, CMSG_DATA(part), sizeof at);
        if (part->cmsg_level == SOL_IP && part->cmsg_type == IP_RECVERR)
          std::memcpy(&which, CMSG_DATA(part), sizeof which);
      }
      if (which.ee_origin != SO_EE_ORIGIN_TIMESTAMPING) continue;
      sent_at_[static_cast<std::uint16_t>(which.ee_data)] = wall_time(at.ts[0]);
    }
  }

  static WallClock::time_point wall_time(const timespec& at) {
    return WallClock::time_point(std::chrono::seconds(at.tv_sec) + std::chrono::nanoseconds(at.tv_nsec));
  }

  // At a fixed rate nothing blocks: the core is the generator's own, and a sleep would add its wake-up to
  // what is measured. Nor does it with several sockets.
  void receive() {
    const bool blocks = arguments_.rate <= 0 && fds_.size() == 1;
    for (const int fd : fds_) {
      if (arguments_.arrivals)
        for (std::size_t i = 0; i < kBatch; ++i) received_[i].msg_hdr.msg_controllen = stamps_[i].size();
      const int messages =
          recvmmsg(fd, received_.data(), kBatch, blocks ? MSG_WAITFORONE : MSG_DONTWAIT, nullptr);
      const auto now = Clock::now();
      for (int i = 0; i < messages; ++i) take(static_cast<std::size_t>(i), now);
    }
  }

  void take(std::size_t i, Clock::time_point now) {
    const std::size_t size = received_[i].msg_len;
    if (size < 12) return;
    const auto& reply = replies_[i];
    const auto id = static_cast<std::uint16_t>(reply[0] << 8 | reply[1]);
    if (!busy_[id]) return;
    busy_[id] = false;
    --outstanding_;
    const Clock::duration took = arguments_.arrivals ? arrival(i) - sent_at_[id] : now - since_[id];
    tally_.count({reply.data(), size}, std::max(took, Clock::duration::zero()));
  }

  // When the kernel had the reply; over loopback that is when the server sent it.
  WallClock::time_point arrival(std::size_t i) {
    msghdr& header = received_[i].msg_hdr;
    for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
      if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_TIMESTAMPNS) continue;
      timespec at{};
      std::memcpy(&at, CMSG_DATA(part), sizeof at);
      return wall_time(at);
    }
    throw std::runtime_error("the kernel does not tell when replies came");
  }

  void sweep(Clock::time_point now) {
    last_sweep_ = now;
    for (std::size_t id = 0; id < busy_.size(); ++id) {
      if (busy_[id] && now - since_[id] > kPatience) lose(id);
    }
  }

  void lose(std::size_t id) {
    busy_[id] = false;
    --outstanding_;
    ++tally_.lost;
  }

  const Arguments& arguments_;
  QueryStream queries_;
  std::vector<int> fds_;
  std::size_t turn_ = 0;
  std::uint16_t next_id_ = 0;
  std::size_t outstanding_ = 0;
  Clock::time_point next_send_{};
  Clock::time_point last_sweep_ = Clock::now();
  std::array<Clock::time_point, 65536> since_{};
  WallClock::time_point wall_now_{};  // with arrivals
  std::array<WallClock::time_point, 65536> sent_at_{};
  alignas(cmsghdr) std::array<std::array<char, CMSG_SPACE(sizeof(timespec))>, kBatch> stamps_{};
  std::array<bool, 65536> busy_{};
  std::array<std::array<std::uint8_t, 4096>, kBatch> replies_{};
  std::array<iovec, kBatch> send_vectors_{};
  std::array<iovec, kBatch> receive_vectors_{};
  std::array<mmsghdr, kBatch> sending_{};
  std::array<mmsghdr, kBatch> received_{};
  Tally tally_;
  double elapsed_ = 0;
  double cpu_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("DNS load over UDP, closed loop or at a fixed rate; prints one JSON object.",
               "muster-udp-load");
  app.add_option("--address", arguments.address);
  app.add_option("--port", arguments.port);
  muster::load::add_workload_options(app, arguments.workload);
  app.add_option("--outstanding", arguments.outstanding)->check(CLI::Range(1, 60000));
  app.add_option("--sockets", arguments.sockets)->check(CLI::Range(1, 256));
  app.add_option("--seconds", arguments.seconds);
  app.add_option("--warm-up", arguments.warm_up);
  app.add_option("--rate", arguments.rate, "queries a second; 0: closed loop");
  app.add_flag(
      "--arrivals", arguments.arrivals,
      "a reply has come when the kernel has it, not when this program reads it: where other load shares "
      "this program's core");
  app.add_option("--pids", arguments.pids, "processes whose CPU time is measured");
  CLI11_PARSE(app, argc, argv);
  try {
    auto run = std::make_unique<Run>(arguments);
    run->go();
    run->print();
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "muster-udp-load: %s\n", error.what());
    return 1;
  }
}
