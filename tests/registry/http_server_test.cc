#include "registry/http/server.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <condition_variable>
#include <future>

#include "tests/registry/support/http_house.h"

namespace muster::registry::http {
namespace {

using test::echo;
using test::HttpClient;
using test::HttpHouse;
using test::request;
using namespace std::chrono_literals;

// Replies kept by a handler, for tests that answer later and from another thread.
class Shelf {
 public:
  Handler keep(bool park = false) {
    return [this, park](Request given, Reply reply) {
      if (park) reply.park();
      const std::lock_guard lock(mutex_);
      kept_.emplace_back(std::move(given), std::move(reply));
      arrived_.notify_all();
    };
  }
  bool wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    return arrived_.wait_for(lock, 5s, [&] { return kept_.size() >= count; });
  }
  Reply take(std::size_t index) {
    const std::lock_guard lock(mutex_);
    return std::move(kept_.at(index).second);
  }
  std::size_t size() {
    const std::lock_guard lock(mutex_);
    return kept_.size();
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<std::pair<Request, Reply>> kept_;
};

Response text(std::string body) { return {200, {}, std::move(body)}; }

template <class Condition>
bool eventually(Condition condition) {
  for (int i = 0; i < 500; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(10ms);
  }
  return false;
}

TEST(HttpServer, AnswersAndKeepsTheConnection) {
  HttpHouse house;
  house.add("GET", "/hello", echo);
  house.start();
  auto client = house.connect();
  for (int i = 0; i < 3; ++i) {
    const auto response = client.ask(request("GET", "/hello?x=1"));
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->body, "GET /hello?x=1 ");
    EXPECT_EQ(response->header("date").size(), 29u);
    EXPECT_EQ(response->header("connection"), "");
  }
}

TEST(HttpServer, EverySplitOfARequestGivesTheSameAnswer) {
  HttpHouse house;
  house.add("POST", "/in", echo);
  house.start();
  const std::string whole = request("POST", "/in", "hello body") +
                            "POST /in HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                            "3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\nTrailer: t\r\n\r\n";
  for (std::size_t cut = 1; cut < whole.size(); ++cut) {
    SCOPED_TRACE(cut);
    auto client = house.connect();
    client.send(std::string_view(whole).substr(0, cut));
    std::this_thread::sleep_for(200us);
    client.send(std::string_view(whole).substr(cut));
    const auto first = client.read_response();
    const auto second = client.read_response();
    ASSERT_TRUE(first && second);
    EXPECT_EQ(first->body, "POST /in hello body");
    EXPECT_EQ(second->body, "POST /in abcdefg");
  }
}

TEST(HttpServer, OneOctetAtATime) {
  HttpHouse house;
  house.add("POST", "/in", echo);
  house.start();
  auto client = house.connect();
  for (const char c : request("POST", "/in", "body")) client.send({&c, 1});
  const auto response = client.read_response();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->body, "POST /in body");
}

TEST(HttpServer, PipelinedRepliesComeInTheOrderOfTheirRequests) {
  Shelf shelf;
  HttpHouse house;
  house.add("GET", "/later", shelf.keep());
  house.add("GET", "/now", echo);
  house.start();
  auto client = house.connect();
  client.send(request("GET", "/later") + request("GET", "/now") + request("GET", "/later"));
  ASSERT_TRUE(shelf.wait_for(2));
  shelf.take(1).send(text("second"));
  std::this_thread::sleep_for(20ms);
  shelf.take(0).send(text("first"));
  EXPECT_EQ(client.read_response()->body, "first");
  EXPECT_EQ(client.read_response()->body, "GET /now ");
  EXPECT_EQ(client.read_response()->body, "second");
}

TEST(HttpServer, NoMoreThanTheirMaximumArePipelined) {
  Shelf shelf;
  ServerConfig config;
  config.limits.max_pipelined = 4;
  HttpHouse house(config);
  house.add("GET", "/later", shelf.keep());
  house.start();
  auto client = house.connect();
  std::string many;
  for (int i = 0; i < 10; ++i) many += request("GET", "/later");
  client.send(many);
  ASSERT_TRUE(shelf.wait_for(4));
  std::this_thread::sleep_for(50ms);
  EXPECT_EQ(shelf.size(), 4u);
  for (std::size_t i = 0; i < 10; ++i) {
    ASSERT_TRUE(shelf.wait_for(i + 1));
    shelf.take(i).send(text(std::to_string(i)));
  }
  for (int i = 0; i < 10; ++i) EXPECT_EQ(client.read_response()->body, std::to_string(i));
}

