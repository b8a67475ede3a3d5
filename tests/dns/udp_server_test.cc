#include "dns/udp_server.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <map>
#include <set>
#include <thread>

#include "tests/dns/support/sockets.h"
#include "tests/dns/support/world.h"

namespace {

// A kernel that refuses one destination: replies to this port fail with this error.
std::atomic<std::uint16_t> refused_port{0};
std::atomic<int> refused_error{0};

bool is_refused(const msghdr& header) {
  const auto* to = static_cast<const sockaddr_in*>(header.msg_name);
  return refused_port != 0 && to->sin_family == AF_INET && ntohs(to->sin_port) == refused_port;
}

}  // namespace

// Stands before the C library's in this program. As the kernel does, it stops at the first datagram that
// fails.
extern "C" int sendmmsg(int fd, mmsghdr* messages, unsigned int count, int flags) {
  unsigned int good = 0;
  while (good < count && !is_refused(messages[good].msg_hdr)) ++good;
  if (good == 0) {
    errno = refused_error;
    return -1;
  }
  return static_cast<int>(::syscall(SYS_sendmmsg, fd, messages, good, flags));
}

namespace muster::dns {
namespace {

using namespace std::chrono_literals;
using test::endpoint_of;
using test::Octets;
using test::QueryBuilder;
using test::UdpClient;
using zones::RrType;

constexpr const char* kLines[] = {"www 60 A 192.0.2.1", "www 60 AAAA 2001:db8::1"};

class UdpServerTest : public testing::Test {
 protected:
  UdpServerTest() { zone_ = &world_.file_zone("example.", kLines); }
  ~UdpServerTest() override {
    server_.reset();
    refused_port = 0;
  }

  void open(std::string_view endpoint, unsigned sockets = 1) {
    auto listener = open_listener(endpoint_of(endpoint), sockets);
    ASSERT_TRUE(listener) << listener.error().message;
    endpoint_ = listener->endpoint;
    std::vector<Listener> listeners;
    listeners.push_back(std::move(*listener));
    server_ = std::make_unique<UdpServer>(listeners, [this] {
      return std::make_unique<Answering>(world_.table(), zones::Rng(1), AnswerConfig{});
    });
  }
  net::Endpoint at(std::string_view address) const { return {*net::parse_ip(address), endpoint_.port}; }
  static Octets query(std::uint16_t id, RrType type = RrType::a) {
    return QueryBuilder("www.example.", type).id(id).build();
  }
  static unsigned id_of(const Octets& packet) { return static_cast<unsigned>(packet[0] << 8 | packet[1]); }

  template <class Field>
  std::uint64_t sum(Field field) const {
    std::uint64_t sum = 0;
    for (const UdpCounters* counters : server_->counters()) sum += (counters->*field).value();
    return sum;
  }

