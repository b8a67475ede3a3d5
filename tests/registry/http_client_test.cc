#include "registry/net/http_client.h"

#include <gtest/gtest.h>

#include <boost/asio/ip/tcp.hpp>
#include <fstream>
#include <list>
#include <thread>

#include "tests/registry/support/fetch_house.h"
#include "tests/registry/support/gzip.h"
#include "tests/registry/support/scratch.h"
#include "tests/registry/support/scripted_server.h"

namespace muster::net {
namespace {

using registry::testing::Scratch;
using test::at;
using test::dead_port;
using test::Fetched;
using test::FetchHouse;
using test::ScriptedServer;
using test::Visitor;
using namespace std::chrono_literals;

constexpr std::string_view kHello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

// Reads one request and answers with these octets; then the connection ends.
ScriptedServer::Script answers(std::string octets) {
  return [octets = std::move(octets)](Visitor& visitor) {
    visitor.read_head();
    visitor.send(octets);
    visitor.finish();
    visitor.wait_for_end();
  };
}

// Answers until the client has gone.
ScriptedServer::Script answers_all(std::string octets = std::string(kHello)) {
  return [octets = std::move(octets)](Visitor& visitor) {
    while (!visitor.read_head().empty()) visitor.send(octets);
  };
}

// Hosts as a test wants them.
ResolverConfig hosts(const Scratch& scratch, const std::string& lines) {
  std::ofstream(scratch.path("hosts")) << lines;
  ResolverConfig config;
  config.hosts_file = scratch.path("hosts");
  return config;
}

TEST(HttpClient, AsksAndTellsHeadBodyAndEnd) {
  std::string asked;
  ScriptedServer server([&](Visitor& visitor) {
    asked = visitor.read_head();
    visitor.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: b\r\n\r\nhello");
  });
  FetchHouse house;
  const Fetched got = house.get(at(server.port()), {.target = "/x?y=1"});
  EXPECT_EQ(got.outcome(), "ok") << got.message();
  EXPECT_EQ(got.head->status, 200);
  EXPECT_EQ(got.head->find("x-a"), "b");
  EXPECT_EQ(got.head->find("x-b"), std::nullopt);
  EXPECT_EQ(got.body, "hello");
  EXPECT_EQ(asked, "GET /x?y=1 HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(server.port()) + "\r\n\r\n");
}

TEST(HttpClient, WritesRequests) {
  EXPECT_EQ(write_request({HttpScheme::http, "m", 80}, {}), "GET / HTTP/1.1\r\nHost: m\r\n\r\n");
  EXPECT_EQ(
      write_request({HttpScheme::https, "::1", 5050}, {.method = "POST",
                                                       .target = "/api/v1",
                                                       .headers = {{"Content-Type", "application/json"}},
                                                       .body = "{}",
                                                       .accept_gzip = true}),
      "POST /api/v1 HTTP/1.1\r\nHost: [::1]:5050\r\nContent-Type: application/json\r\n"
      "Accept-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}");
  EXPECT_EQ(write_request({HttpScheme::http, "m", 80}, {.method = "POST"}),
            "POST / HTTP/1.1\r\nHost: m\r\nContent-Length: 0\r\n\r\n");
  const HttpOrigin origin{HttpScheme::http, "m", 80};
  EXPECT_FALSE(write_request(origin, {.target = "/a b"}));
  EXPECT_FALSE(write_request(origin, {.target = "/\r\nX: y"}));
  EXPECT_FALSE(write_request(origin, {.target = ""}));
  EXPECT_FALSE(write_request(origin, {.method = "G T"}));
  EXPECT_FALSE(write_request(origin, {.headers = {{"Authorization", "token=x\r\nX: y"}}}));
  EXPECT_FALSE(write_request(origin, {.headers = {{"A:", "b"}}}));
}

TEST(HttpClient, ARequestThatCannotBeWrittenIsToldLater) {
  FetchHouse house;
  const Fetched got = house.get(at(dead_port()), {.target = "/ x"});
  EXPECT_EQ(got.outcome(), "parse");
}

TEST(HttpClient, SendsABody) {
  std::string body;
  ScriptedServer server([&](Visitor& visitor) {
    visitor.read_head();
    body = visitor.read(1'000'000);
    visitor.send(kHello);
  });
  FetchHouse house;
  const std::string large(1'000'000, 'x');
  EXPECT_EQ(house.get(at(server.port()), {.method = "POST", .body = large}).outcome(), "ok");
  EXPECT_EQ(body, large);
}

TEST(HttpClient, GivesRedirectsBack) {
  ScriptedServer server(answers(
      "HTTP/1.1 307 Temporary Redirect\r\nLocation: //m2:5050/master/state\r\nContent-Length: 0\r\n\r\n"));
  FetchHouse house;
  const Fetched got = house.get(at(server.port()));
  EXPECT_EQ(got.outcome(), "ok");
  EXPECT_EQ(got.head->status, 307);
  EXPECT_EQ(got.head->find("location"), "//m2:5050/master/state");
}

TEST(HttpClient, TellsWhatIsWrongWithAnAnswer) {
  struct Row {
    const char* why;
    std::string octets;
    const char* outcome;
  };
  const Row rows[] = {
      {"closed without an answer", "", "reset"},
      {"garbage", "hello there\r\n\r\n", "parse"},
      {"the head is cut", "HTTP/1.1 200 OK\r\nContent-Le", "short_body"},
      {"the right length", std::string(kHello), "ok"},
      {"a shorter body than it says", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", "short_body"},
      {"a longer body than it says", std::string(kHello) + "!", "ok"},
      {"a cut chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhello", "short_body"},
      {"until the end", "HTTP/1.1 200 OK\r\n\r\nhello", "ok"},
      {"a head without end", "HTTP/1.1 200 OK\r\nX: " + std::string(70'000, 'x'), "limit"},
      {"a chunk's line without end",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + std::string(100'000, 'x'), "limit"},
      {"a body beyond its limit", "HTTP/1.1 200 OK\r\n\r\n" + std::string(100'001, 'x'), "limit"},
      {"a body at its limit", "HTTP/1.1 200 OK\r\n\r\n" + std::string(100'000, 'x'), "ok"},
      {"gzip", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + test::gzip("hello"), "ok"},
      {"no gzip", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nhello", "parse"},
      {"a bomb",
       "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + test::gzip(std::string(20'000'000, '0')),
       "limit"},
  };
  FetchHouse house;
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    ScriptedServer server(answers(row.octets));
    const Fetched got = house.get(at(server.port()), {}, {.max_body = 100'000});
    EXPECT_EQ(got.outcome(), row.outcome) << got.message();
    EXPECT_EQ(got.message().empty(), got.is_well());
  }
}

TEST(HttpClient, AGzipBodyOfManyPiecesIsTheSame) {
  std::string text;
  while (text.size() < 5'000'000) text += std::to_string(text.size()) + " ";
  const std::string zipped = test::gzip(text);
  std::string asked;
  ScriptedServer server([&](Visitor& visitor) {
    asked = visitor.read_head();
    visitor.send("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: " +
                 std::to_string(zipped.size()) + "\r\n\r\n" + zipped);
    visitor.wait_for_end();
  });
  FetchHouse house;
  const Fetched got = house.get(at(server.port()), {.accept_gzip = true});
  EXPECT_EQ(got.outcome(), "ok") << got.message();
  EXPECT_TRUE(got.body == text);
  EXPECT_NE(asked.find("\r\nAccept-Encoding: gzip\r\n"), asked.npos);
}

TEST(HttpClient, ReadsWhatComesOctetByOctet) {
  ScriptedServer server([](Visitor& visitor) {
    visitor.read_head();
    visitor.drip(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: t\r\n\r\n");
    visitor.wait_for_end();
  });
  FetchHouse house;
  const Fetched got = house.get(at(server.port()));
  EXPECT_EQ(got.outcome(), "ok") << got.message();
  EXPECT_EQ(got.body, "abcde");
}

TEST(HttpClient, TellsResets) {
  ScriptedServer before([](Visitor& visitor) {
    visitor.read_head();
    visitor.reset();
  });
  FetchHouse house;
  EXPECT_EQ(house.get(at(before.port())).outcome(), "reset");
  ScriptedServer amid([](Visitor& visitor) {
    visitor.read_head();
    visitor.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello");
    std::this_thread::sleep_for(20ms);
    visitor.reset();
  });
  EXPECT_EQ(house.get(at(amid.port())).outcome(), "reset");
}

TEST(HttpClient, TellsRefused) {
  FetchHouse house;
  const auto port = dead_port();
  const Fetched got = house.get(at(port));
  EXPECT_EQ(got.outcome(), "refused");
  EXPECT_EQ(got.message(), "127.0.0.1:" + std::to_string(port) + ": Connection refused");
  EXPECT_EQ(house.client->peer(), std::nullopt);
}

TEST(HttpClient, TellsThatAHostHasNoAddress) {
  FetchHouse house;
  const Fetched got = house.get(at(80, HttpScheme::http, "no host"));
  EXPECT_EQ(got.outcome(), "resolve");
  EXPECT_EQ(got.message(), "no host: not a host name");
}

TEST(HttpClient, TriesEveryAddressOfAHost) {
  Scratch scratch;
  std::string host_line;
  ScriptedServer server([&](Visitor& visitor) {
    host_line = visitor.read_head();
    visitor.send(kHello);
  });
  FetchHouse house({}, hosts(scratch, "127.0.0.9 Master\n::1 master\n127.0.0.1 master\n"));
  const Fetched got = house.get(at(server.port(), HttpScheme::http, "master"));
  EXPECT_EQ(got.outcome(), "ok") << got.message();
  EXPECT_NE(host_line.find("\r\nHost: master:" + std::to_string(server.port()) + "\r\n"), host_line.npos);
}

// A listener whose queue is full drops what asks for a connection, as a firewall does.
TEST(HttpClient, GivesUpAConnectionThatNobodyAnswers) {
  boost::asio::io_context io;
  boost::asio::ip::tcp::acceptor listener(io, {boost::asio::ip::address_v4::loopback(), 0}, false);
  listener.listen(0);
  std::list<boost::asio::ip::tcp::socket> fill;
  for (int i = 0; i < 8; ++i) {
    fill.emplace_back(io);
    fill.back().async_connect(listener.local_endpoint(), [](boost::system::error_code) {});
  }
  io.run_for(50ms);
  FetchHouse house;
  const Fetched got = house.get(at(listener.local_endpoint().port()), {}, {.connect = 100ms});
  EXPECT_EQ(got.outcome(), "timeout");
  EXPECT_EQ(got.message(),
            "127.0.0.1:" + std::to_string(listener.local_endpoint().port()) + ": no connection");
}

TEST(HttpClient, GivesUpAServerThatIsSilent) {
  ScriptedServer server([](Visitor& visitor) { visitor.wait_for_end(); });
  FetchHouse house;
  const Fetched got = house.get(at(server.port()), {}, {.head = 50ms});
  EXPECT_EQ(got.outcome(), "timeout");
  EXPECT_EQ(got.message(), "no answer within 50 ms");
}

TEST(HttpClient, AHeadThatDripsIsStillTooLate) {
  std::atomic<bool> over = false;
  ScriptedServer server([&](Visitor& visitor) {
    visitor.read_head();
    visitor.send("HTTP/1.1 200 OK\r\n");
    while (!over) {
      visitor.send("X: y\r\n");
      std::this_thread::sleep_for(5ms);
    }
  });
  FetchHouse house;
  const Fetched got = house.get(at(server.port()), {}, {.head = 100ms});
  over = true;
  EXPECT_EQ(got.message(), "no answer within 100 ms");
}

TEST(HttpClient, GivesUpABodyThatStandsStill) {
  ScriptedServer server([](Visitor& visitor) {
    visitor.read_head();
    visitor.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello");
    visitor.wait_for_end();
  });
  FetchHouse house;
  const Fetched got = house.get(at(server.port()), {}, {.idle = 50ms});
  EXPECT_EQ(got.outcome(), "timeout");
  EXPECT_EQ(got.message(), "nothing came for 50 ms");
  EXPECT_EQ(got.body, "hello");
}

TEST(HttpClient, GivesUpABodyThatDripsWithoutEnd) {
  std::atomic<bool> over = false;
  ScriptedServer server([&](Visitor& visitor) {
    visitor.read_head();
    visitor.send("HTTP/1.1 200 OK\r\n\r\n");
    while (!over) {
      visitor.send("x");
      std::this_thread::sleep_for(5ms);
    }
  });
  FetchHouse house;
  const Fetched got = house.get(at(server.port()), {}, {.whole = 200ms});
  over = true;
  EXPECT_EQ(got.outcome(), "timeout");
  EXPECT_EQ(got.message(), "not done within 200 ms");
}

TEST(HttpClient, LimitsMayBeMovedAndLiftedMeanwhile) {
  ScriptedServer server([](Visitor& visitor) {
    visitor.read_head();
    visitor.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
    std::this_thread::sleep_for(200ms);
    visitor.send("hello");
    visitor.wait_for_end();
  });
  FetchHouse house;
  house.on_head = [&](const HttpHead&) {
    house.client->limit_idle(std::nullopt);
    return HttpFlow::go_on;
  };
  EXPECT_EQ(house.get(at(server.port()), {}, {.idle = 20ms, .whole = std::nullopt}).outcome(), "ok");
  house.client->drop();
  house.on_head = [&](const HttpHead&) {
    house.client->limit_whole(20ms);
    return HttpFlow::go_on;
  };
  EXPECT_EQ(house.get(at(server.port()), {}, {.whole = std::nullopt}).message(), "not done within 20 ms");
}

TEST(HttpClient, AConnectionIsUsedAgain) {
  ScriptedServer server(answers_all());
  FetchHouse house;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(house.get(at(server.port())).body, "hello");
  EXPECT_EQ(server.visits(), 1);
  EXPECT_TRUE(house.client->peer());
  house.client->drop();
  EXPECT_FALSE(house.client->peer());
  EXPECT_EQ(house.get(at(server.port())).body, "hello");
  EXPECT_EQ(server.visits(), 2);
}

TEST(HttpClient, AnotherOriginIsAnotherConnection) {
  ScriptedServer one(answers_all());
  ScriptedServer two(answers_all());
  FetchHouse house;
  for (const auto port : {one.port(), two.port(), one.port()}) EXPECT_EQ(house.get(at(port)).outcome(), "ok");
  EXPECT_EQ(one.visits(), 2);
  EXPECT_EQ(two.visits(), 1);
}

TEST(HttpClient, AConnectionIsNotUsedAgainWhenItsServerSaysSo) {
  for (const char* octets : {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello",
                             "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\n"}) {
    ScriptedServer server(answers_all(octets));
    FetchHouse house;
    for (int i = 0; i < 2; ++i) EXPECT_EQ(house.get(at(server.port())).body, "hello");
    EXPECT_EQ(server.visits(), 2);
  }
}

TEST(HttpClient, AConnectionThatTheServerClosedMeanwhileIsReplaced) {
  ScriptedServer server(answers(std::string(kHello)));
  FetchHouse house;
  for (int i = 1; i <= 3; ++i) {
    EXPECT_EQ(house.get(at(server.port())).outcome(), "ok");
    EXPECT_TRUE(house.until([&] { return !house.client->peer(); }))
        << "its end is noticed while nothing is asked";
    EXPECT_EQ(server.visits(), i);
  }
}

// The server closes while the second request is on its way.
TEST(HttpClient, ARequestThatAClosingConnectionSwallowedIsRepeatedOnce) {
  const auto swallow_second = [](Visitor& visitor) {
    visitor.read_head();
    visitor.send(kHello);
    visitor.read_head();
    if (visitor.number() % 2 == 1) return;
    visitor.reset();
  };
  ScriptedServer server(swallow_second);
  FetchHouse house;
  EXPECT_EQ(house.get(at(server.port())).outcome(), "ok");
  EXPECT_EQ(house.get(at(server.port())).outcome(), "ok") << "closed";
  EXPECT_EQ(server.visits(), 2);
  EXPECT_EQ(house.get(at(server.port())).outcome(), "ok") << "reset";
  EXPECT_EQ(server.visits(), 3);
  EXPECT_EQ(house.get(at(server.port()), {.may_repeat = false}).outcome(), "reset");
  EXPECT_EQ(server.visits(), 3);
}

TEST(HttpClient, AFreshConnectionThatSwallowsARequestIsAnError) {
  ScriptedServer server([](Visitor& visitor) { visitor.read_head(); });
  FetchHouse house;
  EXPECT_EQ(house.get(at(server.port())).outcome(), "reset");
  EXPECT_EQ(server.visits(), 1);
}

TEST(HttpClient, AConnectionIsNotKeptForEver) {
  std::atomic<bool> gone = false;
  ScriptedServer server([&](Visitor& visitor) {
    visitor.read_head();
    visitor.send(kHello);
    gone = visitor.wait_for_end();
  });
  FetchHouse house({.tls = {}, .keep = 20ms});
  EXPECT_EQ(house.get(at(server.port())).outcome(), "ok");
  EXPECT_TRUE(house.until([&] { return gone.load(); }));
  EXPECT_FALSE(house.client->peer());
}

TEST(HttpClient, NothingIsReadWhileItIsPaused) {
  constexpr std::size_t kSize = std::size_t{32} << 20;
  std::atomic<std::size_t> sent = 0;
  ScriptedServer server([&](Visitor& visitor) {
    visitor.read_head();
    visitor.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(kSize) + "\r\n\r\n");
    const std::string block(std::size_t{1} << 20, 'x');
    while (sent < kSize) {
      visitor.send(block);
      sent += block.size();
    }
    visitor.wait_for_end();
  });
  FetchHouse house;
  bool pausing = true;
  Fetched got;
  house.on_body = [&](std::string_view) {
    if (got.pieces.size() == 1) house.client->limit_idle(100ms);  // it does not run meanwhile
    return pausing ? HttpFlow::pause : HttpFlow::go_on;
  };
  house.start(got, at(server.port()));
  ASSERT_TRUE(house.until([&] { return !got.pieces.empty(); }));
  const auto end = std::chrono::steady_clock::now() + 300ms;
  EXPECT_TRUE(house.until([&] { return std::chrono::steady_clock::now() > end; }));
  EXPECT_EQ(got.pieces.size(), 1u);
  EXPECT_EQ(got.outcome(), "");
  EXPECT_LT(sent, kSize) << "the server feels it";
  house.client->limit_idle(10s);
  house.client->resume();
  ASSERT_TRUE(house.until([&] { return got.pieces.size() == 2; }));
  pausing = false;
  house.client->resume();
  house.client->resume();
  ASSERT_TRUE(house.until([&] { return got.end.has_value(); }));
  EXPECT_EQ(got.outcome(), "ok") << got.message();
  EXPECT_EQ(got.body.size(), kSize);
}

// No limit but that of the whole runs meanwhile.
TEST(HttpClient, AReceiverMayPauseAtTheHead) {
  ScriptedServer server(answers(std::string(kHello)));
  FetchHouse house;
  house.on_head = [](const HttpHead&) { return HttpFlow::pause; };
  Fetched got;
  house.start(got, at(server.port()), {}, {.head = 1s, .idle = 1s});
  ASSERT_TRUE(house.until([&] { return got.head.has_value(); }));
  const auto end = std::chrono::steady_clock::now() + 1100ms;
  EXPECT_TRUE(house.until([&] { return std::chrono::steady_clock::now() > end; }));
  EXPECT_EQ(got.outcome() + got.body, "");
  house.client->resume();
  ASSERT_TRUE(house.until([&] { return got.end.has_value(); }));
  EXPECT_EQ(got.outcome(), "ok") << got.message();
  EXPECT_EQ(got.body, "hello");
}

TEST(HttpClient, AReceiverMayStopIt) {
  ScriptedServer server(answers_all("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello"));
  FetchHouse house;
  house.on_head = [](const HttpHead&) { return HttpFlow::stop; };
  Fetched got = house.get(at(server.port()));
  EXPECT_EQ(got.outcome(), "cancelled");
  EXPECT_EQ(got.body, "");
  house.on_head = {};
  house.on_body = [](std::string_view) { return HttpFlow::stop; };
  got = house.get(at(server.port()));
  EXPECT_EQ(got.outcome(), "cancelled");
  EXPECT_EQ(got.body, "hello");
  EXPECT_FALSE(house.client->peer()) << "what was not read to its end is not used again";
}

// Cancelled at every step of the loop: in resolving, connecting, waiting, reading.
TEST(HttpClient, MayBeCancelledAtAnyTime) {
  ScriptedServer server([](Visitor& visitor) {
    visitor.read_head();
    visitor.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello");
    visitor.wait_for_end();
  });
  FetchHouse house;
  bool read_all = false;
  for (int steps = 0; !read_all; ++steps) {
    SCOPED_TRACE(steps);
    ASSERT_LT(steps, 1000);
    Fetched got;
    house.start(got, at(server.port()));
    for (int i = 0; i < steps && got.body != "hello"; ++i) {
      if (house.io.stopped()) house.io.restart();
      house.io.run_one_for(5s);
    }
    read_all = got.body == "hello";
    house.client->cancel();
    EXPECT_FALSE(house.client->is_busy());
    EXPECT_EQ(got.outcome(), "") << "not inside the call";
    ASSERT_TRUE(house.until([&] { return got.end.has_value(); }));
    EXPECT_EQ(got.outcome(), "cancelled");
    house.client->cancel();
    house.settle();
  }
}

TEST(HttpClient, TheNextMayBeAskedAtOnceAfterACancel) {
  ScriptedServer silent([](Visitor& visitor) { visitor.wait_for_end(); });
  ScriptedServer server(answers_all());
  FetchHouse house;
  Fetched first, second;
  house.start(first, at(silent.port()));
  ASSERT_TRUE(house.until([&] { return silent.visits() == 1; }));
  house.client->cancel();
  house.start(second, at(server.port()));
  ASSERT_TRUE(house.until([&] { return first.end && second.end; }));
  EXPECT_EQ(first.outcome(), "cancelled");
  EXPECT_EQ(second.outcome(), "ok");
}

TEST(HttpClient, TheNextMayBeAskedFromTheEnd) {
  ScriptedServer server(answers_all());
  FetchHouse house;
  Fetched first, second;
  auto receiver = house.collect(first);
  receiver.end = [&](Result<void, HttpError> result) {
    first.end = std::move(result);
    house.start(second, at(server.port()));
  };
  house.client->ask(at(server.port()), {}, {}, std::move(receiver));
  ASSERT_TRUE(house.until([&] { return second.end.has_value(); }));
  EXPECT_EQ(second.outcome(), "ok");
  EXPECT_EQ(server.visits(), 1);
}

// Destroyed at every step of the loop, and by its own receiver: the receiver is told nothing any more.
TEST(HttpClient, MayBeDestroyedAtAnyTime) {
  ScriptedServer server([](Visitor& visitor) {
    visitor.read_head();
    visitor.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello");
    visitor.wait_for_end();
  });
  for (int steps = 0; steps < 30; ++steps) {
    FetchHouse house;
    Fetched got;
    house.start(got, at(server.port()), {}, {.head = 100ms, .idle = 10ms});
    for (int i = 0; i < steps && !got.end; ++i) house.io.run_one_for(10ms);
    const std::string before = got.outcome() + got.body;
    if (steps % 3 == 0) house.client->cancel();
    house.client.reset();
    house.settle();
    EXPECT_EQ(got.outcome() + got.body, before);
  }
  {
    FetchHouse house;
    Fetched got;
    house.on_head = [&](const HttpHead&) {
      house.client.reset();
      return HttpFlow::go_on;
    };
    house.start(got, at(server.port()));
    EXPECT_TRUE(house.until([&] { return got.head.has_value(); }));
    house.settle();
    EXPECT_EQ(got.outcome() + got.body, "");
  }
  {
    FetchHouse house;
    Fetched got;
    house.on_body = [&](std::string_view) {
      house.client.reset();
      return HttpFlow::pause;
    };
    house.start(got, at(server.port()));
    EXPECT_TRUE(house.until([&] { return !got.body.empty(); }));
    house.settle();
    EXPECT_EQ(got.outcome(), "");
  }
  {
    FetchHouse house;
    bool ended = false;
    HttpReceiver receiver{[](const HttpHead&) { return HttpFlow::go_on; },
                          [](std::string_view) { return HttpFlow::go_on; },
                          [&](Result<void, HttpError>) {
                            house.client.reset();
                            ended = true;
                          }};
    house.client->ask(at(dead_port()), {}, {}, std::move(receiver));
    EXPECT_TRUE(house.until([&] { return ended; }));
    house.settle();
  }
}

}  // namespace
}  // namespace muster::net
