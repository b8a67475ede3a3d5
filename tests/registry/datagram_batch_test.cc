// What c-ares asks in one turn, sent together.
#include "registry/net/datagram_batch.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>
#include <vector>

namespace muster::net {
namespace {

class DatagramBatchTest : public testing::Test {
 protected:
  DatagramBatchTest() {
    ares_library_init(ARES_LIB_INIT_ALL);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server_ = ::socket(AF_INET, SOCK_DGRAM, 0);
    EXPECT_EQ(::bind(server_, reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
    socklen_t size = sizeof at;
    ::getsockname(server_, reinterpret_cast<sockaddr*>(&at), &size);
    ares_options options{};
    options.flags = ARES_FLAG_NOCHECKRESP | ARES_FLAG_IGNTC;
    options.tries = 1;
    EXPECT_EQ(ares_init_options(&channel_, &options, ARES_OPT_FLAGS | ARES_OPT_TRIES), ARES_SUCCESS);
    const std::string text = "127.0.0.1:" + std::to_string(ntohs(at.sin_port));
    EXPECT_EQ(ares_set_servers_ports_csv(channel_, text.c_str()), ARES_SUCCESS);
    batch_.attach(channel_);
  }
  ~DatagramBatchTest() override {
    ares_destroy(channel_);
    if (server_ >= 0) ::close(server_);
  }

  // A query with this id, whose end goes to ended_.
  void ask(std::uint8_t id) {
    const std::array<std::uint8_t, 19> query = {0, id, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 'a', 0, 0, 1, 0, 1};
    ares_send(
        channel_, query.data(), static_cast<int>(query.size()),
        [](void* ended, int status, int, unsigned char*, int) {
          static_cast<std::vector<int>*>(ended)->push_back(status);
        },
        &ended_);
  }
  // The ids that have come.
  std::vector<int> come() const {
    std::vector<int> ids;
    std::array<std::uint8_t, 64> packet{};
    while (::recv(server_, packet.data(), packet.size(), MSG_DONTWAIT) > 0) ids.push_back(packet[1]);
    return ids;
  }

  int server_ = -1;
  DatagramBatch batch_{1 << 16};
  ares_channel channel_ = nullptr;
  std::vector<int> ended_;
};

TEST_F(DatagramBatchTest, GoesOutWithTheFlushAndOnce) {
  std::vector<int> ids;
  for (int id = 1; id <= 100; ++id) {
    ask(static_cast<std::uint8_t>(id));
    ids.push_back(id);
  }
  EXPECT_TRUE(come().empty());
  EXPECT_TRUE(batch_.flush().empty());
  EXPECT_EQ(come(), ids);
  EXPECT_TRUE(batch_.flush().empty());
  EXPECT_TRUE(come().empty());
}

TEST_F(DatagramBatchTest, AnErrorOfSendingReachesCares) {
  ::close(server_);
  server_ = -1;
  ask(1);
  EXPECT_TRUE(batch_.flush().empty()) << "that nobody is there is heard later";
  ask(2);
  const auto failed = batch_.flush();
  ASSERT_EQ(failed.size(), 1u);
  ares_process_fd(channel_, failed.front(), ARES_SOCKET_BAD);
  EXPECT_EQ(ended_, (std::vector<int>{ARES_ECONNREFUSED, ARES_ECONNREFUSED}));
}

}  // namespace
}  // namespace muster::net
