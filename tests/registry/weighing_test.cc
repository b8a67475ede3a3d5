// What checks do to an instance's weight, in virtual time: slow starts, and what response times and failures
// are shown.
#include "tests/registry/support/probed.h"

namespace muster::registry::test {
namespace {

using health::Verdict;

Verdict ok_in(int ms) {
  Verdict verdict;
  verdict.latency = Millis(ms);
  return verdict;
}
// ---- slow start

TEST(SlowStart, TheShareGrowsFromTheLeastToTheWhole) {
  const SlowStart even{Millis(20'000), 0.1, 1};
  EXPECT_DOUBLE_EQ(share_after(Millis(0), even), 0.1);
  EXPECT_DOUBLE_EQ(share_after(Millis(1'000), even), 0.1) << "not below the least";
  EXPECT_DOUBLE_EQ(share_after(Millis(10'000), even), 0.5);
  EXPECT_DOUBLE_EQ(share_after(Millis(20'000), even), 1);
  EXPECT_DOUBLE_EQ(share_after(Millis(90'000), even), 1);
  const SlowStart eager{Millis(20'000), 0.1, 2};
  EXPECT_DOUBLE_EQ(share_after(Millis(5'000), eager), 0.5);
  EXPECT_EQ(step_of(even), Millis(1'000));
  EXPECT_EQ(step_of({Millis(1'000), 0.1, 1}), Millis(200)) << "each step changes answers";
}

ServiceSettings slow() {
  ServiceSettings settings = with({tcp_check()});
  settings.slow_start = {Millis(20'000), 0.1, 1};
  return settings;
}

class SlowStartTest : public Probed {
 protected:
  SlowStartTest() : Probed(slow()) {}
};

TEST_F(SlowStartTest, FromTheFirstCheckOn) {
  ASSERT_TRUE(put("a"));
  EXPECT_EQ(web("a")->ramp, 1) << "it is not served yet";
  look(Millis(210));
  ASSERT_EQ(web("a")->state, State::active);
  EXPECT_FLOAT_EQ(web("a")->ramp, 0.1F);
  const std::uint64_t revision = registry->revision();
  look(Millis(10'000));
  EXPECT_NEAR(web("a")->ramp, 0.5, 0.06);
  look(Millis(11'000));
  EXPECT_EQ(web("a")->ramp, 1);
  EXPECT_EQ(registry->revision(), revision) << "no step of it is a revision";
}

TEST_F(SlowStartTest, ARelapseBeginsItAnew) {
  ASSERT_TRUE(put("a"));
  look(Millis(15'000));
  EXPECT_GT(web("a")->ramp, 0.6);
  found["10.0.0.7"] = kRefused;
  look(Millis(11'000));
  ASSERT_EQ(web("a")->state, State::suspended);
  EXPECT_EQ(web("a")->ramp, 1);
  found.clear();
  for (int i = 0; i < 1'000 && web("a")->state != State::active; ++i) look(Millis(10));
  EXPECT_FLOAT_EQ(web("a")->ramp, 0.1F);
}

TEST_F(SlowStartTest, ATimeOutInBetweenDoesNot) {
  ASSERT_TRUE(put("a"));
  look(Millis(12'000));
  const float before = web("a")->ramp;
  found["10.0.0.7"] = kBusy;
  for (int i = 0; i < 1'100 && web("a")->state != State::timedout; ++i) look(Millis(10));
  ASSERT_EQ(web("a")->state, State::timedout);
  EXPECT_GE(web("a")->ramp, before);
  found.clear();
  for (int i = 0; i < 300 && web("a")->state != State::active; ++i) look(Millis(10));
  ASSERT_EQ(web("a")->state, State::active);
  EXPECT_GE(web("a")->ramp, before);
}

TEST_F(SlowStartTest, EndsWithTheInstance) {
  ASSERT_TRUE(put("a"));
  look(Millis(2'000));
  ASSERT_TRUE(remove("a"));
  look(Millis(30'000));
  EXPECT_EQ(web("a"), nullptr);
}

// Under protection what has expired is kept aside for a while: out of the answers, and of everything else.
TEST_F(SlowStartTest, EndsWithTheLease) {
  RegistryConfig config = config_of(slow());
  config.lease = Millis(10'000);
  begin_anew(config);
  for (const char* id : {"a", "b", "c", "d", "e", "f"}) ASSERT_TRUE(put(id));
  look(Millis(300));
  ASSERT_LT(web("a")->ramp, 1);
  for (int i = 0; i < 14; ++i) {
    look(Millis(1'000));
    for (const char* id : {"b", "c", "d", "e", "f"}) ASSERT_TRUE(beat(id));
  }
  ASSERT_EQ(web("a"), nullptr);
  static_cast<void>(registry->take_batch());
  for (int i = 0; i < 10; ++i) {
    look(Millis(1'000));
    for (const char* id : {"b", "c", "d", "e", "f"}) ASSERT_TRUE(beat(id));
  }
  for (const InstanceChange& change : registry->take_batch().changes) EXPECT_NE(change.id, "a");
}

TEST_F(SlowStartTest, ReportsBringItBackByWayOfATimeOut) {
  ServiceSettings settings;
  settings.slow_start = {Millis(20'000), 0.1, 1};
  settings.most_suspended_by_reports = 1;
  begin_anew(config_of(settings));
  ASSERT_TRUE(put("a"));
  ASSERT_TRUE(registry->apply(Report{"web", "a", kRefused, "lb1", ""}, now));
  ASSERT_EQ(web("a")->state, State::suspended);
  for (int i = 0; i < 1'000 && web("a")->state == State::suspended; ++i) look(Millis(10));
  ASSERT_EQ(web("a")->state, State::timedout);
  EXPECT_FLOAT_EQ(web("a")->ramp, 0.1F);
}

// ---- response times

ServiceSettings measured() {
  ServiceSettings settings = with({tcp_check()});
  settings.shows_response = true;
  return settings;
}

class ResponseTime : public Probed {
 protected:
  ResponseTime() : Probed(measured()) {}
};

TEST_F(ResponseTime, IsShownWhenItHasMoved) {
  found["10.0.0.7"] = ok_in(20);
  ASSERT_TRUE(put("a"));
  look(Millis(210));
  EXPECT_FLOAT_EQ(web("a")->latency_ms, 20) << "the first sample";
  EXPECT_EQ(web("a")->success, 1);
  const std::uint64_t revision = registry->revision();
  const auto shown = web("a");
  found["10.0.0.7"] = ok_in(21);
  look(Millis(120'000));
  EXPECT_EQ(web("a"), shown) << "a twentieth is no change of anything";
  found["10.0.0.7"] = ok_in(40);
  look(Millis(300'000));
  EXPECT_NEAR(web("a")->latency_ms, 40, 4);
  EXPECT_EQ(registry->revision(), revision);
}

// All that has moved is shown at once, within a second, also when no further verdict comes.
TEST_F(ResponseTime, OfAServiceIsShownTogetherAndNothingIsForgotten) {
  const auto report = [&](const char* id, int ms) {
    ASSERT_TRUE(registry->apply(Report{"web", id, ok_in(ms), "lb1", ""}, now));
  };
  for (const char* id : {"a", "b"}) ASSERT_TRUE(put(id));
  found["10.0.0.7"] = ok_in(20);
  look(Millis(2'000));
  report("a", 400);
  report("b", 400);
  static_cast<void>(registry->take_batch());
  look(Millis(20));
  ASSERT_GT(web("a")->latency_ms, 30);
  ASSERT_GT(web("b")->latency_ms, 30);
  EXPECT_EQ(registry->take_batch().changes.size(), 2u) << "both at once";
  const float before = web("a")->latency_ms;
  report("a", 60'000);
  look(Millis(500));
  EXPECT_EQ(web("a")->latency_ms, before) << "not twice in a second";
  look(Millis(600));
  EXPECT_GT(web("a")->latency_ms, before * 1.1) << "and not never, though nothing more is heard";
}

TEST_F(ResponseTime, FailuresLowerTheSuccess) {
  found["10.0.0.7"] = ok_in(20);
  ASSERT_TRUE(put("a"));
  look(Millis(60'000));
  found["10.0.0.7"] = kBusy;
  look(Millis(30'000));
  EXPECT_LT(web("a")->success, 0.7);
  EXPECT_NEAR(web("a")->latency_ms, 20, 2) << "an error page says nothing of the latency";
}

using NoResponseTime = Probed;

TEST_F(NoResponseTime, ServicesThatAreNotChosenByItAreLeftAlone) {
  found["10.0.0.7"] = ok_in(20);
  ASSERT_TRUE(put("a"));
  look(Millis(210));
  const auto shown = web("a");
  found["10.0.0.7"] = ok_in(200);
  look(Millis(60'000));
  EXPECT_EQ(web("a"), shown);
}

}  // namespace
}  // namespace muster::registry::test
