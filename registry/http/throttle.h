// How often each client may write. A strategy by name decides; its state is one Bucket per key, kept by a
// BucketStore, which is an interface so that several nodes can share one. Refusing touches no bucket.
//
// Thread safety: Throttle may be called from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "registry/http/message.h"
#include "registry/net/clock.h"
#include "registry/net/unique_function.h"

namespace muster::registry::http {

enum class ThrottleStrategy : std::uint8_t { none, token_bucket, leaky_bucket, min_interval, concurrent };
enum class ThrottlePer : std::uint8_t { client, token, service };

std::optional<ThrottleStrategy> read_throttle_strategy(std::string_view name);  // "token-bucket" …
std::optional<ThrottlePer> read_throttle_per(std::string_view name);  // "client", "token", "service"

struct ThrottleConfig {
  ThrottleStrategy strategy = ThrottleStrategy::none;
  double rate = 2000;   // writes a second; concurrent: writes at once
  double burst = 4000;  // token-bucket: saved up; leaky-bucket: waiting in line
  ThrottlePer per = ThrottlePer::client;
  std::size_t max_keys = 65536;  // buckets kept; beyond it the stalest goes that is not held
  bool operator==(const ThrottleConfig&) const = default;
};

// One key's state; what the numbers mean is the strategy's business.
struct Bucket {
  double level = 0;
  net::SteadyTime at{};
  bool used = false;
  bool held = false;  // not to be forgotten: who runs will leave
};

class BucketStore {
 public:
  virtual ~BucketStore() = default;
  // Runs `change` on the key's bucket, alone; a new key starts with an unused bucket.
  virtual void with(std::string_view key, const std::function<void(Bucket&)>& change) = 0;
  virtual std::size_t size() const = 0;
};
std::unique_ptr<BucketStore> make_memory_buckets(std::size_t max_keys);

class Throttle {
 public:
  struct Verdict {
    bool admitted = true;
    bool held = false;                         // concurrent: release() must follow
    std::optional<net::Millis> retry_after{};  // of a refusal
  };

  Throttle(ThrottleConfig config, std::unique_ptr<BucketStore> buckets);

  // `cost` 1 is one write; each element of a batch after its first costs 1/100.
  Verdict admit(const Caller& caller, std::string_view service, double cost, net::SteadyTime now);
  void release(const Caller& caller, std::string_view service);
  // Rates are 429 rate_limited, concurrency is 503 out_of_capacity.
  Problem problem(const Verdict& verdict) const;

 private:
  std::string key_of(const Caller& caller, std::string_view service) const;

  ThrottleConfig config_;
  std::unique_ptr<BucketStore> buckets_;
};

}  // namespace muster::registry::http
