// The text format, judged by a strict reader; and the reader, judged by pages that are wrong.
#include "tools/musterd/exposition.h"

#include <gmock/gmock.h>

#include "tests/tools/support/metrics_reader.h"
#include "tools/musterd/metrics/page.h"

namespace muster::tools {
namespace {

using test::read_metrics;
using ::testing::IsEmpty;
using ::testing::Not;

inline constexpr std::array<std::uint64_t, 3> kMicros = {100, 1'000, 250'000};

TEST(Exposition, WritesAFamilyAsTheFormatWantsIt) {
  Exposition page;
  page.family("a_total", MetricType::counter, "How often.");
  page.sample({{"zone", "example.test."}, {"rcode", "NOERROR"}}, 3);
  page.gauge("b", "How much.", 0.5);
  EXPECT_EQ(page.take(),
            "# HELP a_total How often.\n# TYPE a_total "
            "counter\na_total{zone=\"example.test.\",rcode=\"NOERROR\"} 3\n"
            "# HELP b How much.\n# TYPE b gauge\nb 0.5\n");
}

TEST(Exposition, WritesLargeCountsWhole) {
  Exposition page;
  page.counter("a_total", "Octets.", 9007199254740991.0);
  EXPECT_EQ(read_metrics(page.take()).find("a_total")->value, 9007199254740991.0);
}

TEST(Exposition, EscapesLabelsAndHelp) {
  Exposition page;
  page.family("a", MetricType::gauge, "One \\ two\nthree \"four\".");
  page.sample({{"zone", "a\\\"b\nc"}}, 1);
  const std::string text = page.take();
  const auto read = read_metrics(text);
  EXPECT_THAT(read.faults, IsEmpty()) << text;
  EXPECT_NE(read.find("a", {{"zone", "a\\\"b\nc"}}), nullptr) << text;
  EXPECT_EQ(read.families.at("a").help, R"(One \\ two\nthree "four".)");
}

TEST(Exposition, SumsAHistogramUpToInfinity) {
  net::Histogram<kMicros> times;
  for (const std::uint64_t micros : {100, 101, 250'000, 250'001}) times.add(micros);
  Exposition page;
  page.family("a_seconds", MetricType::histogram, "Times.");
  page.histogram({{"transport", "udp"}}, times, 1e-6);
  const std::string text = page.take();
  const auto read = read_metrics(text);
  EXPECT_THAT(read.faults, IsEmpty()) << text;
  const auto bucket = [&](std::string le) {
    return read.find("a_seconds_bucket", {{"transport", "udp"}, {"le", std::move(le)}});
  };
  ASSERT_NE(bucket("0.0001"), nullptr) << text;
  EXPECT_EQ(bucket("0.0001")->value, 1);
  EXPECT_EQ(bucket("0.001")->value, 2);
  EXPECT_EQ(bucket("0.25")->value, 3);
  EXPECT_EQ(bucket("+Inf")->value, 4);
  EXPECT_EQ(read.find("a_seconds_count", {{"transport", "udp"}})->value, 4);
  EXPECT_NEAR(read.find("a_seconds_sum", {{"transport", "udp"}})->value, 0.500202, 1e-9);
}

TEST(MetricsReader, FindsWhatIsWrong) {
  constexpr struct {
    const char* why;
    const char* text;
  } kRows[] = {
      {"no HELP before the sample", "a 1\n"},
      {"HELP twice", "# HELP a x\n# TYPE a gauge\na 1\n# HELP a x\n# TYPE a gauge\n"},
      {"no TYPE", "# HELP a x\na 1\n"},
      {"TYPE of another", "# HELP a x\n# TYPE b gauge\na 1\n"},
      {"a series twice", "# HELP a x\n# TYPE a gauge\na{z=\"1\"} 1\na{z=\"1\"} 2\n"},
      {"a label twice", "# HELP a x\n# TYPE a gauge\na{z=\"1\",z=\"2\"} 1\n"},
      {"a bare quote", "# HELP a x\n# TYPE a gauge\na{z=\"1\"2\"} 1\n"},
      {"an unknown escape", "# HELP a x\n# TYPE a gauge\na{z=\"\\t\"} 1\n"},
      {"a counter without _total", "# HELP a x\n# TYPE a counter\na 1\n"},
      {"a value that is none", "# HELP a x\n# TYPE a gauge\na one\n"},
      {"no newline at the end", "# HELP a x\n# TYPE a gauge\na 1"},
      {"a histogram that falls",
       "# HELP a x\n# TYPE a histogram\na_bucket{le=\"1\"} 2\na_bucket{le=\"+Inf\"} 1\na_sum 1\na_count 1\n"},
      {"no +Inf", "# HELP a x\n# TYPE a histogram\na_bucket{le=\"1\"} 2\na_sum 1\na_count 2\n"},
      {"_count is another", "# HELP a x\n# TYPE a histogram\na_bucket{le=\"+Inf\"} 2\na_sum 1\na_count 3\n"},
      {"no _sum", "# HELP a x\n# TYPE a histogram\na_bucket{le=\"+Inf\"} 2\na_count 2\n"},
  };
  for (const auto& row : kRows) {
    SCOPED_TRACE(row.why);
    EXPECT_THAT(read_metrics(row.text).faults, Not(IsEmpty()));
  }
}

ServiceRow service(std::string name, registry::State state, std::uint32_t instances, bool in_panic = false) {
  registry::ServiceStates states;
  states.service = std::move(name);
  registry::Instance instance;
  instance.state = state;
  for (std::uint32_t i = 0; i < instances; ++i) states.counts.add(instance);
  return {std::move(states), in_panic};
}

TEST(ServicesText, TellsStatesAndPanic) {
  ServicesText text;
  ServiceRow web = service("web", registry::State::active, 3);
  web.states.measured = 2;
  web.states.latency_ms = 20;
  web.states.success = 0.75;
  text.add({web, service("db", registry::State::suspended, 2, true)});
  registry::StateCounts all;
  const std::string written = text.finish(all);
  const auto read = read_metrics(written);
  EXPECT_THAT(read.faults, IsEmpty()) << written;
  EXPECT_EQ(read.find("muster_instances", {{"service", "web"}, {"state", "ACTIVE"}})->value, 3);
  EXPECT_EQ(read.find("muster_instances", {{"service", "db"}, {"state", "SUSPENDED"}})->value, 2);
  EXPECT_EQ(read.find("muster_service_panic", {{"service", "db"}})->value, 1);
  EXPECT_EQ(read.find("muster_service_panic", {{"service", "web"}}), nullptr);
  EXPECT_EQ(read.find("muster_service_ewma_seconds", {{"service", "web"}})->value, 0.02);
  EXPECT_EQ(read.find("muster_service_success_share", {{"service", "web"}})->value, 0.75);
  EXPECT_EQ(read.find("muster_service_success_share", {{"service", "db"}}), nullptr) << "nobody looks at it";
  EXPECT_EQ(read.find("muster_instances", {{"service", ""}, {"state", "ACTIVE"}}), nullptr)
      << "nothing was left out";
}

TEST(ServicesText, SumsWhatIsBeyondItsBound) {
  ServicesText text;
  std::vector<ServiceRow> slice;
  for (std::size_t i = 0; i < kServicesShown; ++i)
    slice.push_back(service("s" + std::to_string(i), registry::State::active, 1));
  text.add(slice);
  EXPECT_TRUE(text.is_full());
  registry::StateCounts all = service("", registry::State::active, kServicesShown + 7).states.counts;
  const auto read = read_metrics(text.finish(all));
  EXPECT_THAT(read.faults, IsEmpty());
  EXPECT_EQ(read.find("muster_instances", {{"service", ""}, {"state", "ACTIVE"}})->value, 7);
}

}  // namespace
}  // namespace muster::tools
