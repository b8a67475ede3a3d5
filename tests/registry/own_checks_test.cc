// Checks that instances bring with them: their JSON, and what they become beside those of their service.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "registry/health/check_json.h"

namespace muster::registry::health {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

net::Result<OwnChecks, CheckFault> read(const std::string& text) {
  return read_own_checks(boost::json::parse(text));
}

std::string written(const OwnChecks& checks) {
  std::string text;
  append_own_checks(text, *checks);
  return text;
}

constexpr const char* kWhole =
    R"([{"type":"https","id":"ping","port":"admin","interval":"5s","timeout":"500ms","action":"report","initial":"passing",)"
    R"("grace_period":"0s","rise":2,"mark_as_timedout":{"retries_before_suspend":0,"retry_delay":"50ms","error_codes":["refused","http:503"]},)"
    R"("suspend_on_failure":{"initial_duration":"1s","progression_factor":1.5,"maximum_duration":"1m","reset_after":"1h","error_codes":["http:4xx"]},)"
    R"("path":"/ping?a=b","method":"HEAD","host":"web.example","headers":{"X-Key":"a b"},"ok":["200-299",304],"tls_verify":false},)"
    R"({"type":"tcp","id":"tcp","port":8443,"fall":3,"tls":true},{"type":"ttl","id":"ttl","interval":"15s"},)"
    R"({"type":"http","id":"http","body":"ok \"then\""}])";

TEST(OwnChecks, AreWrittenAsTheyWereRead) {
  const auto checks = read(kWhole);
  ASSERT_TRUE(checks) << checks.error().pointer << checks.error().message;
  EXPECT_EQ(written(*checks), kWhole);
  const auto again = read(written(*checks));
  ASSERT_TRUE(again);
  EXPECT_TRUE(*again == *checks);
  EXPECT_FALSE(*again == *read(R"([{"type":"tcp"}])"));
}

TEST(OwnChecks, AnEmptyListIsNone) {
  EXPECT_FALSE(*read("[]"));
  EXPECT_TRUE(*read("[]") == OwnChecks());
}

TEST(OwnChecks, TakeNoMoreThanAPointerInABody) { EXPECT_EQ(sizeof(OwnChecks), sizeof(std::shared_ptr<int>)); }