TEST(HttpServer, RefusesByItselfWhatIsNoGoodRequest) {
  struct Row {
    const char* why;
    std::string sent;
    int status;
    const char* error;
    bool closes;
  };
  const Row rows[] = {
      {"garbage", "\x16\x03\x01 hello\r\n\r\n", 400, "bad_request", true},
      {"no method", " / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad_request", true},
      {"a version that is not ours", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 400, "bad_request", true},
      {"no Host", "GET /x HTTP/1.1\r\n\r\n", 400, "bad_request", true},
      {"two Hosts", "GET /x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "bad_request", true},
      {"two lengths", "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400,
       "bad_request", true},
      {"length and chunked",
       "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400,
       "bad_request", true},
      {"an unknown coding", "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 400,
       "bad_request", true},
      {"a hidden coding", "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 400,
       "bad_request", true},
      {"a bad chunk", "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400,
       "bad_request", true},
      {"an unknown expectation", request("POST", "/x", "a", "Expect: magic\r\n"), 417, "bad_request", true},
      {"a header field too long", request("GET", "/x", "", "X: " + std::string(17 * 1024, 'x') + "\r\n"), 431,
       "header_too_large", true},
      {"a header that never ends", "GET /x HTTP/1.1\r\n" + std::string(20 * 1024, 'x'), 431,
       "header_too_large", true},
      {"a target too long", request("GET", "/" + std::string(8 * 1024, 'x')), 414, "target_too_long", true},
      {"a target that never ends", "GET /" + std::string(40 * 1024, 'x'), 414, "target_too_long", true},
      {"an announced body too long", "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n", 413,
       "body_too_large", true},
      {"a chunked body too long",
       "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n" + std::string(1000, 'x') +
           "\r\n1\r\nx\r\n0\r\n\r\n",
       413, "body_too_large", true},
      {"an unknown path", request("GET", "/nowhere"), 404, "not_found", false},
      {"another method", request("DELETE", "/x"), 405, "method_not_allowed", false},
      {"a bad escape in the path", request("GET", "/%zz"), 400, "bad_name", false},
      {"a bad escape in the query", request("GET", "/x?a=%"), 400, "bad_name", false},
  };
  ServerConfig config;
  config.limits.parse.max_body = 1000;
  HttpHouse house(config);
  house.add("GET", "/x", echo);
  house.add("POST", "/x", echo);
  house.start();
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    auto client = house.connect();
    const auto response = client.ask(row.sent);
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, row.status);
    EXPECT_NE(response->body.find("{\"error\":\"" + std::string(row.error) + "\",\"message\":\""),
              std::string::npos)
        << response->body;
    EXPECT_EQ(response->header("connection"), row.closes ? "close" : "");
    if (row.closes) {
      EXPECT_TRUE(client.at_end());
    } else {
      EXPECT_EQ(client.ask(request("GET", "/x"))->status, 200);
    }
  }
  EXPECT_EQ(house.count(Limit::header), 2u);
  EXPECT_EQ(house.count(Limit::target), 2u);
  EXPECT_EQ(house.count(Limit::body), 2u);
}

TEST(HttpServer, ExactlyTheLimitsPass) {
  ServerConfig config;
  config.limits.parse.max_body = 1000;
  HttpHouse house(config);
  house.add("POST", "/x", echo);
  house.add("GET", "/{any}", echo);
  house.start();
  auto client = house.connect();
  EXPECT_EQ(client.ask(request("POST", "/x", std::string(1000, 'b')))->status, 200);
  EXPECT_EQ(client.ask(request("GET", "/" + std::string(8191, 'x')))->status, 200);
}

TEST(HttpServer, MethodsOfAPath) {
  HttpHouse house;
  house.add("GET", "/x", [](Request, Reply reply) { reply.send({200, {}, "twelve bytes"}); });
  house.add("PUT", "/x", echo);
  house.start();
  auto client = house.connect();
  client.send(request("HEAD", "/x"));
  const auto head = client.read_response(true);
  EXPECT_EQ(head->status, 200);
  EXPECT_EQ(head->header("content-length"), "12");
  const auto options = client.ask(request("OPTIONS", "/x"));
  EXPECT_EQ(options->status, 200);
  EXPECT_EQ(options->header("allow"), "GET, HEAD, OPTIONS, PUT");
  const auto refused = client.ask(request("BREW", "/x"));
  EXPECT_EQ(refused->status, 405);
  EXPECT_EQ(refused->header("allow"), "GET, HEAD, OPTIONS, PUT");
  EXPECT_EQ(client.ask(request("OPTIONS", "*"))->status, 200);
  EXPECT_EQ(client.ask("GET http://other.example/x HTTP/1.1\r\nHost: a\r\n\r\n")->status, 200);
  client.send("\r\n" + request("GET", "/x"));
  EXPECT_EQ(client.read_response()->body, "twelve bytes");
}

