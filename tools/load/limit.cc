// The canned-reply limit: what answering UDP costs on this machine when nothing is looked up. It copies the
// question, adds one fixed A record, and sends; blocking recvmmsg and sendmmsg in batches of 64, as musterd
// does. Usage: muster-limit ADDRESS PORT
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

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

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: muster-limit ADDRESS PORT\n");
    return 2;
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(argv[2])));
  inet_pton(AF_INET, argv[1], &address.sin_addr);
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  if (fd < 0 || bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    std::perror("muster-limit");
    return 1;
  }
  static std::array<std::array<std::uint8_t, 2048>, kBatch> packets;
  static std::array<sockaddr_in, kBatch> peers;
  static std::array<iovec, kBatch> in;
  static std::array<iovec, kBatch> out;
  static std::array<mmsghdr, kBatch> received;
  static std::array<mmsghdr, kBatch> sending;
  for (;;) {
    for (std::size_t i = 0; i < kBatch; ++i) {
      in[i] = {packets[i].data(), 512};
      received[i].msg_hdr = {&peers[i], sizeof peers[i], &in[i], 1, nullptr, 0, 0};
    }
    const int count = recvmmsg(fd, received.data(), kBatch, MSG_WAITFORONE, nullptr);
    unsigned replies = 0;
    for (int i = 0; i < count; ++i) {
      const auto k = static_cast<std::size_t>(i);
      const std::size_t size = canned(packets[k], received[k].msg_len);
      if (size == 0) continue;
      out[replies] = {packets[k].data(), size};
      sending[replies].msg_hdr = {&peers[k], sizeof peers[k], &out[replies], 1, nullptr, 0, 0};
      ++replies;
    }
    for (unsigned done = 0; done < replies;) {
      const int sent = sendmmsg(fd, &sending[done], replies - done, 0);
      done += sent > 0 ? static_cast<unsigned>(sent) : 1u;
    }
  }
}
