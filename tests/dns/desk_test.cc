// What the servers hand on to a desk, and how its messages get back.
#include "dns/desk_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <deque>
#include <future>
#include <mutex>
#include <thread>

#include "dns/tcp_server.h"
#include "dns/udp_server.h"
#include "tests/dns/support/sockets.h"
#include "tests/dns/support/world.h"

namespace muster::dns {
namespace {

using namespace std::chrono_literals;
using test::endpoint_of;
using test::framed;
using test::QueryBuilder;
using test::TcpClient;
using test::UdpClient;
using zones::RrType;

constexpr const char* kLines[] = {"www 60 A 192.0.2.1"};

Octets axfr(std::uint16_t id) { return QueryBuilder("example.", RrType::axfr).id(id).build(); }
Octets ixfr(std::uint16_t id) { return QueryBuilder("example.", RrType::ixfr).id(id).build(); }
Octets plain(std::uint16_t id) { return QueryBuilder("www.example.", RrType::a).id(id).build(); }
unsigned id_of(const Octets& packet) { return static_cast<unsigned>(packet[0] << 8 | packet[1]); }
Octets message(std::uint16_t id, std::size_t size) {
  Octets octets(size);
  octets[0] = static_cast<std::uint8_t>(id >> 8);
  octets[1] = static_cast<std::uint8_t>(id);
  return octets;
}

// Both servers, and a desk whose handler runs on the thread of the context.
class DeskTest : public testing::Test {
 protected:
  DeskTest() { world_.file_zone("example.", kLines); }
  ~DeskTest() override {
    if (udp_) udp_->stop();
    if (thread_.joinable()) {
      boost::asio::post(io_, [this] {
        handed_.clear();
        tcp_->stop();
        io_.stop();
      });
      thread_.join();
    }
  }