TEST(HttpServer, Http10AndCloseEndTheConnection) {
  HttpHouse house;
  house.add("GET", "/x", echo);
  house.start();
  for (const char* sent : {"GET /x HTTP/1.0\r\n\r\n", "GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
                           "GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"}) {
    SCOPED_TRACE(sent);
    auto client = house.connect();
    const auto response = client.ask(std::string(sent) + request("GET", "/x"));
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->header("connection"), "close");
    EXPECT_TRUE(client.at_end());
  }
}

TEST(HttpServer, ContinuesWhenExpectedTo) {
  HttpHouse house;
  house.add("POST", "/x", echo);
  house.start();
  auto client = house.connect();
  const std::string head = "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n";
  EXPECT_EQ(client.ask(head)->status, 100);
  EXPECT_EQ(client.ask("body")->body, "POST /x body");
  EXPECT_EQ(client.ask(head + "body")->body, "POST /x body") << "the body was there: no interim answer";
}

TEST(HttpServer, AHalfClosedPeerGetsItsAnswers) {
  Shelf shelf;
  HttpHouse house;
  house.add("GET", "/later", shelf.keep());
  house.start();
  auto client = house.connect();
  client.send(request("GET", "/later"));
  client.half_close();
  ASSERT_TRUE(shelf.wait_for(1));
  std::this_thread::sleep_for(20ms);
  shelf.take(0).send(text("still here"));
  EXPECT_EQ(client.read_response()->body, "still here");
  EXPECT_TRUE(client.at_end());
}

TEST(HttpServer, SlowPeersAreToldAndClosed) {
  struct Row {
    const char* why;
    const char* sent;
    int status;  // 0: closed without a word
    Limit limit;
  };
  const Row rows[] = {
      {"a header that does not come", "GET /x HTTP/1.1\r\nHo", 408, Limit::slow_request},
      {"a body that does not come", "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc", 408,
       Limit::slow_request},
      {"nothing at all", "", 0, Limit::idle},
  };
  ServerConfig config;
  config.limits.header_timeout = config.limits.body_timeout = config.limits.idle_timeout = 150ms;
  config.limits.sweep = 20ms;
  HttpHouse house(config);
  house.add("GET", "/x", echo);
  house.start();
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    auto client = house.connect();
    client.send(row.sent);
    const auto before = house.count(row.limit);
    if (row.status != 0) {
      const auto response = client.read_response();
      ASSERT_TRUE(response);
      EXPECT_EQ(response->status, row.status);
    }
    EXPECT_TRUE(client.at_end());
    EXPECT_EQ(house.count(row.limit), before + 1);
  }
}

// A drop now and then must not push the deadline out.
TEST(HttpServer, SlowLorisIsCutOff) {
  ServerConfig config;
  config.limits.header_timeout = 200ms;
  config.limits.sweep = 20ms;
  HttpHouse house(config);
  house.start();
  auto client = house.connect();
  std::atomic<int> fields = 0;
  auto drip = std::async(std::launch::async, [&] {
    client.send("GET / HTTP/1.1\r\n");
    for (; fields < 20; ++fields) {
      std::this_thread::sleep_for(50ms);
      client.send("X: y\r\n");
    }
  });
  EXPECT_EQ(client.read_response()->status, 408);
  EXPECT_LT(fields, 20) << "a field more does not give it more time";
  drip.get();
}

TEST(HttpServer, TooManyConnectionsAreTold) {
  ServerConfig config;
  config.limits.max_connections = 2;
  HttpHouse house(config);
  house.add("GET", "/x", echo);
  house.start();
  auto first = house.connect();
  {
    auto second = house.connect();
    EXPECT_EQ(second.ask(request("GET", "/x"))->status, 200);
    EXPECT_EQ(first.ask(request("GET", "/x"))->status, 200);
    auto third = house.connect();
    const auto refused = third.ask(request("GET", "/x"));
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->status, 503);
    EXPECT_EQ(refused->header("retry-after"), "1");
    EXPECT_TRUE(third.at_end());
    EXPECT_EQ(house.count(Limit::connections), 1u);
  }
  EXPECT_TRUE(eventually([&] { return house.counters().open_connections == 1; }));
  EXPECT_EQ(house.connect().ask(request("GET", "/x"))->status, 200);
}

