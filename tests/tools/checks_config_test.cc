// What musterd.toml says of checks, and what is wrong with it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tools/config/config_reader.h"
#include "tools/config/read_checks.h"

namespace muster::config {
namespace {

using namespace std::chrono_literals;
using registry::health::CheckType;
using registry::health::FailureClass;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const registry::health::Checks& checks_of(const LoadResult& result, const std::string& service = "web") {
  static const registry::health::Checks none;
  const Service* found = result.config.service(service);
  return found != nullptr && found->checks.list ? *found->checks.list : none;
}

TEST(ChecksConfig, DefaultsAreThoseOfTheManual) {
  const LoadResult result = load_text("[service.web]\ncheck = [{ type = \"http\" }]\n", "x.toml", {});
  ASSERT_THAT(result.errors, ElementsAre());
  const registry::health::Check& check = checks_of(result).at(0);
  EXPECT_EQ(check.id, "http");
  EXPECT_EQ(check.look.path, "/");
  EXPECT_EQ(check.look.ok, (std::vector<registry::health::StatusRange>{{200, 399}}));
  EXPECT_EQ(check.timeout, 2s);
  EXPECT_EQ(check.rules, registry::health::MachineRules{});
  EXPECT_EQ(check.rules.fast_interval, 2500ms);
  EXPECT_FALSE(check.begins_active);
}

TEST(ChecksConfig, WhatIsSaidNearerCounts) {
  const LoadResult result = load_text(R"(
[health.default]
interval = "4s"
timeout = "1s"
rise = 2
suspend_on_failure = { progression_factor = 2 }
[service.web]
timeout = "500ms"
mark_as_timedout = { retries_before_suspend = 1, error_codes = ["refused"] }
check = [{ type = "tcp" }, { type = "http", id = "quick", interval = "600ms", timeout = "100ms", rise = 1, initial = "passing" }]
[service.db]
check = [{ type = "tcp", rise = 2, fall = 3 }]
)",
                                      "x.toml", {});
  ASSERT_THAT(result.errors, ElementsAre());
  const auto& tcp = checks_of(result).at(0);
  EXPECT_EQ(tcp.rules.interval, 4s);
  EXPECT_EQ(tcp.timeout, 500ms);
  EXPECT_EQ(tcp.rules.rise, 2U);
  EXPECT_EQ(tcp.rules.retries, 1U);
  EXPECT_EQ(tcp.rules.progression, 2.0);
  EXPECT_EQ(tcp.moved.soft.at(0).failure, FailureClass::refused);
  const auto& quick = checks_of(result).at(1);
  EXPECT_EQ(quick.rules.interval, 600ms);
  EXPECT_EQ(quick.rules.fast_interval, 200ms) << "never shorter";
  EXPECT_EQ(quick.rules.rise, 1U);
  EXPECT_TRUE(quick.begins_active);
  const auto& classic = checks_of(result, "db").at(0);
  EXPECT_TRUE(classic.rules.hard_as_soft);
  EXPECT_EQ(classic.rules.retries, 2U);
  EXPECT_EQ(classic.rules.retry_delay, 1s);
  EXPECT_EQ(classic.rules.initial_suspension, 4s);
  EXPECT_EQ(classic.rules.rise, 2U);
}

TEST(ChecksConfig, EveryKindOfLook) {
  const LoadResult result = load_text(R"(
[health]
exec = true
[service.web]
[[service.web.check]]
type = "https"
port = "admin"
path = "/ping?x=1"
method = "HEAD"
host = "web.example"
headers = { "X-Key" = "a b" }
ok = ["200-299", 304]
tls_verify = false
action = "report"
[[service.web.check]]
type = "tcp"
port = 8443
tls = true
host = "web.example"
[[service.web.check]]
type = "exec"
argv = ["/bin/true", "-x"]
[[service.web.check]]
type = "ttl"
interval = "5s"
)",
                                      "x.toml", {});
  ASSERT_THAT(result.errors, ElementsAre());
  const auto& checks = checks_of(result);
  ASSERT_EQ(checks.size(), 4U);
  EXPECT_EQ(checks[0].port_name, "admin");
  EXPECT_EQ(checks[0].look.method, "HEAD");
  EXPECT_EQ(checks[0].look.headers, (registry::health::Headers{{"X-Key", "a b"}}));
  EXPECT_EQ(checks[0].look.ok, (std::vector<registry::health::StatusRange>{{200, 299}, {304, 304}}));
  EXPECT_EQ(checks[0].look.verify, false);
  EXPECT_TRUE(checks[0].waits_on);
  EXPECT_EQ(checks[1].port_number, 8443);
  EXPECT_TRUE(checks[1].look.tls);
  EXPECT_EQ(checks[2].look.argv, (std::vector<std::string>{"/bin/true", "-x"}));
  EXPECT_EQ(checks[3].type, CheckType::ttl);
}

