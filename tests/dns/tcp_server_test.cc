#include "dns/tcp_server.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <deque>
#include <set>
#include <thread>

#include "tests/dns/support/sockets.h"
#include "tests/dns/support/world.h"

namespace muster::dns {
namespace {

using namespace std::chrono_literals;
using test::endpoint_of;
using test::framed;
using test::Octets;
using test::QueryBuilder;
using test::TcpClient;
using zones::RrType;
using Steady = std::chrono::steady_clock;

std::vector<std::string> lines() {
  std::vector<std::string> lines = {"www 60 A 192.0.2.1"};
  for (int i = 0; i < 60; ++i) {  // "big" TXT: about 15,000 octets
    lines.push_back("big 60 TXT \"" + std::to_string(100 + i) + std::string(240, 'x') + "\"");
  }
  return lines;
}

Octets query(std::uint16_t id, std::string_view name = "www.example.", RrType type = RrType::a) {
  return QueryBuilder(name, type).id(id).build();
}
Octets big_query(std::uint16_t id) { return query(id, "big.example.", RrType::txt); }
unsigned id_of(const Octets& packet) { return static_cast<unsigned>(packet[0] << 8 | packet[1]); }
int rcode_of(const Octets& packet) { return packet[3] & 15; }

template <class Condition>
bool eventually(Condition condition) {
  for (const auto end = Steady::now() + test::kPatience; Steady::now() < end;
       std::this_thread::sleep_for(2ms)) {
    if (condition()) return true;
  }
  return condition();
}

// The server on a thread of its own, as musterd runs it.
class TcpServerTest : public testing::Test {
 protected:
  TcpServerTest() {
    const auto texts = lines();
    std::vector<const char*> views;
    for (const std::string& text : texts) views.push_back(text.c_str());
    world_.file_zone("example.", views);
  }
  ~TcpServerTest() override { stop(); }

  void start(TcpConfig config = {}, std::string_view endpoint = "127.0.0.1:0") {
    auto listener = open_listener(endpoint_of(endpoint), 1);
    ASSERT_TRUE(listener) << listener.error().message;
    endpoint_ = listener->endpoint;
    std::vector<Listener> listeners;
    listeners.push_back(std::move(*listener));
    server_ = std::make_unique<TcpServer>(
        io_.get_executor(), config,
        std::make_unique<Answering>(world_.table(), zones::Rng(1), AnswerConfig{}));
    server_->listen(listeners);
    thread_ = std::thread([this] { io_.run(); });
  }
  // As musterd stops: what is still queued in the context never runs.
  void stop() {
    if (!thread_.joinable()) return;
    boost::asio::post(io_, [this] {
      server_->stop();
      io_.stop();
    });
    thread_.join();
  }
  const TcpCounters& counters() const { return server_->counters(); }

  // The answers to `count` queries, each once.
  static void expect_answers(TcpClient& client, unsigned count) {
    std::set<unsigned> answered;
    for (unsigned i = 0; i < count; ++i) {
      const auto reply = client.receive();
      ASSERT_TRUE(reply) << "after " << i;
      EXPECT_EQ(rcode_of(*reply), 0);
      EXPECT_TRUE(answered.insert(id_of(*reply)).second) << id_of(*reply) << " came twice";
    }
    EXPECT_EQ(*answered.begin(), 1u);
    EXPECT_EQ(*answered.rbegin(), count);
  }
  static Octets pipelined(unsigned count) {
    Octets all;
    for (unsigned id = 1; id <= count; ++id) {
      const Octets one = framed(query(static_cast<std::uint16_t>(id)));
      all.insert(all.end(), one.begin(), one.end());
    }
    return all;
  }