TEST(OwnChecks, WhatDoesNotFitIsNamedWithItsPlace) {
  struct Row {
    const char* why;
    std::string text;
    const char* pointer;
    const char* message;
  };
  const auto one = [](const std::string& members) { return "[{\"type\":\"http\"," + members + "}]"; };
  std::string nine = "[";
  for (int i = 0; i < 9; ++i)
    nine += std::string(i ? "," : "") + R"({"type":"tcp","id":"c)" + std::to_string(i) + "\"}";
  std::string long_headers;
  for (int i = 0; i < 9; ++i)
    long_headers += (i ? ",\"H" : "\"H") + std::to_string(i) + "\":\"" + std::string(1'000, 'x') + "\"";
  const Row rows[] = {
      {"no list", "{}", "", "checks must be a JSON array"},
      {"too many", nine + "]", "", "at most 8"},
      {"too long", one("\"headers\":{" + long_headers + "}"), "", "at most 8192 octets"},
      {"no object", "[1]", "/0", "each check must be a JSON object"},
      {"no type", "[{}]", "/0/type", "type is required: tcp, http, https or ttl"},
      {"exec", R"([{"type":"tcp"},{"type":"exec","argv":["/bin/true"]}])", "/1/type",
       "exec checks come from the configuration only"},
      {"unknown type", R"([{"type":"icmp"}])", "/0/type", "type must be one of tcp, http, https and ttl"},
      {"type of a wrong type", R"([{"type":1}])", "/0/type", "type must be one of"},
      {"unknown member", one(R"("a/b":1)"), "/0/a~1b", "unknown member \"a/b\"; known here: type, id"},
      {"another type's member", R"([{"type":"tcp","path":"/"}])", "/0/path", "unknown member \"path\""},
      {"a port of a ttl", R"([{"type":"ttl","port":80}])", "/0/port", "unknown member \"port\""},
      {"two of an id", R"([{"type":"tcp"},{"type":"tcp"}])", "/1/id", "is another check's of this instance"},
      {"id", one(R"("id":"reports")"), "/0/id", "id must be 1 to 63 octets"},
      {"id's type", one(R"("id":1)"), "/0/id", "id must be a string"},
      {"port", one(R"("port":0)"), "/0/port", "port must be a port's number or name"},
      {"port's name", one(R"("port":"")"), "/0/port", "port must be a port's number or name"},
      {"interval", one(R"("interval":"100ms")"), "/0/interval",
       R"(interval must be a duration from "200ms" to "1h")"},
      {"interval's type", one(R"("interval":5)"), "/0/interval", "interval must be a duration"},
      {"timeout", one(R"("timeout":"6m")"), "/0/timeout", "timeout must be a duration"},
      {"timeout of an interval", one(R"("interval":"1s","timeout":"1s")"), "/0/timeout",
       "timeout must be shorter than the interval"},
      {"action", one(R"("action":"discharge")"), "/0/action", R"(action must be "discard" or "report")"},
      {"initial", one(R"("initial":true)"), "/0/initial", R"(initial must be "starting" or "passing")"},
      {"grace", one(R"("grace_period":"25h")"), "/0/grace_period", "grace_period must be a duration"},
      {"rise", one(R"("rise":0)"), "/0/rise", "rise must be 1 to 100"},
      {"fall", one(R"("fall":101)"), "/0/fall", "fall must be 1 to 100"},
      {"both styles", one(R"("fall":3,"mark_as_timedout":{})"), "/0/fall",
       "fall and mark_as_timedout are two ways to say the same"},
      {"fall with suspensions", one(R"("fall":3,"suspend_on_failure":{})"), "/0/fall",
       "fall suspends for one interval at a time"},
      {"retries", one(R"("mark_as_timedout":{"retries_before_suspend":-1})"),
       "/0/mark_as_timedout/retries_before_suspend", "must be 0 to 100"},
      {"delay", one(R"("mark_as_timedout":{"retry_delay":"1ms"})"), "/0/mark_as_timedout/retry_delay",
       "must be a duration"},
      {"classes", one(R"("mark_as_timedout":{"error_codes":["x"]})"), "/0/mark_as_timedout/error_codes",
       "error_codes must be a list"},
      {"retries' member", one(R"("mark_as_timedout":{"x":1})"), "/0/mark_as_timedout/x", "unknown member"},
      {"factor", one(R"("suspend_on_failure":{"progression_factor":0.5})"),
       "/0/suspend_on_failure/progression_factor", "a number from 1 to 1000"},
      {"durations", one(R"("suspend_on_failure":{"initial_duration":"10s","maximum_duration":"5s"})"),
       "/0/suspend_on_failure/maximum_duration", "must not be shorter than initial_duration"},
      {"a class both ways",
       one(R"("mark_as_timedout":{"error_codes":["http:5xx"]},"suspend_on_failure":{"error_codes":["http:503"]})"),
       "/0/suspend_on_failure", "have http:5xx in their error_codes"},
      {"path", one(R"("path":"ping")"), "/0/path", "path must begin with /"},
      {"path with a line's end", one(R"("path":"/a\r\nb")"), "/0/path", "path must begin with /"},
      {"method", one(R"("method":"POST")"), "/0/method", R"(method must be "GET" or "HEAD")"},
      {"host", one(R"("host":"a b")"), "/0/host", "host must be a host name or an address"},
      {"headers", one(R"("headers":[])"), "/0/headers", "a JSON object of at most 16 strings"},
      {"a header's name", one(R"("headers":{"A:":"b"})"), "/0/headers", "which no HTTP header can be"},
      {"a header's value", one(R"("headers":{"A":"b\nC: d"})"), "/0/headers", "which no HTTP header can be"},
      {"ok", one(R"("ok":["600"])"), "/0/ok", "a list of 1 to 16 statuses"},
      {"empty ok", one(R"("ok":[])"), "/0/ok", "a list of 1 to 16 statuses"},
      {"body of HEAD", one(R"("method":"HEAD","body":"x")"), "/0/body",
       "body cannot be looked for in an answer to HEAD"},
      {"verify without a handshake", R"([{"type":"tcp","tls_verify":true}])", "/0/tls_verify",
       "belongs to a handshake"},
      {"verify of http", one(R"("tls_verify":true)"), "/0/tls_verify", "unknown member"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    const auto checks = read(row.text);
    ASSERT_FALSE(checks);
    EXPECT_EQ(checks.error().pointer, row.pointer);
    EXPECT_THAT(checks.error().message, HasSubstr(row.message));
    EXPECT_EQ(checks.error().is_unknown, checks.error().message.starts_with("unknown member"));
  }
}

TEST(OwnChecks, WhatTheyLeaveOutIsTheirServices) {
  CheckRules rules;
  rules.interval = 4s;
  rules.timeout = 1s;
  rules.begins_active = true;
  rules.machine.rise = 2;
  rules.machine.progression = 2;
  rules.moved.hard = {*parse_class("http:5xx")};
  const Check check =
      completed((**read(R"([{"type":"http","path":"/a","timeout":"100ms"}])")).front(), rules);
  EXPECT_EQ(check.look.path, "/a");
  EXPECT_EQ(check.timeout, 100ms);
  EXPECT_EQ(check.rules.interval, 4s);
  EXPECT_EQ(check.rules.fast_interval, 1s);
  EXPECT_EQ(check.rules.rise, 2U);
  EXPECT_EQ(check.rules.progression, 2);
  EXPECT_TRUE(check.begins_active);
  EXPECT_EQ(check.moved, rules.moved);
}

TEST(OwnChecks, WhatTheyDoNotSayGivesWay) {
  const auto made = [](const std::string& text, const CheckRules& rules) {
    return completed((**read(text)).front(), rules);
  };
  const Check quick = made(R"([{"type":"tcp","interval":"1s"}])", {});
  EXPECT_EQ(quick.rules.interval, 1s);
  EXPECT_EQ(quick.timeout, 500ms);
  const Check slow = made(R"([{"type":"tcp","timeout":"20s"}])", {});
  EXPECT_EQ(slow.timeout, 20s);
  EXPECT_EQ(slow.rules.interval, 40s);
  const Check heard = made(R"([{"type":"ttl","interval":"1s"}])", {});
  EXPECT_EQ(heard.rules.interval, 1s);
  const Check brief = made(R"([{"type":"tcp","suspend_on_failure":{"maximum_duration":"1s"}}])", {});
  EXPECT_EQ(brief.rules.initial_suspension, 1s);
  const Check lengthy = made(R"([{"type":"tcp","suspend_on_failure":{"initial_duration":"1m"}}])", {});
  EXPECT_EQ(lengthy.rules.longest_suspension, 60s);
  CheckRules classic;
  classic.fall = 3;
  EXPECT_TRUE(made(R"([{"type":"tcp"}])", classic).rules.hard_as_soft);
  EXPECT_FALSE(made(R"([{"type":"tcp","mark_as_timedout":{}}])", classic).rules.hard_as_soft);
  const Check other = made(R"([{"type":"tcp","fall":2}])", classic);
  EXPECT_EQ(other.rules.retries, 1U);
  CheckRules moved;
  moved.moved.soft = {*parse_class("refused"), *parse_class("tls")};
  const Check hard = made(R"([{"type":"tcp","suspend_on_failure":{"error_codes":["refused"]}}])", moved);
  EXPECT_EQ(hard.moved.soft, Classes{*parse_class("tls")});
  EXPECT_EQ(hard.moved.hard, Classes{*parse_class("refused")});
}

TEST(OwnChecks, StandBesideThoseOfTheirServiceAndNeverInTheirPlace) {
  Check first;
  first.id = "tcp";
  first.timeout = 7s;
  const auto of_service = std::make_shared<const Checks>(Checks{first});
  EXPECT_EQ(joined(of_service, {}, {}), of_service) << "the same list, without a copy";
  EXPECT_EQ(joined(nullptr, {}, {}), nullptr);
  const SharedChecks both = joined(of_service, *read(R"([{"type":"tcp"},{"type":"http"}])"), {});
  ASSERT_EQ(both->size(), 2U);
  EXPECT_EQ((*both)[0], first);
  EXPECT_EQ((*both)[1].id, "http");
  EXPECT_EQ(joined(nullptr, *read(R"([{"type":"tcp"}])"), {})->size(), 1U);
}

}  // namespace
}  // namespace muster::registry::health
