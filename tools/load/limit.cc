// The canned-reply limit: what answering UDP costs on this machine when nothing is looked up. It copies the
// question, adds one fixed A record, and sends; blocking recvmmsg and sendmmsg in batches of 64, as musterd
// does. A socket a thread, as musterd
// has. Usage: muster-limit ADDRESS PORT [THREADS]
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

namespace {

constexpr std::size_t kBatch = 64;
constexpr std::array<std::uint8_t, 16> kRecord = {0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 30, 0, 4, 192, 0, 2, 1};

// Makes the reply in place; 0: not a query we care about.
std::size_t canned(std::array<std::uint8_t, 2048>& packet, std::size_t size) {
  if (size < 17) return 0;
  std::size_t end = 12;
  while (end < size && packet[end] != 0) end += 1u + packet[end];
  end += 5;
  if (end > size) return 0;
  packet[2] = static_cast<std::uint8_t>(0x84 | (packet[2] & 1));
  packet[3] = 0;
  packet[7] = 1;
  packet[9] = packet[11] = 0;
  std::memcpy(&packet[end], kRecord.data(), kRecord.size());
  return end + kRecord.size();
}

// One thread's socket and buffers; it never returns.
class Worker {
 public:
  explicit Worker(const sockaddr_in& address) : fd_(socket(AF_INET, SOCK_DGRAM, 0)) {
    const int on = 1;
    setsockopt(fd_, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    if (fd_ < 0 || bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      std::perror("muster-limit");
      std::exit(1);
    }
  }

  void run() {
    for (;;) {
      const unsigned replies = receive();
      for (unsigned done = 0; done < replies;) {
        const int sent = sendmmsg(fd_, &sending_[done], replies - done, 0);
        done += sent > 0 ? static_cast<unsigned>(sent) : 1u;
      }
    }
  }

 private:
  unsigned receive() {
    for (std::size_t i = 0; i < kBatch; ++i) {
      in_[i] = {packets_[i].data(), 512};
      received_[i].msg_hdr = {&peers_[i], sizeof peers_[i], &in_[i], 1, nullptr, 0, 0};
    }
    const int count = recvmmsg(fd_, received_.data(), kBatch, MSG_WAITFORONE, nullptr);
    unsigned replies = 0;
    for (int i = 0; i < count; ++i) {
      const auto k = static_cast<std::size_t>(i);
      const std::size_t size = canned(packets_[k], received_[k].msg_len);
      if (size == 0) continue;
      out_[replies] = {packets_[k].data(), size};
      sending_[replies].msg_hdr = {&peers_[k], sizeof peers_[k], &out_[replies], 1, nullptr, 0, 0};
      ++replies;
    }
    return replies;
  }

  int fd_;
  std::array<std::array<std::uint8_t, 2048>, kBatch> packets_;
  std::array<sockaddr_in, kBatch> peers_;
  std::array<iovec, kBatch> in_;
  std::array<iovec, kBatch> out_;
  std::array<mmsghdr, kBatch> received_;
  std::array<mmsghdr, kBatch> sending_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3 && argc != 4) {
    std::fprintf(stderr, "usage: muster-limit ADDRESS PORT [THREADS]\n");
    return 2;
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(argv[2])));
  inet_pton(AF_INET, argv[1], &address.sin_addr);
  const auto serve = [&address] { std::make_unique<Worker>(address)->run(); };
  std::vector<std::jthread> others;
  for (int i = 1; i < (argc == 4 ? std::atoi(argv[3]) : 1); ++i) others.emplace_back(serve);
  serve();
}