  void start(std::string_view endpoint, TcpConfig config = {}) {
    auto listener = open_listener(endpoint_of(endpoint), 1);
    ASSERT_TRUE(listener) << listener.error().message;
    endpoint_ = listener->endpoint;
    std::vector<Listener> listeners;
    listeners.push_back(std::move(*listener));
    AnswerConfig answer;
    answer.transfers = true;
    answer.updates = true;
    const auto make = [this, answer] {
      return std::make_unique<Answering>(world_.table(), zones::Rng(1), answer);
    };
    desk_ = std::make_unique<DeskQueue>(
        io_.get_executor(),
        DeskQueue::Handlers{.transfer = [this](Handed handed) { take(std::move(handed)); },
                            .update =
                                [this](Handed handed) {
                                  ++updates_;
                                  take(std::move(handed));
                                }});
    udp_ = std::make_unique<UdpServer>(listeners, make, desk_.get());
    tcp_ = std::make_unique<TcpServer>(io_.get_executor(), config, make(), desk_.get());
    tcp_->listen(listeners);
    udp_->start();
    thread_ = std::thread([this] { io_.run(); });
  }
  void take(Handed handed) {
    handed_.push_back(std::move(handed));
    ++taken_;
  }
  template <class Condition>
  static bool eventually(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + test::kPatience;
    while (!condition() && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(2ms);
    return condition();
  }
  // Sends on the thread of the context; what `written` said.
  std::future<bool> send(std::vector<Octets> messages, std::size_t to = 0) {
    auto said = std::make_shared<std::promise<bool>>();
    auto future = said->get_future();
    boost::asio::post(io_, [this, to, said, messages = std::move(messages)]() mutable {
      handed_.at(to).outlet->send(std::move(messages), [said](bool written) { said->set_value(written); });
    });
    return future;
  }
  void let_go() {
    boost::asio::post(io_, [this] { handed_.clear(); });
  }
  static bool value_of(std::future<bool>& future) {
    return future.wait_for(test::kPatience) == std::future_status::ready && future.get();
  }

  boost::asio::io_context io_;
  test::World world_;
  net::Endpoint endpoint_;
  std::deque<Handed> handed_;  // of the context's thread
  std::atomic<int> taken_{0};
  std::atomic<int> updates_{0};
  std::unique_ptr<DeskQueue> desk_;
  std::unique_ptr<UdpServer> udp_;
  std::unique_ptr<TcpServer> tcp_;
  std::thread thread_;
};

TEST_F(DeskTest, OtherQueriesAreAnsweredBetweenTheMessagesOfAConversation) {
  start("127.0.0.1:0");
  TcpClient client(endpoint_);
  ASSERT_TRUE(client.ask(axfr(1)));
  ASSERT_TRUE(eventually([&] { return taken_ == 1; }));
  ASSERT_TRUE(client.ask(plain(2)));
  EXPECT_EQ(id_of(*client.receive()), 2u) << "the desk has said nothing yet";
  auto first = send({message(1, 100), message(1, 16'000)});
  EXPECT_EQ(client.receive()->size(), 100u);
  EXPECT_EQ(client.receive()->size(), 16'000u);
  EXPECT_TRUE(value_of(first));
  ASSERT_TRUE(client.ask(plain(3)));
  EXPECT_EQ(id_of(*client.receive()), 3u);
  auto second = send({message(1, 200)});
  EXPECT_EQ(client.receive()->size(), 200u);
  EXPECT_TRUE(value_of(second));
  EXPECT_EQ(tcp_->counters().handed_on, 1u);
}

TEST_F(DeskTest, AHalfClosedClientGetsTheWholeConversation) {
  start("127.0.0.1:0");
  TcpClient client(endpoint_);
  ASSERT_TRUE(client.ask(axfr(1)));
  client.finish();
  ASSERT_TRUE(eventually([&] { return taken_ == 1; }));
  std::this_thread::sleep_for(20ms);
  for (int i = 0; i < 3; ++i) {
    send({message(1, 50)});
    ASSERT_TRUE(client.receive());
  }
  let_go();
  EXPECT_TRUE(client.ends()) << "the connection ends with the conversation";
}

TEST_F(DeskTest, AClientThatHasGoneIsTold) {
  start("127.0.0.1:0");
  {
    TcpClient client(endpoint_);
    ASSERT_TRUE(client.ask(axfr(1)));
    ASSERT_TRUE(eventually([&] { return taken_ == 1; }));
    client.reset();
  }
  ASSERT_TRUE(eventually([&] { return tcp_->counters().open == 0; }));
  auto said = send({message(1, 100)});
  ASSERT_EQ(said.wait_for(test::kPatience), std::future_status::ready);
  EXPECT_FALSE(said.get());
}

TEST_F(DeskTest, AClientThatDoesNotReadIsClosedAndTheDeskTold) {
  std::vector<Octets> messages(200, message(1, 60'000));  // made first: meanwhile the connection would be idle
  start("127.0.0.1:0", {.idle = 1s});
  TcpClient client(endpoint_, 4096);
  ASSERT_TRUE(client.ask(axfr(1)));
  ASSERT_TRUE(eventually([&] { return taken_ == 1; }));
  auto said = send(std::move(messages));
  ASSERT_EQ(said.wait_for(test::kPatience), std::future_status::ready);
  EXPECT_FALSE(said.get());
  EXPECT_EQ(tcp_->counters().closed_unread, 1u);
}

TEST_F(DeskTest, AbortClosesTheConnection) {
  start("127.0.0.1:0");
  TcpClient client(endpoint_);
  ASSERT_TRUE(client.ask(axfr(1)));
  ASSERT_TRUE(eventually([&] { return taken_ == 1; }));
  boost::asio::post(io_, [this] { handed_.at(0).outlet->abort(); });
  EXPECT_TRUE(client.ends());
}

TEST_F(DeskTest, OverUdpTheReplyComesFromTheAddressThatWasAsked) {
  start("127.0.0.5:0");
  UdpClient client("127.0.0.1:0");
  const net::Endpoint asked = endpoint_;
  client.send(asked, ixfr(7));
  ASSERT_TRUE(eventually([&] { return taken_ == 1; }));
  boost::asio::post(io_, [this] {
    EXPECT_EQ(handed_.at(0).packet, ixfr(7));
    EXPECT_EQ(handed_.at(0).client.transport, Transport::udp);
    handed_.at(0).outlet->send({message(7, 40)}, [](bool) {});
    handed_.clear();
  });
  const auto reply = client.receive();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->from, asked);
  EXPECT_EQ(reply->packet, message(7, 40));
  client.send(asked, plain(8));
  EXPECT_EQ(id_of(client.receive()->packet), 8u);
  client.send(asked, QueryBuilder("example.", RrType::axfr).id(9).build());
  EXPECT_EQ(client.receive()->packet[3] & 15, 1) << "AXFR over UDP is FORMERR (RFC 5936 §4.2)";
}

TEST_F(DeskTest, UpdatesGoToTheirOwnHandler) {
  start("127.0.0.1:0");
  UdpClient client("127.0.0.1:0");
  client.send(endpoint_, QueryBuilder("example.", RrType::soa).flags(0x2800).build());
  EXPECT_TRUE(eventually([&] { return updates_ == 1; }));
}

TEST(DeskQueue, TakesABoundedNumber) {
  class NoOutlet final : public Outlet {
    void send(std::vector<Octets>, Written) override {}
    void abort() override {}
  };
  boost::asio::io_context io;
  std::size_t handled = 0;
  auto desk = std::make_unique<DeskQueue>(
      io.get_executor(), DeskQueue::Handlers{.transfer = [&](Handed) { ++handled; }, .update = {}});
  const auto give = [&] { return desk->take({axfr(1), test::udp_client(), {}, std::make_shared<NoOutlet>()}); };
  for (std::size_t i = 0; i < DeskQueue::kWaiting; ++i) ASSERT_TRUE(give());
  EXPECT_FALSE(give());
  EXPECT_EQ(desk->refused(), 1u);
  io.poll();
  EXPECT_EQ(handled, DeskQueue::kWaiting);
  EXPECT_TRUE(give());
  desk.reset();
  io.restart();
  io.poll();
  EXPECT_EQ(handled, DeskQueue::kWaiting) << "nothing is handled when the desk is gone";
}

}  // namespace
}  // namespace muster::dns
