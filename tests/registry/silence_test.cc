// Instances whose scheduler is out of touch: they stay, and say since when.
#include "tests/registry/support/fixture.h"

namespace muster::registry::test {
namespace {

class SilenceOf : public Fixture {
 protected:
  void list(const char* source, std::optional<WallTime> silent_since) {
    SourceStep step;
    step.source = {SourceKind::scheduler, source};
    Registration one;
    one.service = "web";
    one.id = "i0";
    one.body = std::make_shared<const InstanceBody>(body_at("10.0.0.1"));
    one.silent_since = silent_since;
    step.listed.push_back(std::move(one));
    const auto done = registry->apply(step, now);
    ASSERT_TRUE(done);
    EXPECT_TRUE(done->left_out.empty());
  }
  const WallTime long_ago{Millis(1'700'000'000'000)};
};

TEST_F(SilenceOf, ASchedulerIsToldAndTakesNoRevision) {
  list("mesos", std::nullopt);
  EXPECT_EQ(web("i0")->silent_since, WallTime{});
  const auto revision = web("i0")->revision;
  list("mesos", long_ago);
  EXPECT_EQ(web("i0")->silent_since, long_ago);
  EXPECT_TRUE(web("i0")->serving);
  EXPECT_EQ(web("i0")->lease_state, LeaseState::live) << "no suspect: its weight stays";
  EXPECT_EQ(web("i0")->effective_weight, 1.0);
  EXPECT_EQ(web("i0")->revision, revision);
  list("mesos", std::nullopt);
  EXPECT_EQ(web("i0")->silent_since, WallTime{});
}

TEST_F(SilenceOf, WhoeverIsInTouchSpeaksForIt) {
  list("mesos", long_ago);
  list("marathon", std::nullopt);
  EXPECT_EQ(web("i0")->silent_since, WallTime{});
  list("marathon", long_ago + Millis(5'000));
  EXPECT_EQ(web("i0")->silent_since, long_ago + Millis(5'000)) << "the last of them";
}

}  // namespace
}  // namespace muster::registry::test
