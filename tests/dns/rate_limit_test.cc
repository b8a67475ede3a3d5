#include "dns/rate_limit.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace muster::dns {
namespace {

const net::IpAddress kClient = *net::parse_ip("192.0.2.1");
constexpr zones::SipKey kSecret = {1, 2, 3};

std::string verdicts(RateLimiter& limiter, int replies, const RateLimitConfig& config, std::uint32_t tick = 0,
                     const net::IpAddress& client = kClient) {
  std::string text;
  for (int i = 0; i < replies; ++i) {
    text += "+-s"[static_cast<int>(limiter.count(client, ReplyKind::answer, 7, tick, config))];
  }
  return text;
}

TEST(RateLimit, SlipsEveryNthSuppressedReply) {
  struct Row {
    const char* why;
    std::uint32_t slip;
    const char* verdicts;
  };
  constexpr Row kRows[] = {{"never", 0, "+++-------"},
                           {"always", 1, "+++sssssss"},
                           {"every second", 2, "+++-s-s-s-"},
                           {"every third", 3, "+++--s--s-"}};
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.why);
    RateLimiter limiter(kSecret);
    EXPECT_EQ(verdicts(limiter, 10, {3, row.slip}), row.verdicts);
  }
}

TEST(RateLimit, BeginsAnewEachSecond) {
  RateLimiter limiter(kSecret);
  const RateLimitConfig config{2, 0};
  EXPECT_EQ(verdicts(limiter, 3, config, 1999), "++-");
  EXPECT_EQ(verdicts(limiter, 3, config, 2000), "++-");
  EXPECT_EQ(verdicts(limiter, 1, config, 1999), "-") << "a thread whose clock is a step behind";
  EXPECT_EQ(verdicts(limiter, 3, config, 4'294'967'295), "++-");
  EXPECT_EQ(verdicts(limiter, 3, config, 0), "++-") << "the clock has wrapped";
}

TEST(RateLimit, CountsByNetworkKindAndName) {
  RateLimiter limiter(kSecret);
  const RateLimitConfig config{1, 0};
  const auto sends = [&](const char* address, ReplyKind kind = ReplyKind::answer, std::uint64_t name = 1) {
    return limiter.count(*net::parse_ip(address), kind, name, 0, config) == RateVerdict::send;
  };
  EXPECT_TRUE(sends("192.0.2.1"));
  EXPECT_FALSE(sends("192.0.2.255")) << "the same /24";
  EXPECT_TRUE(sends("192.0.3.1"));
  EXPECT_TRUE(sends("192.0.2.1", ReplyKind::nxdomain));
  EXPECT_TRUE(sends("192.0.2.1", ReplyKind::answer, 2));
  EXPECT_TRUE(sends("2001:db8:0:1ff::1"));
  EXPECT_FALSE(sends("2001:db8:0:100::2")) << "the same /56";
  EXPECT_TRUE(sends("2001:db8:0:200::2"));
  EXPECT_TRUE(sends("c000:200::")) << "an IPv6 network that begins like the IPv4 one";
}

TEST(RateLimit, AFloodOfKeysDoesNotForgetTheBusiest) {
  RateLimiter limiter(kSecret);
  const RateLimitConfig config{100, 0};
  EXPECT_EQ(verdicts(limiter, 101, config).back(), '-');
  for (std::uint64_t name = 0; name < 4 * RateLimiter::kBuckets; ++name) {
    limiter.count(kClient, ReplyKind::answer, 1000 + name, 0, config);
  }
  EXPECT_GT(limiter.displaced(), RateLimiter::kBuckets);
  EXPECT_EQ(verdicts(limiter, 1, config), "-");
}

TEST(RateLimit, ThreadsShareOneCount) {
  constexpr int kThreads = 4;
  constexpr int kReplies = 20'000;
  RateLimiter limiter(kSecret);
  std::atomic<int> sent{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < kReplies; ++n)
        sent += limiter.count(kClient, ReplyKind::answer, 7, 0, {1000, 0}) == RateVerdict::send;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GE(sent, 1000);
  EXPECT_LE(sent, 1000 * kThreads) << "at worst each began a bucket of its own";
}

}  // namespace
}  // namespace muster::dns
