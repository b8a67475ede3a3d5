// Who is missing, and for how long that is borne.
#include "registry/sources/mesos_holds.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "tests/registry/support/mesos_documents.h"

namespace muster::registry::sources {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Why = MesosHolds::Why;
using Probe = ProbeVerdict;

constexpr net::Millis kGrace{60'000};
constexpr net::Millis kHold{300'000};

SteadyTime t(std::int64_t ms) { return at(ms).steady; }

MesosHolds holding(const std::vector<std::string>& ids) {
  MesosHolds holds(kGrace, kHold);
  for (const std::string& id : ids) holds.begin(key_of(id), Why::unexplained, t(0));
  return holds;
}

TEST(MesosHolds, ProbesBeginAfterTheGraceAndComeEveryTwoSeconds) {
  MesosHolds holds = holding({"a", "b"});
  EXPECT_EQ(holds.next_due(), t(60'000));
  EXPECT_THAT(holds.to_probe(t(59'999), 10), IsEmpty());
  EXPECT_THAT(holds.to_probe(t(60'000), 10), ElementsAre(key_of("a"), key_of("b")));
  EXPECT_THAT(holds.to_probe(t(61'999), 10), IsEmpty());
  EXPECT_EQ(holds.next_due(), t(62'000));
  EXPECT_THAT(holds.to_probe(t(62'000), 10), SizeIs(2));
}

TEST(MesosHolds, ManyTakeTurns) {
  std::vector<std::string> ids;
  for (int i = 0; i < 500; ++i) ids.push_back("t." + std::to_string(i));
  MesosHolds holds = holding(ids);
  std::map<std::string, int> probed;
  for (int ms = 60'000; ms < 80'000; ms += 100) {
    for (const MesosTaskKey& key : holds.to_probe(t(ms), 5)) ++probed[key.task_id];
  }
  EXPECT_THAT(probed, SizeIs(500));
  for (const auto& [id, times] : probed) EXPECT_EQ(times, 2) << id;
}

TEST(MesosHolds, AHoldPasses) {
  MesosHolds holds = holding({"a"});
  holds.begin(key_of("b"), Why::awaited, t(0));
  EXPECT_THAT(holds.over(t(299'999)), IsEmpty());
  EXPECT_THAT(holds.over(t(300'000)), ElementsAre(key_of("a"))) << "the master says when an agent is gone";
}

TEST(MesosHolds, BeginningAgainForTheSameReasonChangesNothing) {
  MesosHolds holds = holding({"a"});
  holds.begin(key_of("a"), Why::unexplained, t(100'000));
  EXPECT_THAT(holds.over(t(300'000)), SizeIs(1));
  holds.begin(key_of("a"), Why::awaited, t(300'000));
  EXPECT_THAT(holds.over(t(900'000)), IsEmpty());
  EXPECT_FALSE(holds.is_past_grace(key_of("a"), t(359'999)));
  EXPECT_TRUE(holds.is_past_grace(key_of("a"), t(360'000)));
  holds.end(key_of("a"));
  holds.end(key_of("a"));
  EXPECT_EQ(holds.size(), 0U);
  EXPECT_EQ(holds.next_due(), std::nullopt);
}

TEST(MesosHolds, OnlyRefusedConfirmsAlone) {
  MesosHolds holds = holding({"a", "b"});
  EXPECT_TRUE(holds.probed(key_of("a"), Probe::refused, t(60'000)));
  EXPECT_FALSE(holds.probed(key_of("x"), Probe::refused, t(60'000))) << "it is not held";
  MesosHolds silent = holding({"a", "b"});
  for (int i = 0; i < 100; ++i) {
    EXPECT_FALSE(silent.probed(key_of("a"), Probe::timed_out, t(60'000 + 2'000 * i))) << i;
    EXPECT_FALSE(silent.probed(key_of("b"), Probe::unreachable, t(60'000 + 2'000 * i))) << i;
  }
}

TEST(MesosHolds, SilenceCountsWhenAnotherAnswers) {
  for (const Probe answer : {Probe::connected, Probe::refused}) {
    MesosHolds holds = holding({"a", "b", "c"});
    EXPECT_FALSE(holds.probed(key_of("a"), Probe::timed_out, t(60'000)));
    holds.probed(key_of("b"), answer, t(60'500));
    EXPECT_FALSE(holds.probed(key_of("a"), Probe::timed_out, t(62'000)));
    EXPECT_TRUE(holds.probed(key_of("a"), Probe::timed_out, t(64'000))) << "three in a row";
    EXPECT_TRUE(holds.probed(key_of("c"), Probe::unreachable, t(64'000))) << "at once";
  }
}

TEST(MesosHolds, ItsOwnAnswerIsNotAnothers) {
  MesosHolds holds = holding({"a", "b"});
  holds.probed(key_of("a"), Probe::connected, t(60'000));
  for (int i = 1; i < 10; ++i)
    EXPECT_FALSE(holds.probed(key_of("a"), Probe::timed_out, t(60'000 + 2'000 * i))) << i;
  holds.probed(key_of("b"), Probe::connected, t(80'000));
  holds.probed(key_of("a"), Probe::connected, t(81'000));
  EXPECT_FALSE(holds.probed(key_of("a"), Probe::timed_out, t(82'000)));
  EXPECT_FALSE(holds.probed(key_of("a"), Probe::timed_out, t(84'000)));
  EXPECT_TRUE(holds.probed(key_of("a"), Probe::timed_out, t(86'000))) << "b had answered before it";
}

TEST(MesosHolds, AnAnswerFromBeforeIsNone) {
  MesosHolds holds = holding({"b"});
  holds.probed(key_of("b"), Probe::connected, t(60'000));
  holds.begin(key_of("a"), Why::unexplained, t(60'001));
  for (int i = 0; i < 10; ++i)
    EXPECT_FALSE(holds.probed(key_of("a"), Probe::timed_out, t(120'000 + 2'000 * i))) << i;
}

}  // namespace
}  // namespace muster::registry::sources
