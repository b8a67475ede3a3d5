// What the threads that answer DNS are configured with, over the life of a musterd: keys, secrets and limits
// as the file says, and a cookie secret of its own where the file gives none, made at the start and anew
// every day.
//
// Thread safety: the control thread ticks, the loader thread takes a configuration over; the threads that
// answer read live().
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "dns/client.h"
#include "dns/live_config.h"
#include "registry/net/clock.h"
#include "tools/config/config.h"

namespace muster::tools {

// With which the hash policies choose: as configured, else the first 16 octets of SHA-256 of the domain in
// lower-case wire form, the same on all servers of the domain without anybody having to say so.
zones::SipKey hash_key(const config::Config& config);

class DnsConfig {
 public:
  using MakeSecret = std::function<zones::SipKey()>;
  static constexpr net::Millis kSecretLife = std::chrono::hours(24);

  // Throws std::runtime_error when OpenSSL lacks a key's algorithm.
  DnsConfig(const config::Config& config, net::SteadyTime now, MakeSecret make_secret = system_secret);

  void take_over(const config::Config& config,
                 net::SteadyTime now);  // throws as above; then nothing has changed
  void tick(net::SteadyTime now);
  const std::shared_ptr<dns::LiveConfig>& live() const { return live_; }
  // How many queries wait for an upstream; the forwarder counts.
  const std::shared_ptr<std::atomic<std::size_t>>& pending() const { return pending_; }
  std::uint64_t rate_limit_displaced() const;  // buckets of the rate limiter's table

  static zones::SipKey system_secret();  // from the kernel

 private:
  void choose_cookies(const config::Dns& dns, net::SteadyTime now);

  const MakeSecret make_secret_;
  std::mutex mutex_;  // guards what follows but for live_
  std::optional<dns::CookieSecrets> cookies_;
  bool own_secret_ = false;
  net::SteadyTime secret_made_{};
  const std::shared_ptr<std::atomic<std::size_t>> pending_ = std::make_shared<std::atomic<std::size_t>>(0);
  std::shared_ptr<dns::LiveConfig> live_;
};

// A look at the kernel's coarse clocks, a few nanoseconds: they step every 4 ms.
dns::Moment machine_moment();

}  // namespace muster::tools