TEST(HttpServer, TooManyInFlightAreRefusedButProbesAreNot) {
  Shelf shelf;
  ServerConfig config;
  config.limits.max_in_flight = 2;
  HttpHouse house(config);
  house.add("GET", "/later", shelf.keep());
  house.add("GET", "/healthz", echo, Scope::open);
  house.start();
  auto client = house.connect();
  auto other = house.connect();
  client.send(request("GET", "/later") + request("GET", "/later"));
  ASSERT_TRUE(shelf.wait_for(2));
  const auto refused = other.ask(request("GET", "/later"));
  EXPECT_EQ(refused->status, 503);
  EXPECT_EQ(refused->header("retry-after"), "1");
  EXPECT_NE(refused->body.find("\"out_of_capacity\""), std::string::npos);
  EXPECT_NE(refused->body.find("\"retry_after_ms\":1000"), std::string::npos);
  EXPECT_EQ(other.ask(request("GET", "/healthz"))->status, 200);
  EXPECT_EQ(house.count(Limit::in_flight), 1u);
  shelf.take(0).send(text("a"));
  client.read_response();
  other.send(request("GET", "/later"));
  ASSERT_TRUE(shelf.wait_for(3));
  shelf.take(1).send(text("b"));
  shelf.take(2).send(text("c"));
  EXPECT_EQ(other.read_response()->body, "c");
  EXPECT_EQ(house.counters().in_flight, 0u);
}

TEST(HttpServer, ParkedRequestsAreNotInFlightButHaveTheirOwnLimit) {
  Shelf shelf;
  ServerConfig config;
  config.limits.max_in_flight = 1;
  config.limits.max_waiting = 2;
  HttpHouse house(config);
  house.add("GET", "/poll", shelf.keep(true));
  house.add("GET", "/x", echo);
  house.start();
  auto one = house.connect();
  auto two = house.connect();
  auto three = house.connect();
  one.send(request("GET", "/poll"));
  two.send(request("GET", "/poll"));
  ASSERT_TRUE(shelf.wait_for(2));
  EXPECT_EQ(three.ask(request("GET", "/x"))->status, 200);
  const auto refused = three.ask(request("GET", "/poll"));
  EXPECT_EQ(refused->status, 429);
  EXPECT_NE(refused->body.find("too_many_watchers"), std::string::npos);
  EXPECT_EQ(house.count(Limit::waiting), 1u);
  shelf.take(0).send(text("woken"));
  EXPECT_EQ(one.read_response()->body, "woken");
  EXPECT_TRUE(eventually([&] { return house.counters().waiting == 1; }));
}

TEST(HttpServer, APeerThatLeavesAbandonsItsPoll) {
  for (const bool by_reset : {false, true}) {
    SCOPED_TRACE(by_reset);
    std::promise<void> given_up;
    std::vector<Reply> kept;
    HttpHouse house;
    house.add("GET", "/poll", [&](Request, Reply reply) {
      reply.park();
      reply.on_abandoned([&] { given_up.set_value(); });
      kept.push_back(std::move(reply));
    });
    house.start();
    {
      auto client = house.connect();
      client.send(request("GET", "/poll"));
      ASSERT_TRUE(eventually([&] { return house.counters().waiting == 1; }));
      if (by_reset) client.reset();
    }
    EXPECT_EQ(given_up.get_future().wait_for(5s), std::future_status::ready);
    EXPECT_EQ(house.counters().abandoned, 1u);
    boost::asio::post(house.io, [&] { kept.clear(); });
    EXPECT_TRUE(eventually([&] { return house.counters().waiting == 0; }));
  }
}

TEST(HttpServer, ADroppedReplyAndAThrowingHandlerAnswer500) {
  HttpHouse house;
  house.add("GET", "/drop", [](Request, Reply) {});
  house.add("GET", "/throw", [](Request, Reply) { throw std::runtime_error("defect"); });
  house.add("GET", "/x", echo);
  house.start();
  auto client = house.connect();
  EXPECT_EQ(client.ask(request("GET", "/drop"))->status, 500);
  EXPECT_EQ(client.ask(request("GET", "/throw"))->status, 500);
  EXPECT_EQ(client.ask(request("GET", "/x"))->status, 200);
  EXPECT_EQ(house.counters().handler_errors, 1u);
}