  test::World world_;
  zones::Zone* zone_ = nullptr;
  net::Endpoint endpoint_;
  std::unique_ptr<UdpServer> server_;
};

TEST_F(UdpServerTest, AnswersEveryQueryOfABatchOnce) {
  open("127.0.0.1:0");
  UdpClient client("127.0.0.1:0");
  for (std::uint16_t id = 1; id <= 150; ++id) client.send(endpoint_, query(id));  // they wait in the socket
  server_->start();
  std::set<unsigned> answered;
  for (int i = 0; i < 150; ++i) {
    const auto reply = client.receive();
    ASSERT_TRUE(reply) << i;
    EXPECT_EQ(reply->from, endpoint_);
    EXPECT_TRUE(answered.insert(id_of(reply->packet)).second) << "twice";
  }
  EXPECT_FALSE(client.receive(50ms));
  EXPECT_EQ(sum(&UdpCounters::received), 150u);
  EXPECT_EQ(sum(&UdpCounters::sent), 150u);
  std::uint64_t batches = 0;
  for (const UdpCounters* counters : server_->counters()) {
    for (const std::uint64_t count : counters->batch_sizes.ranges()) batches += count;
  }
  EXPECT_EQ(batches, 3u) << "64 + 64 + 22";
}

TEST_F(UdpServerTest, SaysNothingToWhatIsNoQueryAndGoesOn) {
  open("127.0.0.1:0");
  server_->start();
  UdpClient client("127.0.0.1:0");
  client.send(endpoint_, {});
  client.send(endpoint_, Octets(11, 0));
  client.send(endpoint_, QueryBuilder("www.example.").flags(0x8000).build());
  client.send(endpoint_, query(7));
  const auto reply = client.receive();
  ASSERT_TRUE(reply);
  EXPECT_EQ(id_of(reply->packet), 7u);
  EXPECT_FALSE(client.receive(50ms));
}

TEST_F(UdpServerTest, ADatagramBeyondTheBufferIsAnUnreadableQuery) {
  open("127.0.0.1:0");
  server_->start();
  UdpClient client("127.0.0.1:0");
  client.send(endpoint_, QueryBuilder("www.example.").raw(Octets(20'000, 0)).build());
  const auto reply = client.receive();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->packet[3] & 15, static_cast<int>(Rcode::formerr));
}

TEST_F(UdpServerTest, ShortAndLongPacketsInTurnKeepTheirLengths) {
  open("127.0.0.1:0");
  server_->start();
  UdpClient client("127.0.0.1:0");
  for (std::uint16_t id = 1; id <= 20; ++id) {
    const bool edns = id % 2 == 0;
    QueryBuilder builder("www.example.");
    builder.id(id);
    if (edns) builder.edns();
    client.send(endpoint_, builder.build());
    const auto reply = client.receive();
    ASSERT_TRUE(reply);
    EXPECT_EQ(id_of(reply->packet), id);
    EXPECT_EQ(reply->packet[11], edns ? 1 : 0) << "records in the additional section";
  }
}

TEST_F(UdpServerTest, TheReplyLeavesFromTheAddressThatWasAsked) {
  open("0.0.0.0:0");
  server_->start();
  for (const char* asked : {"127.0.0.5", "127.0.0.1", "127.9.8.7"}) {
    SCOPED_TRACE(asked);
    UdpClient client("127.0.0.1:0");
    client.send(at(asked), query(1));
    const auto reply = client.receive();
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->from, at(asked));
  }
}

TEST_F(UdpServerTest, QueriesToSeveralAddressesInOneBatchAreNotMixedUp) {
  open("0.0.0.0:0");
  UdpClient client("127.0.0.1:0");
  std::map<unsigned, net::Endpoint> asked;
  for (std::uint16_t id = 1; id <= 60; ++id) {
    asked[id] = at("127.0.0." + std::to_string(id));
    client.send(asked[id], query(id));
  }
  server_->start();
  for (int i = 0; i < 60; ++i) {
    const auto reply = client.receive();
    ASSERT_TRUE(reply) << i;
    EXPECT_EQ(reply->from, asked[id_of(reply->packet)]);
  }
}

TEST_F(UdpServerTest, Ipv6IsAnsweredFromTheAddressThatWasAsked) {
  if (!test::has_ipv6_loopback()) GTEST_SKIP() << "no IPv6 here";
  for (const char* listen : {"[::1]:0", "[::]:0"}) {
    SCOPED_TRACE(listen);
    open(listen);
    server_->start();
    UdpClient client("[::1]:0");
    client.send(at("::1"), query(1));
    const auto reply = client.receive();
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->from, at("::1"));
  }
}

TEST_F(UdpServerTest, AReplyThatCannotBeSentCostsNoOther) {
  struct Row {
    int error;
    Counter UdpCounters::*counted;
    const char* why;
  };
  constexpr Row kRows[] = {
      {EHOSTUNREACH, &UdpCounters::send_failed, "a destination that cannot be reached"},
      {EPERM, &UdpCounters::send_failed, "a packet filter"},
      {EAGAIN, &UdpCounters::send_full, "a full buffer drops, it does not wait"},
      {ENOBUFS, &UdpCounters::send_full, "a full queue of the device"},
  };
  for (const Row& row : kRows) {
    for (const int unlucky : {0, 1, 2}) {
      SCOPED_TRACE(row.why + std::string(", datagram ") + std::to_string(unlucky));
      open("127.0.0.1:0");
      UdpClient clients[3] = {UdpClient("127.0.0.1:0"), UdpClient("127.0.0.1:0"), UdpClient("127.0.0.1:0")};
      refused_error = row.error;
      refused_port = clients[unlucky].local().port;
      for (UdpClient& client : clients) client.send(endpoint_, query(1));
      server_->start();
      for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(clients[i].receive(i == unlucky ? 0ms : test::kPatience).has_value(), i != unlucky);
      }
      server_->stop();
      EXPECT_EQ(sum(row.counted), 1u);
      EXPECT_EQ(sum(&UdpCounters::sent), 2u);
      refused_port = 0;
    }
  }
}

TEST_F(UdpServerTest, StopsSoonAlthoughNothingCame) {
  open("127.0.0.1:0", 2);
  server_->start();
  std::this_thread::sleep_for(20ms);
  server_->stop();  // or this test runs into its time limit
  server_->stop();  // again: nothing happens
}

// Each answer is the old or the new one while a writer changes, removes and adds the name; ThreadSanitizer
// watches.
TEST_F(UdpServerTest, WorkersReadWhatAWriterChanges) {
  open("127.0.0.1:0", 2);
  server_->start();
  std::atomic<bool> done{false};
  std::atomic<int> wrong{0};
  std::atomic<int> answers{0};
  const auto ask = [&] {
    UdpClient client("127.0.0.1:0");
    for (std::uint16_t id = 1; !done; ++id) {
      client.send(endpoint_, query(id));
      const auto reply = client.receive();
      if (!reply || id_of(reply->packet) != id) {
        ++wrong;
        continue;
      }
      const int rcode = reply->packet[3] & 15;
      const int count = reply->packet[7];
      const bool whole = rcode == 0 && (count == 1 || count == 3);
      if (!whole && rcode != static_cast<int>(Rcode::nxdomain)) ++wrong;
      ++answers;
    }
  };
  std::vector<std::thread> askers;
  for (int i = 0; i < 3; ++i) askers.emplace_back(ask);

  const auto spec = [](int addresses, int round) {
    zones::RrsetSpec set;
    set.type = RrType::a;
    set.ttl = 5;
    for (int i = 0; i < addresses; ++i) {
      set.members.push_back(
          {std::string({'\x0a', static_cast<char>(round), '\x00', static_cast<char>(i)}), 1, 0, {}});
    }
    return zones::NameSpec{test::name_of("www.example."), {set}};
  };
  std::uint64_t seen = 0;
  const auto end = std::chrono::steady_clock::now() + 500ms;
  for (int round = 0; std::chrono::steady_clock::now() < end; ++round) {
    world_.put(*zone_, spec(1, round));
    world_.put(*zone_, spec(3, round));
    if (round % 4 == 0) world_.zones().erase(*zone_, test::name_of("www.example."));
    if (round % 16 == 0) world_.table().tidy();
    seen = sum(&UdpCounters::received);  // counters are read while they are written
    std::this_thread::yield();
  }
  done = true;
  for (std::thread& asker : askers) asker.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(answers, 0);
  EXPECT_GT(seen, 0u);
}

}  // namespace
}  // namespace muster::dns