  boost::asio::io_context io_;  // first: it outlives the name table, with whatever still waits in it
  test::World world_;
  net::Endpoint endpoint_;
  std::unique_ptr<TcpServer> server_;
  std::thread thread_;
};

TEST_F(TcpServerTest, AConnectionStaysOpenFromQueryToQuery) {
  start();
  TcpClient client(endpoint_);
  for (std::uint16_t id = 1; id <= 5; ++id) {
    ASSERT_TRUE(client.ask(query(id)));
    const auto reply = client.receive();
    ASSERT_TRUE(reply);
    EXPECT_EQ(id_of(*reply), id);
  }
  EXPECT_EQ(counters().accepted, 1u);
  EXPECT_EQ(counters().queries, 5u);
  EXPECT_EQ(counters().open, 1);
}

TEST_F(TcpServerTest, PipelinedQueriesAreAnsweredOnceEach) {
  struct Row {
    const char* why;
    unsigned queries;
    std::size_t segment;
  };
  constexpr Row kRows[] = {
      {"300 in one segment: more than one turn", 300, 1 << 20},
      {"20,000: more than the buffers hold", 20'000, 1 << 20},
      {"one octet a segment", 12, 1},
      {"segments that cut lengths and messages anywhere", 300, 7},
  };
  start();
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.why);
    TcpClient client(endpoint_);
    const Octets all = pipelined(row.queries);
    std::thread sender([&] {
      for (std::size_t at = 0; at < all.size(); at += row.segment) {
        const auto begin = all.begin() + static_cast<std::ptrdiff_t>(at);
        EXPECT_TRUE(client.send(
            {begin, begin + static_cast<std::ptrdiff_t>(std::min(row.segment, all.size() - at))}));
      }
    });
    expect_answers(client, row.queries);
    sender.join();
  }
}

TEST_F(TcpServerTest, TheLongestQueryIsReadAndTheConnectionLives) {
  start();
  TcpClient client(endpoint_);
  Octets longest = query(1);
  longest.resize(65'535);  // octets behind the message: unreadable
  ASSERT_TRUE(client.ask(longest));
  ASSERT_TRUE(client.ask(query(2)));
  const auto refused = client.receive();
  ASSERT_TRUE(refused);
  EXPECT_EQ(rcode_of(*refused), static_cast<int>(Rcode::formerr));
  const auto reply = client.receive();
  ASSERT_TRUE(reply);
  EXPECT_EQ(id_of(*reply), 2u);

  Octets padded = QueryBuilder("www.example.").id(3).option(12, Octets(65'535 - 29 - 11 - 4, 0)).build();
  ASSERT_EQ(padded.size(), 65'535u);
  ASSERT_TRUE(client.ask(padded));
  const auto answered = client.receive();
  ASSERT_TRUE(answered);
  EXPECT_EQ(id_of(*answered), 3u);
  EXPECT_EQ(rcode_of(*answered), 0);
}

TEST_F(TcpServerTest, ErrorsDoNotClose) {
  start();
  TcpClient client(endpoint_);
  struct Row {
    const char* why;
    Octets query;
    Rcode rcode;
  };
  const Row rows[] = {
      {"an unknown opcode", QueryBuilder("www.example.").flags(0x1800).build(), Rcode::notimp},
      {"a header alone", QueryBuilder().build(), Rcode::formerr},
      {"not our zone", query(1, "elsewhere.test."), Rcode::refused},
      {"no such name", query(1, "no.example."), Rcode::nxdomain},
      {"and a good one at last", query(1), Rcode::noerror},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    ASSERT_TRUE(client.ask(row.query));
    const auto reply = client.receive();
    ASSERT_TRUE(reply);
    EXPECT_EQ(rcode_of(*reply), static_cast<int>(row.rcode));
  }
  EXPECT_EQ(counters().accepted, 1u);
}

TEST_F(TcpServerTest, WhatIsNoQueryClosesAfterTheAnswersBefore) {
  struct Row {
    const char* why;
    Octets message;
  };
  const Row rows[] = {
      {"a length of 0", {}},
      {"a length of 11", Octets(11, 0)},
      {"a response", QueryBuilder("www.example.").flags(0x8000).build()},
  };
  start();
  std::uint64_t closed = 0;
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    TcpClient client(endpoint_);
    Octets all = pipelined(200);
    const Octets bad = framed(row.message);
    all.insert(all.end(), bad.begin(), bad.end());
    const Octets ignored = pipelined(3000);  // octets left unread must not turn the end into a reset
    all.insert(all.end(), ignored.begin(), ignored.end());
    ASSERT_TRUE(client.send(all));
    expect_answers(client, 200);
    EXPECT_TRUE(client.ends());
    EXPECT_EQ(counters().closed_error, ++closed);
    EXPECT_EQ(counters().queries, closed * 200);
  }
  EXPECT_TRUE(eventually([&] { return counters().open == 0; }));
}

TEST_F(TcpServerTest, APeerThatSendsOnAfterWeHungUpIsClosedInTime) {
  start({300ms, 10});
  TcpClient client(endpoint_);
  ASSERT_TRUE(client.ask({}));
  EXPECT_TRUE(client.ends());
  EXPECT_EQ(counters().open, 1) << "until the peer ends";
  EXPECT_TRUE(eventually([&] {
    client.send(Octets(1000, 0));
    return counters().open == 0;
  }));
  EXPECT_EQ(counters().closed_error, 1u);
  EXPECT_EQ(counters().closed_idle, 0u) << "it is counted once";
}

TEST_F(TcpServerTest, AHalfClosedClientGetsEveryAnswer) {
  start();
  TcpClient client(endpoint_);
  Octets all = pipelined(1000);
  all.push_back(0);  // and half a length, which costs nothing
  ASSERT_TRUE(client.send(all));
  client.finish();
  expect_answers(client, 1000);
  EXPECT_TRUE(client.ends());
  EXPECT_TRUE(eventually([&] { return counters().open == 0; }));
  EXPECT_EQ(counters().closed_error, 0u);
}

// Read only after the end was sent: 8 MB of answers, where the input pauses and goes on, and 180 KB, which
// wait in our own memory while the end is already known.
TEST_F(TcpServerTest, AHalfClosedSlowReaderGetsEveryAnswer) {
  start();
  for (const unsigned count : {500u, 12u}) {
    SCOPED_TRACE(count);
    TcpClient client(endpoint_, 4096);
    const auto before = counters().queries.load();
    for (unsigned id = 1; id <= count; ++id)
      ASSERT_TRUE(client.ask(big_query(static_cast<std::uint16_t>(id))));
    client.finish();
    std::this_thread::sleep_for(50ms);
    if (count == 500) {
      EXPECT_LT(counters().queries - before, 500u) << "paused";
    }
    expect_answers(client, count);
    EXPECT_TRUE(client.ends());
  }
}

TEST_F(TcpServerTest, AResetCostsNothing) {
  start();
  for (int i = 0; i < 20; ++i) {
    TcpClient client(endpoint_);
    ASSERT_TRUE(client.send(pipelined(i % 2 == 0 ? 0 : 100)));
    client.reset();
  }
  EXPECT_TRUE(eventually([&] { return counters().accepted == 20u && counters().open == 0; }));
  TcpClient client(endpoint_);
  ASSERT_TRUE(client.ask(query(1)));
  EXPECT_TRUE(client.receive());
}

TEST_F(TcpServerTest, IdleCountsFromTheLastWholeQuery) {
  struct Row {
    const char* why;
    Octets drip;  // an octet each 50 ms
  };
  const Octets half = framed(query(1));
  const Row rows[] = {
      {"nothing was ever sent", {}},
      {"half a length", {0}},
      {"a message that comes octet by octet", {half.begin(), half.end() - 1}},
  };
  start({400ms, 10});
  std::uint64_t idle = 0;
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    TcpClient client(endpoint_);
    const auto begin = Steady::now();
    std::size_t sent = 0;
    for (const std::uint8_t octet : row.drip) {
      if (client.closed_by_now()) break;
      client.send({octet});
      ++sent;
      std::this_thread::sleep_for(50ms);
    }
    EXPECT_TRUE(eventually([&] { return client.closed_by_now(); }));
    EXPECT_GE(Steady::now() - begin, 390ms);
    EXPECT_TRUE(row.drip.size() < 2 || sent < row.drip.size()) << "an octet more does not give it more time";
    EXPECT_EQ(counters().closed_idle, ++idle);
  }
}

TEST_F(TcpServerTest, AQueryKeepsTheConnectionFromBeingIdle) {
  start({800ms, 10});
  TcpClient client(endpoint_);
  for (int i = 0; i < 12; ++i) {
    std::this_thread::sleep_for(100ms);
    ASSERT_TRUE(client.ask(query(1)));
    ASSERT_TRUE(client.receive()) << i;
  }
  EXPECT_TRUE(client.ends());
  EXPECT_EQ(counters().closed_idle, 1u);
}

TEST_F(TcpServerTest, APeerThatDoesNotReadIsPausedThenClosedAndOthersAreServed) {
  start({2s, 10});
  TcpClient greedy(endpoint_, 4096);
  Octets questions;
  for (int i = 0; i < 2000; ++i) {  // 30 MB of answers
    const Octets one = framed(big_query(1));
    questions.insert(questions.end(), one.begin(), one.end());
  }
  greedy.send_some(questions);
  TcpClient other(endpoint_);
  const auto ask_other = [&](std::uint16_t id) { return other.ask(query(id)) && other.receive(); };
  ASSERT_TRUE(ask_other(1));
  // The input pauses: no more of them are answered than fill 256 KiB and a little in the kernel (15 KB each).
  std::uint64_t before = 0;
  ASSERT_TRUE(eventually([&] {
    const std::uint64_t now = counters().queries;
    std::this_thread::sleep_for(50ms);
    return now == std::exchange(before, now) && now > 1;
  }));
  EXPECT_LT(counters().queries, 50u);
  EXPECT_TRUE(eventually([&] { return !ask_other(2) || counters().closed_unread == 1; }));
  EXPECT_EQ(counters().closed_unread, 1u);
  EXPECT_TRUE(ask_other(3));
  EXPECT_TRUE(eventually([&] { return greedy.closed_by_now(); }));
}

// It takes longer than the idle time to read everything, but it reads on: it is not closed.
TEST_F(TcpServerTest, ASlowReaderThatReadsOnGetsEverything) {
  start({1500ms, 10});
  TcpClient client(endpoint_, 4096);
  Octets questions;
  for (std::uint16_t id = 1; id <= 400; ++id) {
    const Octets one = framed(big_query(id));
    questions.insert(questions.end(), one.begin(), one.end());
  }
  ASSERT_TRUE(client.send(questions));
  const auto begin = Steady::now();
  for (int i = 0; i < 400; ++i) {
    ASSERT_TRUE(client.receive()) << i;
    std::this_thread::sleep_for(8ms);
  }
  EXPECT_GT(Steady::now() - begin, 3s);
  EXPECT_EQ(counters().closed_unread, 0u);
}

TEST_F(TcpServerTest, AFullTableMakesRoomByTheLongestSilent) {
  start({10s, 3});
  std::deque<TcpClient> clients;
  for (std::uint16_t id = 0; id < 3; ++id) {
    clients.emplace_back(endpoint_);
    ASSERT_TRUE(clients.back().ask(query(id)));
    ASSERT_TRUE(clients.back().receive());
  }
  ASSERT_TRUE(clients[0].ask(query(9)));  // the oldest is not the longest silent any more
  ASSERT_TRUE(clients[0].receive());
  clients[1].send({0});  // half a query does not count
  clients.emplace_back(endpoint_);
  ASSERT_TRUE(clients[3].ask(query(3)));
  ASSERT_TRUE(clients[3].receive());
  EXPECT_TRUE(eventually([&] { return clients[1].closed_by_now(); }));
  EXPECT_FALSE(clients[0].closed_by_now());
  EXPECT_FALSE(clients[2].closed_by_now());
  EXPECT_EQ(counters().closed_full, 1u);
  EXPECT_EQ(counters().open, 3);
}

// RFC 7828 §3.2.2: a server short of connections says 0.
TEST_F(TcpServerTest, KeepaliveSaysZeroWhenTheTableIsNearlyFull) {
  start({10s, 2});
  const auto keepalive = [](TcpClient& client) {
    EXPECT_TRUE(client.ask(QueryBuilder("www.example.").option(11).build()));
    const auto reply = client.receive();
    if (!reply || reply->size() < 2) return -1;
    return (*reply)[reply->size() - 2] << 8 | (*reply)[reply->size() - 1];
  };
  TcpClient first(endpoint_);
  EXPECT_EQ(keepalive(first), 100) << "tenths of a second";
  TcpClient second(endpoint_);
  EXPECT_EQ(keepalive(second), 0);
}

TEST_F(TcpServerTest, TwoHundredConnectionsAtOnceAreAnswered) {
  start();
  std::deque<TcpClient> clients;
  for (int i = 0; i < 200; ++i) clients.emplace_back(endpoint_);
  for (TcpClient& client : clients) ASSERT_TRUE(client.ask(query(1)));
  for (TcpClient& client : clients) ASSERT_TRUE(client.receive());
  EXPECT_EQ(counters().accepted, 200u);
  EXPECT_EQ(counters().open, 200);
  clients.clear();
  EXPECT_TRUE(eventually([&] { return counters().open == 0; }));
}

TEST_F(TcpServerTest, AWildcardAnswersOnEveryAddress) {
  start({}, "0.0.0.0:0");
  TcpClient client({*net::parse_ip("127.0.0.5"), endpoint_.port});
  ASSERT_TRUE(client.ask(query(1)));
  EXPECT_TRUE(client.receive());
}

TEST_F(TcpServerTest, Ipv6IsServed) {
  if (!test::has_ipv6_loopback()) GTEST_SKIP() << "no IPv6 here";
  start({}, "[::1]:0");
  TcpClient client(endpoint_);
  ASSERT_TRUE(client.ask(query(1)));
  EXPECT_TRUE(client.receive());
}

// The fixture ends as musterd does: handlers of these connections are freed after the name table.
TEST_F(TcpServerTest, StoppingClosesWhatIsOpenAndTakesNoMore) {
  start();
  TcpClient quiet(endpoint_);
  TcpClient unread(endpoint_, 4096);
  for (std::uint16_t id = 1; id <= 200; ++id) ASSERT_TRUE(unread.ask(big_query(id)));
  ASSERT_TRUE(quiet.ask(query(1)));
  ASSERT_TRUE(quiet.receive());
  stop();
  EXPECT_TRUE(quiet.ends());
  EXPECT_TRUE(eventually([&] { return unread.closed_by_now(); }));
  EXPECT_FALSE(TcpClient(endpoint_).connected());
  EXPECT_EQ(counters().open, 0);
}

}  // namespace
}  // namespace muster::dns