TEST(HttpServer, ADeadlinePassesWhileTheHandlerIsSilent) {
  std::optional<Reply> kept;
  std::atomic<int> asked{0};
  ServerConfig config;
  config.limits.sweep = 10ms;
  HttpHouse house(config);
  house.add("GET", "/slow", [&](Request given, Reply reply) {
    kept.emplace(std::move(reply));
    kept->on_late(*given.deadline, [&] {
      if (++asked < 3) return false;
      kept->send({504, {}, "late"});
      return true;
    });
  });
  house.start();
  auto client = house.connect();
  const auto reply = client.ask(request("GET", "/slow", "", "grpc-timeout: 30m\r\n"));
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 504);
  EXPECT_EQ(asked, 3) << "asked again while it said no, and no more once it had answered";
}

TEST(HttpServer, EveryNativeReplySaysThePosition) {
  Hooks hooks;
  hooks.position = {{"Muster-Epoch", [] { return "e1"; }}, {"Muster-Revision", [] { return "7"; }}};
  HttpHouse house({}, hooks);
  house.add("GET", "/x", [](Request, Reply reply) { reply.send({200, {{"Muster-Revision", "5"}}, ""}); });
  house.add("GET", "/s", [](Request, Reply reply) { reply.stream({})->close(); });
  house.add("GET", "/lyft", echo, Scope::read, -1, Dialect::lyft);
  house.start();
  struct Row {
    const char* why;
    std::string sent;
    std::string epoch, revision;
  };
  const Row rows[] = {
      {"what the route says stays", request("GET", "/x"), "e1", "5"},
      {"no such path", request("GET", "/nothing"), "e1", "7"},
      {"no such method", request("PATCH", "/x"), "e1", "7"},
      {"OPTIONS", request("OPTIONS", "/x"), "e1", "7"},
      {"no HTTP at all", "hello\r\n\r\n", "e1", "7"},
      {"a stream", request("GET", "/s"), "e1", "7"},
      {"another dialect", request("GET", "/lyft"), "", ""},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    auto client = house.connect();
    const auto reply = client.ask(row.sent);
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->header("muster-epoch"), row.epoch);
    EXPECT_EQ(reply->header("muster-revision"), row.revision);
  }
}

TEST(HttpServer, StreamsGoOnUntilClosed) {
  std::promise<std::shared_ptr<Stream>> opened;
  HttpHouse house;
  house.add("GET", "/watch", [&](Request, Reply reply) {
    opened.set_value(reply.stream({200, {{"Content-Type", "text/event-stream"}}, ""}));
  });
  house.add("GET", "/x", echo);
  house.start();
  auto client = house.connect();
  client.send(request("GET", "/watch") + request("GET", "/x"));
  auto stream = opened.get_future().get();
  std::promise<void> closed;
  stream->on_closed([&] { closed.set_value(); });
  stream->write(std::make_shared<const std::string>("data: 1\n\n"));
  std::string seen;
  while (seen.find("data: 1") == seen.npos) seen += client.read_some();
  EXPECT_NE(seen.find("Transfer-Encoding: chunked\r\n"), seen.npos);
  EXPECT_EQ(house.counters().streams, 1u);
  stream->write(std::make_shared<const std::string>("data: 2\n\n"));
  stream->close();
  while (seen.find("GET /x ") == seen.npos) seen += client.read_some();
  EXPECT_NE(seen.find("9\r\ndata: 1\n\n\r\n9\r\ndata: 2\n\n\r\n0\r\n\r\nHTTP/1.1 200 OK"), seen.npos) << seen;
  EXPECT_EQ(closed.get_future().wait_for(5s), std::future_status::ready);
  EXPECT_EQ(house.counters().streams, 0u);
  stream->write(std::make_shared<const std::string>("late"));
  EXPECT_TRUE(eventually([&] { return stream->pending() == 0; })) << "what comes after close() is not kept";
}

