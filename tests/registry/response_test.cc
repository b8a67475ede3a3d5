#include "registry/health/response.h"

#include <gtest/gtest.h>

#include <cmath>

namespace muster::registry::health {
namespace {

using net::Millis;
using net::SteadyTime;

constexpr Millis kTau{30'000};

struct Heard {
  SteadyTime now{};
  Response response{SteadyTime{}};

  void take(Severity severity, FailureClass failure, double ms, Millis later) {
    now += later;
    Verdict verdict;
    verdict.severity = severity;
    verdict.failure = failure;
    verdict.latency = std::chrono::microseconds(std::llround(ms * 1000));
    response.take(verdict, severity, now, kTau);
  }
  void ok(double ms, Millis later = Millis(5'000)) { take(Severity::ok, FailureClass::none, ms, later); }
};

TEST(Response, LatencyFollowsWithItsTimeConstant) {
  Heard heard;
  EXPECT_EQ(heard.response.latency_ms(), 0) << "no sample";
  heard.ok(10);
  EXPECT_EQ(heard.response.latency_ms(), 10);
  for (const double expected : {23.817, 35.512, 45.412}) {
    heard.ok(100);
    EXPECT_NEAR(heard.response.latency_ms(), expected, 0.001);
  }
}

TEST(Response, SuccessFallsWithFailuresAndComesBack) {
  Heard heard;
  heard.ok(1, Millis(0));
  for (const double expected : {0.8465, 0.7165, 0.6065}) {
    heard.take(Severity::soft, FailureClass::http, 3, Millis(5'000));
    EXPECT_NEAR(heard.response.success(), expected, 0.0001);
  }
  heard.take(Severity::local, FailureClass::none, 0, Millis(60'000));
  EXPECT_NEAR(heard.response.success(), 0.6065, 0.0001) << "the prober's own trouble says nothing";
  heard.ok(1, Millis(300'000));
  EXPECT_GT(heard.response.success(), 0.999);
}

TEST(Response, WhichVerdictsAreSamplesOfTheLatency) {
  Heard heard;
  heard.take(Severity::hard, FailureClass::refused, 0.2, Millis(5'000));
  EXPECT_EQ(heard.response.latency_ms(), 0) << "a refusal is fast, and no answer";
  heard.take(Severity::soft, FailureClass::timeout, 500, Millis(5'000));
  EXPECT_EQ(heard.response.latency_ms(), 500) << "at least so long";
  Heard fast;
  fast.ok(0.05);
  EXPECT_EQ(fast.response.latency_ms(), 1) << "under a millisecond is noise";
  Heard unmeasured;
  unmeasured.ok(0);
  EXPECT_EQ(unmeasured.response.latency_ms(), 0);
}

TEST(Response, OnlyMoreThanATenthIsAMove) {
  Heard heard;
  heard.ok(100);
  EXPECT_TRUE(has_moved({}, heard.response)) << "the first sample";
  EXPECT_FALSE(has_moved({95, 1}, heard.response));
  EXPECT_TRUE(has_moved({90, 1}, heard.response));
  EXPECT_TRUE(has_moved({112, 1}, heard.response));
  EXPECT_FALSE(has_moved({109, 1}, heard.response));
  EXPECT_TRUE(has_moved({100, 0.5}, heard.response));
}

}  // namespace
}  // namespace muster::registry::health
