#include "registry/http/throttle.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <list>
#include <mutex>
#include <unordered_map>

namespace muster::registry::http {

namespace {

using net::Millis;
using net::SteadyTime;

double seconds_between(SteadyTime from, SteadyTime to) {
  return std::chrono::duration<double>(std::max(to - from, Millis(0))).count();
}

Millis millis_of(double seconds) {
  return Millis(static_cast<std::int64_t>(std::ceil(std::clamp(seconds, 0.0, 86400.0) * 1000)));
}

Throttle::Verdict refused_for(double seconds) {
  return {.admitted = false, .held = false, .retry_after = std::max(millis_of(seconds), Millis(1))};
}

// Level: tokens in hand. A request may take more than one, but never more than the bucket can hold.
Throttle::Verdict take_tokens(Bucket& bucket, const ThrottleConfig& config, double cost, SteadyTime now) {
  const double had = bucket.used ? bucket.level : config.burst;
  const double level = std::min(config.burst, had + seconds_between(bucket.at, now) * config.rate);
  const double need = std::min(cost, config.burst);
  if (level < need) return refused_for((need - level) / config.rate);
  bucket = {level - need, now, true};
  return {};
}

// Level: what has been poured in and not yet run out.
Throttle::Verdict pour(Bucket& bucket, const ThrottleConfig& config, double cost, SteadyTime now) {
  const double level = std::max(0.0, bucket.level - seconds_between(bucket.at, now) * config.rate);
  const double need = std::min(cost, config.burst);
  if (level + need > config.burst) return refused_for((level + need - config.burst) / config.rate);
  bucket = {level + need, now, true};
  return {};
}

// Level: seconds that must pass after `at`.
Throttle::Verdict wait_interval(Bucket& bucket, const ThrottleConfig& config, double cost, SteadyTime now) {
  const double passed = seconds_between(bucket.at, now);
  if (bucket.used && passed < bucket.level) return refused_for(bucket.level - passed);
  bucket = {cost / config.rate, now, true};
  return {};
}

// Level: how many are running.
Throttle::Verdict enter(Bucket& bucket, const ThrottleConfig& config, SteadyTime now) {
  if (bucket.level + 1 > config.rate) return {.admitted = false, .held = false, .retry_after = Millis(1000)};
  bucket = {bucket.level + 1, now, true, true};
  return {.admitted = true, .held = true, .retry_after = {}};
}

// Least recently used goes first: a bucket that nobody touched for long is full (or empty) again anyway.
class MemoryBuckets final : public BucketStore {
 public:
  explicit MemoryBuckets(std::size_t max_keys) : max_keys_(std::max<std::size_t>(max_keys, 1)) {}

  void with(std::string_view key, const std::function<void(Bucket&)>& change) override {
    const std::lock_guard lock(mutex_);
    change(find(key));
  }

  std::size_t size() const override {
    const std::lock_guard lock(mutex_);
    return order_.size();
  }

 private:
  using Order = std::list<std::pair<std::string, Bucket>>;

  Bucket& find(std::string_view key) {
    if (const auto known = index_.find(key); known != index_.end()) {
      order_.splice(order_.begin(), order_, known->second);
      return known->second->second;
    }
    if (order_.size() >= max_keys_) forget_one();
    order_.emplace_front(std::string(key), Bucket{});
    index_.emplace(order_.front().first, order_.begin());
    return order_.front().second;
  }

  // Held ones come to the front on the way. When all are held, there is one more: no more than requests in
  // flight.
  void forget_one() {
    for (std::size_t left = order_.size(); left > 0; --left) {
      if (!order_.back().second.held) {
        index_.erase(order_.back().first);
        order_.pop_back();
        return;
      }
      order_.splice(order_.begin(), order_, std::prev(order_.end()));
    }
  }

  const std::size_t max_keys_;
  mutable std::mutex mutex_;
  Order order_;                                                  // freshest first
  std::unordered_map<std::string_view, Order::iterator> index_;  // keys live in the list
};

}  // namespace

std::optional<ThrottleStrategy> read_throttle_strategy(std::string_view name) {
  if (name == "none") return ThrottleStrategy::none;
  if (name == "token-bucket") return ThrottleStrategy::token_bucket;
  if (name == "leaky-bucket") return ThrottleStrategy::leaky_bucket;
  if (name == "min-interval") return ThrottleStrategy::min_interval;
  if (name == "concurrent") return ThrottleStrategy::concurrent;
  return std::nullopt;
}

std::optional<ThrottlePer> read_throttle_per(std::string_view name) {
  if (name == "client") return ThrottlePer::client;
  if (name == "token") return ThrottlePer::token;
  if (name == "service") return ThrottlePer::service;
  return std::nullopt;
}

std::unique_ptr<BucketStore> make_memory_buckets(std::size_t max_keys) {
  return std::make_unique<MemoryBuckets>(max_keys);
}

Throttle::Throttle(ThrottleConfig config, std::unique_ptr<BucketStore> buckets)
    : config_(config), buckets_(std::move(buckets)) {}

std::string Throttle::key_of(const Caller& caller, std::string_view service) const {
  switch (config_.per) {
    case ThrottlePer::client: return caller.shown();
    case ThrottlePer::token: return caller.token_name;
    case ThrottlePer::service: return std::string(service);
  }
  return {};
}

Throttle::Verdict Throttle::admit(const Caller& caller, std::string_view service, double cost,
                                  SteadyTime now) {
  if (config_.strategy == ThrottleStrategy::none) return {};
  Verdict verdict;
  buckets_->with(key_of(caller, service), [&](Bucket& bucket) {
    switch (config_.strategy) {
      case ThrottleStrategy::none: break;
      case ThrottleStrategy::token_bucket: verdict = take_tokens(bucket, config_, cost, now); break;
      case ThrottleStrategy::leaky_bucket: verdict = pour(bucket, config_, cost, now); break;
      case ThrottleStrategy::min_interval: verdict = wait_interval(bucket, config_, cost, now); break;
      case ThrottleStrategy::concurrent: verdict = enter(bucket, config_, now); break;
    }
  });
  return verdict;
}

void Throttle::release(const Caller& caller, std::string_view service) {
  buckets_->with(key_of(caller, service), [](Bucket& bucket) {
    bucket.level = std::max(0.0, bucket.level - 1);
    bucket.held = bucket.level > 0;
  });
}

Problem Throttle::problem(const Verdict& verdict) const {
  Problem problem;
  const bool rates = config_.strategy != ThrottleStrategy::concurrent;
  problem.status = rates ? 429 : 503;
  problem.error = rates ? "rate_limited" : "out_of_capacity";
  problem.message = rates ? "too many writes; send the next one after retry_after_ms, or several in one batch"
                          : "too many writes at once; send the next one when another is answered";
  problem.retry_after = verdict.retry_after;
  return problem;
}

}  // namespace muster::registry::http
