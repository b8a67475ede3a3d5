// Tables of the small rules: tokens, throttles, routes, trace context, deadlines.
#include <gtest/gtest.h>

#include "registry/glob.h"
#include "registry/http/auth.h"
#include "registry/http/deadline.h"

#include "registry/http/response_writer.h"
#include "registry/http/router.h"
#include "registry/http/throttle.h"
#include "registry/http/trace.h"

namespace muster::registry::http {
namespace {

using net::Millis;
using net::SteadyTime;

const net::Endpoint kPeer{*net::parse_ip("10.1.2.3"), 4711};

TEST(Glob, Matches) {
  struct Row {
    const char* pattern;
    const char* text;
    bool matches;
  };
  const Row rows[] = {{"*", "", true},
                      {"", "", true},
                      {"", "a", false},
                      {"web-*", "web-", true},
                      {"web-*", "web", false},
                      {"a?c", "abc", true},
                      {"a?c", "ac", false},
                      {"*b*", "abc", true},
                      {"*ab", "aaab", true},
                      {"a*b*c", "axxbyyc", true},
                      {"a*b*c", "axxcyyb", false},
                      {"**", "x", true},
                      {"web", "webx", false}};
  for (const Row& row : rows) {
    SCOPED_TRACE(std::string(row.pattern) + " ~ " + row.text);
    EXPECT_EQ(glob_matches(row.pattern, row.text), row.matches);
  }
}

TEST(Access, WhoMayDoWhat) {
  const auto access = Access::make({{"deploy", "s3cret", {"write:web-*", "read"}},
                                    {"root", "r00t", {"admin", "write:*", "read"}},
                                    {"blind", "blind", {"write:db"}},
                                    {"anonymous", "", {"read"}}});
  ASSERT_TRUE(access.has_value());
  struct Row {
    const char* why;
    const char* authorization;
    Scope scope;
    const char* service;  // null: the route has no capture
    Denial denial;
  };
  const Row rows[] = {
      {"anonymous reads", "", Scope::read, nullptr, Denial::none},
      {"anonymous writes: could present a token", "", Scope::write, "web-1", Denial::unauthorized},
      {"bearer", "Bearer s3cret", Scope::write, "web-1", Denial::none},
      {"scheme in any case", "bEARER s3cret", Scope::write, "web-1", Denial::none},
      {"basic, token as password", "Basic eDpzM2NyZXQ=", Scope::write, "web-1", Denial::none},
      {"a service the glob does not name", "Bearer s3cret", Scope::write, "db", Denial::forbidden},
      {"no capture: some write scope is enough", "Bearer s3cret", Scope::write, nullptr, Denial::none},
      {"no admin", "Bearer s3cret", Scope::admin, nullptr, Denial::forbidden},
      {"admin", "Bearer r00t", Scope::admin, nullptr, Denial::none},
      {"write does not include read", "Bearer blind", Scope::read, nullptr, Denial::forbidden},
      {"open needs nothing", "Bearer blind", Scope::open, nullptr, Denial::none},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    Request request;
    if (*row.authorization) request.headers.emplace_back("Authorization", row.authorization);
    Route route;
    route.scope = row.scope;
    if (row.service) {
      route.service_capture = 0;
      request.captures.emplace_back(row.service);
    }
    const auto caller = access->identify(request, kPeer);
    ASSERT_TRUE(caller);
    EXPECT_EQ(access->check(route, request, *caller), row.denial);
  }
}

TEST(Access, ACertificateStandsForASecret) {
  Token both{"both", "s3cret", {"write:both"}};
  both.certificate = "both.test";
  Token web{"web", "", {"write:web", "read"}};
  web.certificate = "Web.Test";
  const auto access = Access::make({both, web, {"anonymous", "", {"read"}}});
  ASSERT_TRUE(access.has_value());
  struct Row {
    const char* why;
    std::vector<std::string> names;
    const char* authorization;
    const char* who;
  };
  const Row rows[] = {
      {"its name, in any case", {"web.test"}, "", "web"},
      {"the second of its names", {"other.test", "web.test"}, "", "web"},
      {"none that is listed", {"other.test", "web.test.evil.test"}, "", "anonymous"},
      {"none", {}, "", "anonymous"},
      {"a token counts more", {"web.test"}, "Bearer s3cret", "both"},
      {"an entry may have both", {"both.test"}, "", "both"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    Request request;
    if (*row.authorization) request.headers.emplace_back("Authorization", row.authorization);
    const auto caller = access->identify(request, kPeer, row.names.empty() ? nullptr : &row.names);
    ASSERT_TRUE(caller);
    EXPECT_EQ(caller->token_name, row.who);
    Route write;
    write.scope = Scope::write;
    write.service_capture = 0;
    request.captures.emplace_back("of-none-of-them");
    const bool is_known = std::string_view(row.who) != "anonymous";
    EXPECT_EQ(access->check(write, request, *caller), is_known ? Denial::forbidden : Denial::unauthorized);
  }
  Request wrong;
  wrong.headers.emplace_back("Authorization", "Bearer nobody");
  const std::vector<std::string> names = {"web.test"};
  EXPECT_FALSE(access->identify(wrong, kPeer, &names)) << "a wrong token is not mended by a certificate";
  EXPECT_TRUE(access->may_write("web", "web"));
  EXPECT_FALSE(access->may_write("web", "db"));
}

TEST(Access, WithoutTokensOnlyThisMachineItselfWrites) {
  struct Row {
    const char* why;
    const char* peer;
    Headers headers;
    bool writes;
  };
  const Row rows[] = {
      {"loopback", "127.0.0.1", {{"Host", "localhost:8053"}}, true},
      {"another machine", "192.0.2.1", {{"Host", "localhost"}}, false},
      {"a web page", "127.0.0.1", {{"Host", "localhost"}, {"Origin", "http://evil.example"}}, false},
      {"an origin that says nothing", "127.0.0.1", {{"Host", "localhost"}, {"Origin", ""}}, false},
      {"through a proxy", "127.0.0.1", {{"Host", "localhost"}, {"X-Forwarded-For", "192.0.2.1"}}, false},
      {"a proxy that says nothing", "127.0.0.1", {{"Host", "localhost"}, {"x-forwarded-for", ""}}, false},
      {"a name that leads here", "127.0.0.1", {{"Host", "evil.example"}}, false},
  };
  const auto access = Access::make({});
  ASSERT_TRUE(access.has_value());
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    Request request;
    request.headers = row.headers;
    net::Endpoint peer;
    peer.address = *net::parse_ip(row.peer);
    EXPECT_EQ(access->identify(request, peer)->writes_all, row.writes);
  }
}

TEST(Access, WhatATokenMayWriteIsKnownByItsName) {
  const auto access = Access::make({{"deploy", "s3cret", {"write:web-*"}},
                                    {"reader", "r3ad", {"read"}},
                                    {"anonymous", "", {"write:open"}}});
  ASSERT_TRUE(access.has_value());
  EXPECT_TRUE(access->may_write("deploy", "web-1"));
  EXPECT_FALSE(access->may_write("deploy", "db"));
  EXPECT_FALSE(access->may_write("reader", "web-1"));
  EXPECT_TRUE(access->may_write("anonymous", "open"));
  EXPECT_FALSE(access->may_write("anonymous", "web-1"));
  EXPECT_FALSE(access->may_write("127.0.0.1", "open")) << "who wrote while there were no tokens";
  EXPECT_FALSE(access->may_write("", "open"));
}

TEST(Access, UnknownTokensAreNobody) {
  const auto access = Access::make({{"deploy", "s3cret", {"read"}}});
  for (const char* sent : {"Bearer s3cre", "Bearer s3crett", "Bearer", "Bearer ", "Basic eDp4", "Basic !!",
                           "Basic eA==", "Digest s3cret", "s3cret"}) {
    SCOPED_TRACE(sent);
    Request request;
    request.headers.emplace_back("authorization", sent);
    EXPECT_FALSE(access->identify(request, kPeer));
  }
}

TEST(Access, BadTokenListsAreRefused) {
  EXPECT_EQ(Access::make({{"", "x", {}}}).error(), TokenError::no_name);
  EXPECT_EQ(Access::make({{"a", "x", {}}, {"a", "y", {}}}).error(), TokenError::duplicate_name);
  EXPECT_EQ(Access::make({{"a", "", {}}}).error(), TokenError::no_secret);
  for (const char* scope : {"", "write", "write:", "Read", "all"}) {
    EXPECT_EQ(Access::make({{"a", "x", {scope}}}).error(), TokenError::bad_scope) << scope;
  }
}

TEST(Access, HostsThatNameThisMachine) {
  for (const char* host : {"localhost", "LOCALHOST:1", "127.0.0.1", "10.0.0.1:80", "[::1]", "[::1]:80"}) {
    EXPECT_TRUE(is_local_host_header(host)) << host;
  }
  for (const char* host :
       {"", "localhost.evil", "127.0.0.1.evil", "::1", "[127.0.0.1]", "[::1", "[::1]x", ":80", "evil:80"}) {
    EXPECT_FALSE(is_local_host_header(host)) << host;
  }
}

// Times in ms at which one client asks, and which of them pass.
TEST(Throttle, Strategies) {
  struct Row {
    const char* why;
    ThrottleStrategy strategy;
    double rate, burst, cost;
    std::vector<int> at;
    std::string passes;  // y or n
  };
  const Row rows[] = {
      {"none", ThrottleStrategy::none, 1, 1, 1, {0, 0, 0}, "yyy"},
      {"a full bucket, then its rate",
       ThrottleStrategy::token_bucket,
       10,
       2,
       1,
       {0, 0, 0, 99, 100, 100},
       "yynnyn"},
      {"a refusal takes nothing", ThrottleStrategy::token_bucket, 10, 1, 1, {0, 50, 60, 70, 100}, "ynnny"},
      {"it never holds more than its burst",
       ThrottleStrategy::token_bucket,
       10,
       2,
       1,
       {0, 9000, 9000, 9000},
       "yyyn"},
      {"batched heartbeats cost little", ThrottleStrategy::token_bucket, 1, 1, 0.5, {0, 0, 0}, "yyn"},
      {"leaking", ThrottleStrategy::leaky_bucket, 10, 2, 1, {0, 0, 0, 100, 100}, "yynyn"},
      {"one at a time, evenly",
       ThrottleStrategy::min_interval,
       10,
       99,
       1,
       {0, 50, 99, 100, 199, 200},
       "ynnyny"},
      {"two at once", ThrottleStrategy::concurrent, 2, 0, 1, {0, 0, 0}, "yyn"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    ThrottleConfig config;
    config.strategy = row.strategy;
    config.rate = row.rate;
    config.burst = row.burst;
    Throttle throttle(config, make_memory_buckets(10));
    Caller caller;
    std::string passes;
    for (const int at : row.at) {
      const auto verdict = throttle.admit(caller, "web", row.cost, SteadyTime(Millis(1'000'000 + at)));
      passes += verdict.admitted ? 'y' : 'n';
      EXPECT_EQ(verdict.retry_after.has_value(), !verdict.admitted);
    }
    EXPECT_EQ(passes, row.passes);
  }
}

TEST(Throttle, RetryAfterIsWhenItPasses) {
  ThrottleConfig config;
  config.strategy = ThrottleStrategy::token_bucket;
  config.rate = 3;
  config.burst = 1;
  Throttle throttle(config, make_memory_buckets(10));
  SteadyTime now{Millis(1000)};
  EXPECT_TRUE(throttle.admit({}, "", 1, now).admitted);
  const auto refused = throttle.admit({}, "", 1, now);
  EXPECT_EQ(refused.retry_after, Millis(334));
  EXPECT_FALSE(throttle.admit({}, "", 1, now + Millis(333)).admitted);
  EXPECT_TRUE(throttle.admit({}, "", 1, now + Millis(334)).admitted);
  EXPECT_EQ(throttle.problem(refused).status, 429);
}

TEST(Throttle, WhoIsRunningIsNotForgotten) {
  ThrottleConfig config;
  config.strategy = ThrottleStrategy::concurrent;
  config.rate = 1;
  config.per = ThrottlePer::service;
  Throttle throttle(config, make_memory_buckets(2));
  const SteadyTime now{Millis(1000)};
  for (const char* service : {"a", "b", "c"}) EXPECT_TRUE(throttle.admit({}, service, 1, now).held);
  EXPECT_FALSE(throttle.admit({}, "a", 1, now).admitted);
  throttle.release({}, "b");
  EXPECT_TRUE(throttle.admit({}, "d", 1, now).held) << "in the place of b";
  EXPECT_FALSE(throttle.admit({}, "c", 1, now).admitted);
  throttle.release({}, "a");
  EXPECT_TRUE(throttle.admit({}, "a", 1, now).admitted);
}

TEST(Throttle, KeysAreKeptApartAndBounded) {
  for (const auto per : {ThrottlePer::client, ThrottlePer::token, ThrottlePer::service}) {
    ThrottleConfig config;
    config.strategy = ThrottleStrategy::token_bucket;
    config.rate = config.burst = 1;
    config.per = per;
    Throttle throttle(config, make_memory_buckets(2));
    Caller a, b;
    a.token_name = "a";
    b.token_name = "b";
    const SteadyTime now{Millis(5000)};
    EXPECT_TRUE(throttle.admit(a, "web", 1, now).admitted);
    EXPECT_FALSE(throttle.admit(a, "web", 1, now).admitted);
    EXPECT_EQ(throttle.admit(b, "web", 1, now).admitted, per != ThrottlePer::service);
    EXPECT_EQ(throttle.admit(a, "db", 1, now).admitted, per == ThrottlePer::service);
  }
  const auto buckets = make_memory_buckets(2);
  for (const char* key : {"a", "b", "a", "c"}) buckets->with(key, [](Bucket& bucket) { bucket.level += 1; });
  EXPECT_EQ(buckets->size(), 2u);
  buckets->with("a", [](Bucket& bucket) { EXPECT_EQ(bucket.level, 2) << "b was the stalest"; });
}

TEST(Trace, OnlyGoodOnesAreTaken) {
  const std::string good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const Trace trace = read_traceparent(good, 0xabc);
  EXPECT_EQ(trace.trace_id, "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(trace.parent_id, "b7ad6b7169203331");
  EXPECT_EQ(trace.span_id, "0000000000000abc");
  EXPECT_EQ(read_traceparent(good, 0).span_id, "0000000000000001");
  const std::string bad[] = {"",
                             good + "0",
                             good.substr(1),
                             "01" + good.substr(2),
                             "00-00000000000000000000000000000000-b7ad6b7169203331-01",
                             "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
                             "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                             "00-0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331-01",
                             "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0G"};
  for (const std::string& header : bad) EXPECT_EQ(read_traceparent(header, 1).trace_id, "") << header;
}

TEST(Deadline, Headers) {
  EXPECT_EQ(read_grpc_timeout("250m"), Millis(250));
  EXPECT_EQ(read_grpc_timeout("2S"), Millis(2000));
  EXPECT_EQ(read_grpc_timeout("1M"), Millis(60'000));
  EXPECT_EQ(read_grpc_timeout("1H"), Millis(3'600'000));
  EXPECT_EQ(read_grpc_timeout("1n"), Millis(1));
  EXPECT_EQ(read_grpc_timeout("1001u"), Millis(2));
  for (const char* bad : {"", "m", "250", "-1m", "123456789m", "1s", "1.5S", " 1S"})
    EXPECT_FALSE(read_grpc_timeout(bad)) << bad;
  EXPECT_EQ(read_envoy_timeout("15"), Millis(15));
  for (const char* bad : {"", "-1", "1ms", "12345678901"}) EXPECT_FALSE(read_envoy_timeout(bad)) << bad;
}

class RouterTest : public testing::Test {
 protected:
  RouterTest() {
    add("GET", "/api/v1/services/{s}", Dialect::native);
    add("PUT", "/api/v1/services/{s}/instances/{i}", Dialect::native);
    add("GET", "/healthz", Dialect::plain);
    add("GET", "/v1/registration/{s}", Dialect::lyft);
    add("POST", "/v1/registration/{s}", Dialect::lyft);
    add("DELETE", "/v1/registration/{s}/{ip}", Dialect::lyft);
    add("GET", "/v1/registration/repo/{r}", Dialect::lyft);
  }
  void add(std::string method, std::string pattern, Dialect dialect) {
    router.add({std::move(method), std::move(pattern), "", Scope::read, dialect, -1, [](Request, Reply) {}});
  }
  Router router;
};

TEST_F(RouterTest, Table) {
  struct Row {
    const char* why;
    const char* method;
    const char* target;
    int status;
    const char* pattern;  // or the Allow header
    std::vector<std::string> captures;
  };
  const Row rows[] = {
      {"a capture", "GET", "/api/v1/services/web", 200, "/api/v1/services/{s}", {"web"}},
      {"HEAD is GET", "HEAD", "/api/v1/services/web", 200, "/api/v1/services/{s}", {"web"}},
      {"decoded after splitting", "GET", "/api/v1/services/a%2Fb", 200, "/api/v1/services/{s}", {"a/b"}},
      {"a trailing slash is another path", "GET", "/api/v1/services/web/", 404, "", {}},
      {"an empty segment fits no capture", "GET", "/api/v1/services/", 404, "", {}},
      {"double slash", "GET", "//healthz", 404, "", {}},
      {"the root", "GET", "/", 404, "", {}},
      {"case counts", "GET", "/Healthz", 404, "", {}},
      {"another method", "POST", "/healthz", 405, "GET, HEAD, OPTIONS", {}},
      {"bad escape", "GET", "/healthz%2", 400, "", {}},
      {"Lyft: decoded before splitting",
       "DELETE",
       "/v1/registration/a%2F10.0.0.1",
       200,
       "/v1/registration/{s}/{ip}",
       {"a", "10.0.0.1"}},
      {"Lyft: repo is a literal", "GET", "/v1/registration/repo/x", 200, "/v1/registration/repo/{r}", {"x"}},
      {"Lyft: and a service",
       "DELETE",
       "/v1/registration/repo/x",
       200,
       "/v1/registration/{s}/{ip}",
       {"repo", "x"}},
      {"Lyft: of its own name", "GET", "/v1/registration/repo", 200, "/v1/registration/{s}", {"repo"}},
      {"Lyft: allowed methods are united",
       "PUT",
       "/v1/registration/repo/x",
       405,
       "DELETE, GET, HEAD, OPTIONS",
       {}},
      {"Lyft: wrong method", "GET", "/v1/registration/s/x", 405, "DELETE, OPTIONS", {}},
      {"Lyft: UTF-8", "GET", "/v1/registration/%C3%A4", 200, "/v1/registration/{s}", {"ä"}},
      {"Lyft: no UTF-8", "GET", "/v1/registration/%E4", 400, "", {}},
      {"Lyft: a bad query is nobody's business",
       "GET",
       "/v1/registration/s?a=%",
       200,
       "/v1/registration/{s}",
       {"s"}},
      {"Lyft: too deep", "GET", "/v1/registration/a/b/c", 404, "", {}},
      {"Lyft: nothing there", "GET", "/v1", 404, "", {}},
      {"native: a bad query is refused", "GET", "/healthz?a=%", 400, "", {}},
      {"OPTIONS", "OPTIONS", "/healthz", 200, "GET, HEAD, OPTIONS", {}},
      {"absolute form", "GET", "http://h:1/healthz?x", 200, "/healthz", {}},
      {"a fragment is cut", "GET", "/healthz#x", 200, "/healthz", {}},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    Request request;
    request.method = row.method;
    request.target = row.target;
    const auto match = router.match(request);
    EXPECT_EQ(match.status, row.status);
    EXPECT_EQ(match.route ? match.route->pattern : match.allow, row.pattern);
    EXPECT_EQ(request.captures, row.captures);
  }
}

TEST_F(RouterTest, AnUnknownPathIsToldInTheWordsOfItsNeighbours) {
  const auto dialect_at = [this](const char* target) {
    Request request;
    request.method = "GET";
    request.target = target;
    const auto match = router.match(request);
    EXPECT_EQ(match.status, 404) << target;
    return match.dialect;
  };
  EXPECT_EQ(dialect_at("/v1/nothing"), Dialect::lyft);
  EXPECT_EQ(dialect_at("/healthz/more"), Dialect::plain);
  add("GET", "/v1/hosts/{h}", Dialect::plain);
  EXPECT_EQ(dialect_at("/v1/nothing"), Dialect::plain);
  EXPECT_EQ(dialect_at("/v1/hosts"), Dialect::plain);
  EXPECT_EQ(dialect_at("/v1/registration/a/b/c"), Dialect::lyft);
  EXPECT_EQ(dialect_at("/api/v1/nothing"), Dialect::native);
  EXPECT_EQ(dialect_at("/nothing"), Dialect::native);
}

TEST_F(RouterTest, QueriesAreDecoded) {
  Request request;
  request.method = "GET";
  request.target = "/healthz?glob=web+*&after=%26x&flag";
  router.match(request);
  EXPECT_EQ(request.query_value("glob"), "web *");
  EXPECT_EQ(request.query_value("after"), "&x");
  EXPECT_EQ(request.query_value("flag"), "");
  EXPECT_EQ(request.query_value("none"), std::nullopt);
}

TEST_F(RouterTest, TwoHandlersForOneRouteAreADefect) {
  EXPECT_THROW(add("GET", "/healthz", Dialect::plain), std::logic_error);
  EXPECT_THROW(add("GET", "healthz", Dialect::plain), std::logic_error);
}

TEST(ResponseWriter, HeadersCannotBeSplit) {
  std::string out;
  append_head(out, {200, {{"X", "a\r\nSet-Cookie: b"}}, "body"},
              {.framing = Framing::sized, .close = false, .date = "D"});
  EXPECT_EQ(out, "HTTP/1.1 200 OK\r\nDate: D\r\nX: a  Set-Cookie: b\r\nContent-Length: 4\r\n\r\n");
  EXPECT_EQ(http_date(net::WallTime(Millis(784111777000))), "Sun, 06 Nov 1994 08:49:37 GMT");
}

}  // namespace
}  // namespace muster::registry::http
