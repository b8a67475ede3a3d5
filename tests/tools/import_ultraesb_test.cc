// UltraESB's endpoints as services: what comes of each element, and what is told of those that cannot come
// along.
#include "tools/muster/import/ultraesb.h"

#include <gmock/gmock.h>

#include "tools/config/config_reader.h"

namespace muster::cli {
namespace {

using config::ImportedConfig;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

ImportedConfig import(const std::string& inner) {
  return import_ultraesb("<beans xmlns:u=\"http://www.adroitlogic.org/ultraesb\">\n" + inner + "\n</beans>\n",
                         "u.xml");
}

// What it says is a good configuration, and this is what musterd makes of it.
config::Config loaded(const ImportedConfig& imported) {
  EXPECT_THAT(imported.errors, IsEmpty());
  config::LoadResult result = config::load_text(imported.toml, "imported.toml");
  EXPECT_THAT(result.errors, IsEmpty()) << imported.toml;
  return std::move(result.config);
}

TEST(ImportUltraesb, TheDocumentedEndpointToTheLetter) {
  const ImportedConfig imported = import(R"(<u:proxy id="echo">
<u:target>
<u:inDestination type="round-robin" timeout="1000" action="discard">
  <u:address id="port-9000">http://127.0.0.1:9000/service/EchoService</u:address>
  <u:address id="port-9001" type="prefix" weight="3"> http://127.0.0.1:9001/service </u:address>
  <u:property name="switchLocationHeadersTo" value="http://localhost:8280/vpath"/>
  <u:markAsTimedout>
    <u:errorCodes>101504, 101505</u:errorCodes>
    <u:retriesBeforeSuspend>3</u:retriesBeforeSuspend>
    <u:retryDelay>2000</u:retryDelay>
  </u:markAsTimedout>
  <u:suspendOnFailure>
    <u:errorCodes>101503</u:errorCodes>
    <u:initialDuration>2000</u:initialDuration>
    <u:progressionFactor>1.5</u:progressionFactor>
    <u:maximumDuration>10000</u:maximumDuration>
  </u:suspendOnFailure>
</u:inDestination>
<u:outDestination>
  <u:address type="response"/>
</u:outDestination>
</u:target>
</u:proxy>)");
  EXPECT_EQ(imported.toml,
            R"(# From u.xml by `muster import ultraesb`. Every key: docs/reference/configuration.md
# Clients report what fails (PUT …/report); with a check, musterd finds it out by itself.

[service.echo]
policy = "round-robin"
timeout = "1s"
action = "discard"
properties = { "switchLocationHeadersTo" = "http://localhost:8280/vpath" }
mark_as_timedout = { retries_before_suspend = 3, retry_delay = "2s", error_codes = ["timeout", "close"] }
suspend_on_failure = { initial_duration = "2s", progression_factor = 1.5, maximum_duration = "10s", error_codes = ["refused", "unreachable", "tls"] }

[[source.static]]
service = "echo"
instances = [
  { id = "port-9000", url = "http://127.0.0.1:9000/service/EchoService", order = 1 },
  { id = "port-9001", address_type = "prefix", url = "http://127.0.0.1:9001/service", weight = 3, order = 2 },
]
)");
  EXPECT_THAT(imported.warnings,
              ElementsAre(StartsWith("u.xml:21:4: address: address type \"response\" names no address")));
  const config::Config config = loaded(imported);
  EXPECT_EQ(config.services.at("echo").policy.policy, zones::Policy::round_robin);
  EXPECT_EQ(config.static_instances.size(), 2u);
}

TEST(ImportUltraesb, EveryGroupTypeIsAPolicy) {
  const struct {
    const char* type;
    zones::Policy policy;
  } rows[] = {
      {"", zones::Policy::single},
      {R"(type="single")", zones::Policy::single},
      {R"(type="round-robin")", zones::Policy::round_robin},
      {R"(type="round-robin-with-fail-over")", zones::Policy::round_robin_failover},
      {R"(type="roundRobinWithFailover")", zones::Policy::round_robin_failover},
      {R"(type="fail-over-only")", zones::Policy::failover},
      {R"(type="weighted")", zones::Policy::weighted},
      {R"(type="weighted-with-failover")", zones::Policy::weighted_failover},
      {R"(type="random-only")", zones::Policy::random},
      {R"(type="random-with-fail-over")", zones::Policy::random_failover},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.type);
    const auto config = loaded(import("<u:endpoint id=\"a\" " + std::string(row.type) +
                                      "><u:address>http://192.0.2.1/</u:address></u:endpoint>"));
    EXPECT_EQ(config.services.at("a").policy.policy, row.policy);
  }
}

TEST(ImportUltraesb, WhatCannotBeSoHereIsToldWithItsPlace) {
  const ImportedConfig imported = import(R"(<u:endpoint id="Stock Quote" timeout="500" action="fault">
  <u:address>jms:/Q.x</u:address>
  <u:address type="default"/>
  <u:markAsTimedout><u:errorCodes>101503 303001</u:errorCodes><u:retriesBeforeSuspend>200</u:retriesBeforeSuspend><u:retryDelay>10</u:retryDelay></u:markAsTimedout>
  <u:suspendOnFailure><u:errorCodes>101503</u:errorCodes><u:initialDuration>50</u:initialDuration><u:progressionFactor>0.5</u:progressionFactor><u:maximumDuration>20</u:maximumDuration></u:suspendOnFailure>
</u:endpoint>)");
  const config::Config config = loaded(imported);
  ASSERT_TRUE(config.services.contains("stock-quote"));
  EXPECT_THAT(
      imported.warnings,
      ElementsAre(
          "u.xml:4:4: address: address type \"default\" names no address: the destination comes with each "
          "message, nothing to publish in DNS; it is left out",
          "u.xml:2:2: endpoint: Stock Quote is no service's name; it is called stock-quote",
          "u.xml:2:2: endpoint: action \"fault\" is taken for report",
          HasSubstr("retriesBeforeSuspend of 200 is more than there can be here; it is 100"),
          HasSubstr("retryDelay of 10 ms is less than there can be here; it is 50ms"),
          HasSubstr("error code 303001 has no counterpart and is dropped"),
          HasSubstr("refused suspends at once, too"), HasSubstr("unreachable suspends at once"),
          HasSubstr("tls suspends at once"),
          HasSubstr("initialDuration of 50 ms is less than there can be here; it is 100ms"),
          HasSubstr("progressionFactor of 0.5"), HasSubstr("maximumDuration of 20 ms")));
}

TEST(ImportUltraesb, WhatIsWrongIsRefusedWithItsPlace) {
  const struct {
    const char* why;
    const char* xml;
    const char* said;
  } rows[] = {
      {"not XML", "<u:endpoint", "u.xml:3:1: not XML: "},
      {"nothing to import", "<u:other/>", "u.xml: no endpoint, inDestination or outDestination"},
      {"no name", "<u:endpoint><u:address>http://192.0.2.1/</u:address></u:endpoint>",
       "u.xml:2:2: endpoint: has no id"},
      {"a type of its own",
       R"(<u:endpoint id="a" type="sticky"><u:address>http://192.0.2.1/</u:address></u:endpoint>)",
       "u.xml:2:2: endpoint: type \"sticky\" is none of"},
      {"a name twice",
       R"(<u:endpoint id="a"><u:address>http://192.0.2.1/</u:address></u:endpoint><u:endpoint id="A"><u:address>http://192.0.2.1/</u:address></u:endpoint>)",
       "there are two of the name a"},
      {"an id twice",
       R"(<u:endpoint id="a"><u:address id="x">http://192.0.2.1/</u:address><u:address id="x">http://192.0.2.2/</u:address></u:endpoint>)",
       "there are two of the id x"},
      {"no URL", R"(<u:endpoint id="a"><u:address>here</u:address></u:endpoint>)", "address: URL \"here\" "},
      {"a weight that is none",
       R"(<u:endpoint id="a"><u:address weight="x">http://192.0.2.1/</u:address></u:endpoint>)",
       "weight \"x\""},
      {"a time that is none",
       R"(<u:endpoint id="a" timeout="1s"><u:address>http://192.0.2.1/</u:address></u:endpoint>)",
       "timeout \"1s\" is not a number of milliseconds"},
      {"an address type of its own",
       R"(<u:endpoint id="a"><u:address type="odd">http://192.0.2.1/</u:address></u:endpoint>)",
       "type \"odd\" is none of"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.why);
    EXPECT_THAT(import(row.xml).errors, ::testing::Contains(HasSubstr(row.said)));
  }
}

TEST(ImportUltraesb, EntitiesOfOtherFilesAreNotRead) {
  const ImportedConfig imported = import_ultraesb(
      "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><u:endpoint "
      "id=\"a\"><u:address>http://192.0.2.1/&x;</u:address></u:endpoint>",
      "u.xml");
  EXPECT_THAT(imported.toml, ::testing::Not(HasSubstr("root:")));
}

TEST(ImportUltraesb, ADocumentOfAnyDepthIsRead) {
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "<a>";
  deep += "<u:endpoint id=\"a\"><u:address>http://192.0.2.1/</u:address></u:endpoint>";
  for (int i = 0; i < 100'000; ++i) deep += "</a>";
  EXPECT_EQ(loaded(import(deep)).services.size(), 1u);
}

}  // namespace
}  // namespace muster::cli
