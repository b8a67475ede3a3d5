// Response rate limiting: replies to one client prefix, of one kind and about one name, are counted; beyond a
// number a second they are suppressed, so that a server that is sent forged queries does not flood the forged
// address. Every `slip`-th suppressed reply goes out small (truncated, or BADCOOKIE), for who really asks to
// come back by a way that cannot be forged.
//
//   bucket = 24 bits of tag, 16 bits of second, 24 bits of count; eight buckets a cache line
//
// Thread safety: all threads share one table without a lock. A bucket is one word, changed by a relaxed
// compare-and-swap; nothing else is published with it. Two threads may begin two buckets for one key in the
// same instant; then a few replies more go out in that second.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>

#include "registry/net/ip_address.h"
#include "zones/siphash.h"

namespace muster::dns {

struct RateLimitConfig {
  std::uint32_t responses_per_second = 0;  // 0: off; at most kRateMost
  std::uint32_t slip = 2;                  // 0: never, 1: always

  bool operator==(const RateLimitConfig&) const = default;
};

enum class ReplyKind : std::uint8_t { answer, nodata, nxdomain, referral, error };
enum class RateVerdict : std::uint8_t { send, suppress, slip };

class RateLimiter {
 public:
  // 512 KiB. A flood of more keys a second displaces the buckets with the fewest replies.
  static constexpr std::size_t kBuckets = 1 << 16;
  static constexpr std::uint32_t kRateMost = 1'000'000;

  explicit RateLimiter(const zones::SipKey& secret);

  // Counts one reply. `name` is a hash of its name; `tick` is in milliseconds and may wrap.
  RateVerdict count(const net::IpAddress& client, ReplyKind kind, std::uint64_t name, std::uint32_t tick,
                    const RateLimitConfig& config);
  // Buckets of the running second that made room for another.
  std::uint64_t displaced() const { return displaced_.load(std::memory_order_relaxed); }

 private:
  static constexpr std::size_t kLineBuckets = 8;
  struct alignas(64) Line {
    std::array<std::atomic<std::uint64_t>, kLineBuckets> buckets{};
  };

  std::uint32_t raise(Line& line, std::uint32_t tag, std::uint16_t second);

  const zones::SipKey secret_;
  std::unique_ptr<Line[]> lines_;
  std::atomic<std::uint64_t> displaced_{0};
};

}  // namespace muster::dns