TEST(ChecksConfig, MistakesAreNamedWithTheirPlace) {
  struct Row {
    const char* check;
    const char* message;
  };
  const std::vector<Row> rows = {
      {R"({ })", "type is required: tcp, http, https, exec or ttl"},
      {R"({ type = "icmp" })", "icmp"},
      {R"({ type = "http", path = "ping" })", "path must begin with /, have no blanks"},
      {R"({ type = "http", ok = ["99"] })", "ok must be a list of 1 to 16 statuses"},
      {R"({ type = "http", ok = [] })", "ok must be a list of 1 to 16 statuses"},
      {R"({ type = "http", method = "HEAD", body = "x" })", "body cannot be looked for in an answer to HEAD"},
      {R"({ type = "http", headers = { "A:" = "b" } })", "which no HTTP header can be"},
      {R"({ type = "tcp", path = "/" })", "unknown key"},
      {R"({ type = "tcp", interval = "1s", timeout = "1s" })", "timeout must be shorter than the interval"},
      {R"({ type = "tcp", interval = "100ms" })", "interval"},
      {R"({ type = "tcp", fall = 3, mark_as_timedout = {} })", "two ways to say the same"},
      {R"({ type = "tcp", fall = 3, suspend_on_failure = { initial_duration = "5s" } })",
       "fall suspends for one interval at a time: take suspend_on_failure out"},
      {R"({ type = "tcp", mark_as_timedout = { error_codes = ["http:5xx"] }, suspend_on_failure = { error_codes = ["http:503"] } })",
       "a class counts one way"},
      {R"({ type = "tcp", mark_as_timedout = { error_codes = ["101504"] } })",
       "is not one of timeout, close"},
      {R"({ type = "tcp", suspend_on_failure = { initial_duration = "10s", maximum_duration = "5s" } })",
       "maximum_duration must not be shorter than initial_duration"},
      {R"({ type = "exec", argv = ["/bin/true"] })", "allow it with exec = true in [health]"},
      {R"({ type = "tcp", id = "reports" })", "neither report nor reports"},
      {R"({ type = "tcp" }, { type = "tcp" })", "is another check's of this service"},
      {R"({ type = "tcp", port = 0 })", "port"},
      {R"({ type = "tcp", port = "Admin Port" })", "port must be a port's number or name"},
      {R"({ type = "tcp", tls_verify = true })", "unknown key"},
      {R"({ type = "http", host = "a b" })", "host must be a host name or an address"},
      {R"({ type = "exec" })", "argv is required"},
      {R"({ type = "tcp", fall = 0 })", "fall"},
      {R"({ type = "tcp", mark_as_timedout = { retry_delay = "10ms" } })", "retry_delay"},
      {R"({ type = "tcp", suspend_on_failure = { progression_factor = 0.5 } })", "progression_factor"},
  };
  for (const Row& row : rows) {
    const LoadResult result =
        load_text("[service.web]\ncheck = [" + std::string(row.check) + "]\n", "x.toml", {});
    EXPECT_THAT(result.errors, ::testing::Contains(HasSubstr(row.message))) << row.check;
    for (const std::string& error : result.errors) EXPECT_THAT(error, HasSubstr("x.toml:2:")) << row.check;
  }
}

TEST(ChecksConfig, WhatAServiceSaysWrongIsToldOnce) {
  const LoadResult result = load_text(R"([service.web]
mark_as_timedout = { error_codes = ["refused"] }
suspend_on_failure = { error_codes = ["refused"] }
check = [{ type = "tcp" }, { type = "http" }]
)",
                                      "x.toml", {});
  EXPECT_THAT(result.errors, ElementsAre(HasSubstr("x.toml:3:")));
}

TEST(ChecksConfig, APortThatAListedInstanceDoesNotHaveIsNamed) {
  const std::string text = R"([[source.static]]
service = "db"
instances = [{ id = "db1", address = "192.0.2.1", port = 5432 }]
[service.db]
check = [{ type = "tcp" }, { type = "tcp", id = "other", port = "admin" }]
)";
  const LoadResult result = load_text(text, "x.toml", {});
  EXPECT_THAT(result.errors,
              ElementsAre(::testing::AllOf(HasSubstr("x.toml:5:"),
                                           HasSubstr("port \"admin\" is none of instance db1's"))));
  EXPECT_THAT(
      load_text("[service.db]\ncheck = [{ type = \"tcp\", port = \"admin\" }]\n", "x.toml", {}).errors,
      ElementsAre());
}

// What the manual shows as an example.
TEST(ChecksConfig, TheShippedExample) {
  const LoadResult result = load_file(MUSTER_SOURCE_DIR "/zones/examples/health.toml");
  ASSERT_THAT(result.errors, ElementsAre());
  EXPECT_EQ(result.config.health.defaults.rules.interval, 5s);
  EXPECT_EQ(checks_of(result).size(), 2U);
  EXPECT_EQ(checks_of(result).at(0).rules.interval, 2s);
  EXPECT_EQ(checks_of(result, "db").at(0).rules.interval, 5s);
  EXPECT_EQ(checks_of(result, "batch").at(0).type, CheckType::exec);
}

TEST(ChecksConfig, AServiceSaysHowFailuresCountForItsAnswers) {
  const LoadResult result = load_text(R"(
[health.default]
report_quorum = 2
[service.web]
timedout = "hide"
max_suspended_percent = { checks = 50, reports = 10 }
)",
                                      "x.toml", {});
  ASSERT_THAT(result.errors, ElementsAre());
  const ServiceHealth& health = result.config.service("web")->health;
  EXPECT_TRUE(health.hides_timedout);
  EXPECT_EQ(health.most_suspended_by_checks, 0.5);
  EXPECT_EQ(health.most_suspended_by_reports, 0.1);
  EXPECT_EQ(health.report_quorum, 2U);
}

}  // namespace
}  // namespace muster::config