TEST(HttpServer, AStreamKnowsWhatItsPeerHasNotTaken) {
  std::promise<std::shared_ptr<Stream>> opened;
  HttpHouse house;
  house.add("GET", "/watch", [&](Request, Reply reply) { opened.set_value(reply.stream({})); });
  house.start();
  auto client = std::make_unique<HttpClient>(house.at());
  client->send(request("GET", "/watch"));
  auto stream = opened.get_future().get();
  std::promise<void> closed;
  stream->on_closed([&] { closed.set_value(); });
  const auto piece = std::make_shared<const std::string>(std::string(1 << 20, 'x'));
  for (int i = 0; i < 64; ++i) stream->write(piece);
  EXPECT_GT(stream->pending(), 16u << 20) << "the peer reads nothing and no socket buffer is that large";
  std::size_t read = 0;
  while (read < 64u << 20) {
    const auto some = client->read_some();
    ASSERT_FALSE(some.empty());
    read += some.size();
  }
  EXPECT_TRUE(eventually([&] { return stream->pending() == 0; }));
  client.reset();
  EXPECT_EQ(closed.get_future().wait_for(5s), std::future_status::ready);
}

TEST(HttpServer, AStreamToHttp10HasNoChunks) {
  HttpHouse house;
  house.add("GET", "/watch", [](Request, Reply reply) {
    const auto stream = reply.stream({});
    stream->write(std::make_shared<const std::string>("plain"));
    stream->close();
  });
  house.start();
  auto client = house.connect();
  client.send("GET /watch HTTP/1.0\r\n\r\n");
  std::string seen;
  for (std::string some = client.read_some(); !some.empty(); some = client.read_some()) seen += some;
  EXPECT_TRUE(seen.ends_with("\r\n\r\nplain")) << seen;
}

TEST(HttpServer, APeerThatDoesNotReadIsCutOff) {
  ServerConfig config;
  config.limits.write_timeout = 200ms;
  config.limits.sweep = 20ms;
  const std::string large(16 << 20, 'x');
  HttpHouse house(config);
  house.add("GET", "/large", [&](Request, Reply reply) { reply.send({200, {}, large}); });
  house.start();
  auto client = house.connect();
  client.send(request("GET", "/large"));
  EXPECT_TRUE(eventually([&] { return house.count(Limit::slow_reader) == 1; }));
}

TEST(HttpServer, WithoutTokensOnlyThisMachineWrites) {
  struct Row {
    const char* why;
    const char* host;
    const char* more;
    const char* from;
    int status;
  };
  const Row rows[] = {
      {"an IPv4 literal", "127.0.0.1:8053", "", "127.0.0.1", 200},
      {"localhost", "LocalHost:8053", "", "127.0.0.1", 200},
      {"an IPv6 literal", "[::1]:8053", "", "127.0.0.1", 200},
      {"all of 127/8 is loopback", "127.0.0.1", "", "127.9.8.7", 200},
      {"a name may be rebound to us", "evil.example", "", "127.0.0.1", 403},
      {"a name that looks like an address", "127.0.0.1.evil.example", "", "127.0.0.1", 403},
      {"a browser", "127.0.0.1", "Origin: http://evil.example\r\n", "127.0.0.1", 403},
      {"a proxy", "127.0.0.1", "X-Forwarded-For: 10.0.0.1\r\n", "127.0.0.1", 403},
  };
  std::atomic<int> stored = 0;
  HttpHouse house;
  house.add(
      "POST", "/write",
      [&](Request, Reply reply) {
        ++stored;
        reply.send({});
      },
      Scope::write);
  house.add("GET", "/read", echo);
  house.start();
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    stored = 0;
    HttpClient client(house.at(), false, net::parse_ip(row.from));
    const auto rest = std::string(" HTTP/1.1\r\nHost: ") + row.host + "\r\n" + row.more + "\r\n";
    EXPECT_EQ(client.ask("POST /write" + rest)->status, row.status);
    EXPECT_EQ(stored, row.status == 200 ? 1 : 0);
    EXPECT_EQ(client.ask("GET /read" + rest)->status, 200);
  }
}

