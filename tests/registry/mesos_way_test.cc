#include "registry/sources/mesos_way.h"

#include <gtest/gtest.h>

#include "registry/sources/backoff.h"

namespace muster::registry::sources {
namespace {

net::HttpOrigin at(const char* url) { return *net::parse_origin(url); }

std::string shown(const std::optional<net::HttpUrl>& url) { return url ? net::to_string(*url) : "none"; }
std::string shown(const MesosWay::Step& step) {
  return step ? net::to_string(*step) : "error: " + step.error();
}

class Way : public ::testing::Test {
 protected:
  MesosWay way_{
      {at("http://m1:5050"), at("http://m2:5050"), at("http://m3:5050")}, at("http://m2:5050"), "/state"};
};

TEST_F(Way, TheLeaderOfLastTimeIsAskedFirstAndEachOnce) {
  EXPECT_EQ(shown(way_.next()), "http://m2:5050/state");
  EXPECT_EQ(shown(way_.next()), "http://m1:5050/state");
  EXPECT_EQ(shown(way_.next()), "http://m3:5050/state");
  EXPECT_EQ(shown(way_.next()), "none");
}

TEST_F(Way, AStrangerIsOneAlsoTheNextTime) {
  way_.next();
  ASSERT_TRUE(way_.is_trusted());
  ASSERT_EQ(shown(way_.redirected("http://x:5050/state")), "http://x:5050/state");
  EXPECT_FALSE(way_.is_trusted());
  const std::vector masters{at("http://m1:5050")};
  MesosWay later(masters, at("http://x:5050"), "/state");
  EXPECT_EQ(shown(later.next()), "http://x:5050/state");
  EXPECT_FALSE(later.is_trusted());
  EXPECT_EQ(shown(later.next()), "http://m1:5050/state");
  EXPECT_TRUE(later.is_trusted());
  MesosWay announced(masters, at("http://x:5050"), "/state", true);
  announced.next();
  EXPECT_TRUE(announced.is_trusted());
}

TEST_F(Way, RedirectsMayLackTheScheme) {
  way_.next();
  EXPECT_EQ(shown(way_.redirected("//m3:5050/state")), "http://m3:5050/state");
  EXPECT_TRUE(way_.is_trusted());
  EXPECT_EQ(shown(way_.redirected("//elsewhere:5050/state")), "http://elsewhere:5050/state");
  EXPECT_FALSE(way_.is_trusted()) << "who we are is not told there";
}

TEST_F(Way, ACircleIsAnError) {
  way_.next();
  ASSERT_TRUE(way_.redirected("//m3:5050/state"));
  EXPECT_EQ(shown(way_.redirected("//m2:5050/state")),
            "error: the redirects go round in a circle, back to http://m2:5050/state");
  EXPECT_EQ(shown(way_.next()), "http://m1:5050/state") << "and the next master is asked";
  EXPECT_TRUE(way_.redirected("//m3:5050/state")) << "what was seen from another master is no circle";
}

TEST_F(Way, ThreeHopsAreTheMost) {
  way_.next();
  for (const char* location : {"//a/", "//b/", "//c/"}) ASSERT_TRUE(way_.redirected(location)) << location;
  EXPECT_EQ(shown(way_.redirected("//d/")), "error: more than 3 redirects, the last to http://d/");
}

TEST_F(Way, TheSchemeStays) {
  way_.next();
  EXPECT_EQ(shown(way_.redirected("https://m3:5050/state")),
            "error: the redirect to https://m3:5050/state changes the scheme");
  EXPECT_EQ(shown(way_.redirected("")),
            "error: the redirects go round in a circle, back to http://m2:5050/state");
}

TEST_F(Way, AnotherLeaderIsAskedAtItsOwnPort) {
  way_.next();
  EXPECT_EQ(shown(way_.other_leader("10.0.0.9", 5051)), "http://10.0.0.9:5051/state");
  EXPECT_EQ(shown(way_.other_leader("m2", 5050)),
            "error: the redirects go round in a circle, back to http://m2:5050/state");
}

TEST(Backoff, GrowsToHalfAMinuteAndBeginsAnewAfterAMinuteOfHealth) {
  Backoff backoff;
  net::SteadyTime now{net::Millis(0)};
  std::vector<long> waits;
  for (int i = 0; i < 8; ++i) waits.push_back(backoff.after_failure(now, 1.0).count());
  EXPECT_EQ(waits, (std::vector<long>{500, 1'000, 2'000, 4'000, 8'000, 16'000, 30'000, 30'000}));
  EXPECT_EQ(backoff.after_failure(now, 0.5).count(), 15'000);
  backoff.succeeded(now);
  now += net::Millis(59'000);
  backoff.succeeded(now);
  EXPECT_EQ(backoff.after_failure(now, 1.0).count(), 30'000) << "a minute has not passed";
  backoff.succeeded(now);
  now += net::Millis(60'000);
  EXPECT_EQ(backoff.after_failure(now, 1.0).count(), 500);
}

}  // namespace
}  // namespace muster::registry::sources
