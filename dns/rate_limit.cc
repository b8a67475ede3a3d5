#include "dns/rate_limit.h"

#include <cstring>

namespace muster::dns {
namespace {

constexpr std::uint32_t kCountMost = (1u << 24) - 1;
constexpr std::size_t kPrefixV4 = 3;  // octets: /24
constexpr std::size_t kPrefixV6 = 7;  // /56

struct Bucket {
  std::uint32_t tag;
  std::uint16_t second;
  std::uint32_t count;

  static Bucket from(std::uint64_t word) {
    return {static_cast<std::uint32_t>(word >> 40), static_cast<std::uint16_t>(word >> 24),
            static_cast<std::uint32_t>(word & kCountMost)};
  }
  std::uint64_t word() const { return std::uint64_t{tag} << 40 | std::uint64_t{second} << 24 | count; }
  // Clocks of two threads may differ by a step: the second that another thread has begun is taken as running.
  bool is_running(std::uint16_t now) const {
    const auto behind = static_cast<std::int16_t>(now - second);
    return count > 0 && (behind == 0 || behind == -1);
  }
};

}  // namespace

RateLimiter::RateLimiter(const zones::SipKey& secret)
    : secret_(secret), lines_(std::make_unique<Line[]>(kBuckets / kLineBuckets)) {}

RateVerdict RateLimiter::count(const net::IpAddress& client, ReplyKind kind, std::uint64_t name,
                               std::uint32_t tick, const RateLimitConfig& config) {
  std::array<std::uint8_t, 1 + kPrefixV6 + sizeof(name)> key{};
  key[0] = static_cast<std::uint8_t>(static_cast<unsigned>(kind) << 1 | (client.family == net::Family::v6));
  std::memcpy(key.data() + 1, client.octets.data(), client.family == net::Family::v4 ? kPrefixV4 : kPrefixV6);
  std::memcpy(key.data() + 1 + kPrefixV6, &name, sizeof name);
  const auto hashed = zones::siphash<>(secret_, key);
  std::uint64_t hash;
  std::memcpy(&hash, hashed.data(), sizeof hash);

  Line& line = lines_[hash % (kBuckets / kLineBuckets)];
  const std::uint32_t total =
      raise(line, static_cast<std::uint32_t>(hash >> 40), static_cast<std::uint16_t>(tick / 1000));
  if (total <= config.responses_per_second) return RateVerdict::send;
  const std::uint32_t over = total - config.responses_per_second;
  return config.slip > 0 && over % config.slip == 0 ? RateVerdict::slip : RateVerdict::suppress;
}

// The key's replies in this second, this one included.
std::uint32_t RateLimiter::raise(Line& line, std::uint32_t tag, std::uint16_t second) {
  for (;;) {
    std::atomic<std::uint64_t>* place = nullptr;
    std::uint64_t seen = 0;
    std::uint32_t fewest = kCountMost + 1;
    for (auto& bucket : line.buckets) {
      const std::uint64_t word = bucket.load(std::memory_order_relaxed);
      const Bucket at = Bucket::from(word);
      const bool running = at.is_running(second);
      if (running && at.tag == tag) {
        if (at.count == kCountMost) return at.count;
        if (bucket.compare_exchange_strong(seen = word, word + 1, std::memory_order_relaxed))
          return at.count + 1;
        place = nullptr;
        break;
      }
      const std::uint32_t weight = running ? at.count : 0;
      if (weight >= fewest) continue;
      fewest = weight;
      place = &bucket;
      seen = word;
    }
    if (place == nullptr) continue;  // another thread was faster
    const Bucket fresh{tag, second, 1};
    if (!place->compare_exchange_strong(seen, fresh.word(), std::memory_order_relaxed)) continue;
    if (fewest > 0) displaced_.fetch_add(1, std::memory_order_relaxed);
    return 1;
  }
}

}  // namespace muster::dns