TEST(HttpServer, TokensAreAskedForAndReloaded) {
  ServerConfig config;
  config.tokens = {{"deploy", "s3cret", {"write:web-*", "read"}}};
  HttpHouse house(config);
  house.add("PUT", "/s/{service}", echo, Scope::write, 0);
  house.add("GET", "/healthz", echo, Scope::open);
  house.start();
  auto client = house.connect();
  const auto unauthorized = client.ask(request("PUT", "/s/web-1"));
  EXPECT_EQ(unauthorized->status, 401);
  EXPECT_EQ(unauthorized->header("www-authenticate"), "Bearer realm=\"muster\"");
  EXPECT_EQ(client.ask(request("PUT", "/s/web-1", "", "Authorization: Bearer wrong\r\n"))->status, 401);
  EXPECT_EQ(client.ask(request("PUT", "/s/web-1", "", "Authorization: Bearer s3cret\r\n"))->status, 200);
  EXPECT_EQ(client.ask(request("PUT", "/s/db", "", "Authorization: Bearer s3cret\r\n"))->status, 403);
  EXPECT_EQ(client.ask(request("GET", "/healthz"))->status, 200);
  EXPECT_EQ(house.server->set_tokens({{"deploy", "", {"read"}}}), TokenError::no_secret);
  EXPECT_EQ(house.server->set_tokens({{"deploy", "new", {"write:*"}}}), std::nullopt);
  EXPECT_EQ(client.ask(request("PUT", "/s/web-1", "", "Authorization: Bearer s3cret\r\n"))->status, 401);
  EXPECT_EQ(client.ask(request("PUT", "/s/db", "", "Authorization: Bearer new\r\n"))->status, 200);
}

TEST(HttpServer, ThrottledWritesGet429AndStoreNothing) {
  ServerConfig config;
  ThrottleConfig rate;
  rate.strategy = ThrottleStrategy::token_bucket;
  rate.rate = 0.001;
  rate.burst = 2;
  config.throttle = std::make_shared<Throttle>(rate, make_memory_buckets(10));
  std::atomic<int> stored = 0;
  HttpHouse house(config);
  house.add(
      "POST", "/w",
      [&](Request, Reply reply) {
        ++stored;
        reply.send({});
      },
      Scope::write);
  house.start();
  auto client = house.connect();
  EXPECT_EQ(client.ask(request("POST", "/w"))->status, 200);
  EXPECT_EQ(client.ask(request("POST", "/w"))->status, 200);
  const auto refused = client.ask(request("POST", "/w"));
  EXPECT_EQ(refused->status, 429);
  EXPECT_NE(refused->body.find("rate_limited"), std::string::npos);
  EXPECT_FALSE(refused->header("retry-after").empty());
  EXPECT_EQ(stored, 2);
  EXPECT_EQ(house.count(Limit::throttled), 1u);
}

TEST(HttpServer, ARouteThatChargesItselfPaysWhatItSays) {
  ServerConfig config;
  ThrottleConfig rate;
  rate.strategy = ThrottleStrategy::token_bucket;
  rate.rate = 0.001;
  rate.burst = 2;
  config.throttle = std::make_shared<Throttle>(rate, make_memory_buckets(10));
  HttpHouse house(config);
  Route batch{"POST", "/batch", "", Scope::write, Dialect::native, -1, [](Request request, Reply reply) {
                if (reply.charge(std::stod(request.body))) reply.send({});
              }};
  batch.charges_itself = true;
  house.router.add(std::move(batch));
  house.start();
  auto client = house.connect();
  EXPECT_EQ(client.ask(request("POST", "/batch", "1.5"))->status, 200);
  const auto refused = client.ask(request("POST", "/batch", "0.6"));
  EXPECT_EQ(refused->status, 429);
  EXPECT_FALSE(refused->header("retry-after").empty());
  EXPECT_EQ(client.ask(request("POST", "/batch", "0.5"))->status, 200) << "the refusal took nothing";
  EXPECT_EQ(house.count(Limit::throttled), 1u);
}

TEST(HttpServer, ConcurrentThrottleGivesItsPlacesBack) {
  Shelf shelf;
  ServerConfig config;
  ThrottleConfig one;
  one.strategy = ThrottleStrategy::concurrent;
  one.rate = 1;
  config.throttle = std::make_shared<Throttle>(one, make_memory_buckets(10));
  HttpHouse house(config);
  house.add("POST", "/w", shelf.keep(), Scope::write);
  house.start();
  auto client = house.connect();
  auto other = house.connect();
  client.send(request("POST", "/w"));
  ASSERT_TRUE(shelf.wait_for(1));
  EXPECT_EQ(other.ask(request("POST", "/w"))->status, 503);
  shelf.take(0).send({});
  EXPECT_EQ(client.read_response()->status, 200);
  other.send(request("POST", "/w"));
  EXPECT_TRUE(shelf.wait_for(2));
  shelf.take(1).send({});
}

TEST(HttpServer, LogsEachRequestOnce) {
  struct Line {
    std::string method, target, route, trace_id, span_id;
    int status;
  };
  std::mutex mutex;
  std::vector<Line> lines;
  Hooks hooks;
  hooks.log = [&](const RequestLog& log) {
    const std::lock_guard lock(mutex);
    lines.push_back({std::string(log.method), std::string(log.target), std::string(log.route),
                     log.trace->trace_id, log.trace->span_id, log.status});
  };
  std::string child;
  HttpHouse house({}, hooks);
  house.add("GET", "/s/{service}", [&](Request given, Reply reply) {
    child = given.trace.span_id;
    reply.send({});
  });
  house.start();
  auto client = house.connect();
  client.ask(request("GET", "/s/web", "",
                     "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n"));
  client.ask(request("GET", "/none"));
  house.stop();
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].target, "/s/web");
  EXPECT_EQ(lines[0].route, "/s/{service}");
  EXPECT_EQ(lines[0].trace_id, "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(lines[0].span_id, child);
  EXPECT_EQ(lines[1].route, "none");
  EXPECT_EQ(lines[1].status, 404);
  EXPECT_EQ(lines[1].trace_id, "");
}

TEST(HttpServer, CountsByRouteMethodAndStatus) {
  HttpHouse house;
  house.add("GET", "/s/{service}", echo);
  house.start();
  auto client = house.connect();
  client.ask(request("GET", "/s/a"));
  client.ask(request("GET", "/s/b"));
  client.ask(request("GET", "/t"));
  const auto rows = house.counters().requests();
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].route, "/s/{service}");
  EXPECT_EQ(rows[0].method, "GET");
  EXPECT_EQ(rows[0].status, 200);
  EXPECT_EQ(rows[0].count, 2u);
  EXPECT_EQ(rows[1].route, "none");
  EXPECT_EQ(rows[1].status, 404);
  const auto durations = house.counters().durations();
  ASSERT_EQ(durations.size(), 2u);
  std::uint64_t sum = 0;
  for (const auto bucket : durations[0].buckets) sum += bucket;
  EXPECT_EQ(sum, 2u);
}

TEST(HttpServer, DeadlinesAreReadFromHeaders) {
  HttpHouse house;
  house.add("GET", "/x", [](Request given, Reply reply) {
    const auto left = given.deadline ? *given.deadline - given.received.steady : net::Millis(-1);
    reply.send(text(std::to_string(left.count())));
  });
  house.start();
  auto client = house.connect();
  EXPECT_EQ(client.ask(request("GET", "/x", "", "grpc-timeout: 250m\r\n"))->body, "250");
  EXPECT_EQ(client.ask(request("GET", "/x", "", "x-envoy-expected-rq-timeout-ms: 15\r\n"))->body, "15");
  EXPECT_EQ(client.ask(request("GET", "/x"))->body, "-1");
}

TEST(HttpServer, StoppingFinishesWhatIsInFlight) {
  Shelf shelf;
  Shelf polls;
  HttpHouse house;
  house.add("GET", "/later", shelf.keep());
  house.add("GET", "/poll", polls.keep(true));
  house.start();
  auto idle = house.connect();
  auto busy = house.connect();
  auto poll = house.connect();
  const auto address = house.at();
  busy.send(request("GET", "/later"));
  poll.send(request("GET", "/poll"));
  ASSERT_TRUE(shelf.wait_for(1) && polls.wait_for(1));
  std::promise<void> stopped;
  house.server->stop([&] { stopped.set_value(); });
  EXPECT_TRUE(idle.at_end());
  EXPECT_TRUE(poll.at_end());
  EXPECT_THROW(HttpClient{address}, std::runtime_error);
  auto done = stopped.get_future();
  EXPECT_EQ(done.wait_for(50ms), std::future_status::timeout);
  shelf.take(0).send(text("finished"));
  const auto response = busy.read_response();
  EXPECT_EQ(response->body, "finished");
  EXPECT_EQ(response->header("connection"), "close");
  EXPECT_EQ(done.wait_for(5s), std::future_status::ready);
  polls.take(0);
}

TEST(HttpServer, ATakenPortIsNamed) {
  HttpHouse house;
  house.start();
  ServerConfig config;
  config.listen = {house.at()};
  boost::asio::io_context io;
  try {
    Server second(io, config, house.router);
    FAIL() << "bound twice";
  } catch (const ServerRefused& refused) {
    EXPECT_NE(std::string(refused.what()).find(net::to_string(house.at())), std::string::npos)
        << refused.what();
  }
}

}  // namespace
}  // namespace muster::registry::http
