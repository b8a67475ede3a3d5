#include "tools/musterd/dns_config.h"

#include <openssl/sha.h>
#include <sys/random.h>
#include <time.h>

#include <algorithm>
#include <array>

#include "zones/folded_wire.h"

namespace muster::tools {

namespace {

dns::TsigAlgorithm algorithm_of(std::string_view name) {
  std::size_t i = 0;
  while (i + 1 < dns::kTsigAlgorithmNames.size() && dns::kTsigAlgorithmNames[i] != name) ++i;
  return static_cast<dns::TsigAlgorithm>(i);
}

dns::TsigKeysPtr tsig_keys(const std::vector<config::Key>& keys) {
  std::vector<dns::TsigKey> to;
  for (const config::Key& key : keys) {
    to.push_back({key.name, algorithm_of(key.algorithm), key.secret, key.mac_octets_min});
  }
  return std::make_shared<const dns::TsigKeys>(std::move(to));
}

dns::AnswerConfig answer_config(const config::Config& config, std::shared_ptr<dns::RateLimiter> limiter) {
  dns::AnswerConfig to;
  to.server_name = config.server.name;
  to.version = config.dns.version;
  to.edns_udp_size = config.dns.edns_udp_size;
  to.tcp_idle = config.dns.tcp_idle;
  to.tsig_keys = tsig_keys(config.keys);
  to.rate_limit = {config.dns.rate_limit.responses_per_second, config.dns.rate_limit.slip};
  to.rate_limiter = std::move(limiter);
  to.ecs_trusted = config.dns.ecs_trusted;
  to.hash_key = hash_key(config);
  to.transfers = true;
  to.updates = true;
  return to;
}

// Null: names in none of our zones are refused.
std::shared_ptr<const dns::Forwarding> forwarding(const config::Forward& forward,
                                                  std::shared_ptr<const std::atomic<std::size_t>> pending) {
  if (!forward.enabled) return nullptr;
  auto to = std::make_shared<dns::Forwarding>();
  to->allow = forward.allow;
  to->max_pending = forward.max_pending;
  to->pending = std::move(pending);
  for (const config::ForwardZone& zone : forward.zones)
    to->zones.emplace_back(zones::FoldedWire(zone.apex).wire());
  return to;
}

std::uint32_t wrapped(std::int64_t value) { return static_cast<std::uint32_t>(value); }

}  // namespace

zones::SipKey hash_key(const config::Config& config) {
  if (config.zones.hash_key) return *config.zones.hash_key;
  const zones::FoldedWire folded(config.zones.domain);
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
  const std::string_view wire = folded.wire();
  SHA256(reinterpret_cast<const unsigned char*>(wire.data()), wire.size(), digest.data());
  zones::SipKey key;
  std::copy_n(digest.begin(), key.size(), key.begin());
  return key;
}

DnsConfig::DnsConfig(const config::Config& config, net::SteadyTime now, MakeSecret make_secret)
    : make_secret_(std::move(make_secret)) {
  dns::AnswerConfig answer = answer_config(config, std::make_shared<dns::RateLimiter>(make_secret_()));
  choose_cookies(config.dns, now);
  if (config.dns.cookies) answer.cookies = cookies_;
  answer.forwarding = forwarding(config.forward, pending_);
  live_ = std::make_shared<dns::LiveConfig>(std::move(answer));
}

void DnsConfig::take_over(const config::Config& config, net::SteadyTime now) {
  dns::AnswerConfig answer = answer_config(config, live_->get().rate_limiter);
  answer.forwarding = forwarding(config.forward, pending_);
  const std::lock_guard lock(mutex_);
  choose_cookies(config.dns, now);
  if (config.dns.cookies) answer.cookies = cookies_;
  live_->set(std::move(answer));
}

// A secret that changes leaves the running one behind as the previous, so that clients notice nothing.
void DnsConfig::choose_cookies(const config::Dns& dns, net::SteadyTime now) {
  if (!dns.cookie_secret && own_secret_) return;
  own_secret_ = !dns.cookie_secret;
  secret_made_ = now;
  dns::CookieSecrets next;
  next.current = dns.cookie_secret ? *dns.cookie_secret : make_secret_();
  if (dns.cookie_secret_previous) {
    next.previous = *dns.cookie_secret_previous;
  } else if (cookies_) {
    next.previous = next.current == cookies_->current ? cookies_->previous : cookies_->current;
  }
  cookies_ = next;
}

void DnsConfig::tick(net::SteadyTime now) {
  const std::lock_guard lock(mutex_);
  if (!own_secret_ || now - secret_made_ < kSecretLife) return;
  secret_made_ = now;
  cookies_ = dns::CookieSecrets{make_secret_(), cookies_->current};
  dns::AnswerConfig answer = live_->get();
  if (answer.cookies) answer.cookies = cookies_;
  live_->set(std::move(answer));
}

std::uint64_t DnsConfig::rate_limit_displaced() const { return live_->get().rate_limiter->displaced(); }

// getrandom of so few octets neither fails nor is cut short once the machine is up.
zones::SipKey DnsConfig::system_secret() {
  zones::SipKey secret{};
  while (getrandom(secret.data(), secret.size(), 0) != static_cast<ssize_t>(secret.size())) {
  }
  return secret;
}

dns::Moment machine_moment() {
  timespec wall{};
  timespec steady{};
  clock_gettime(CLOCK_REALTIME_COARSE, &wall);
  clock_gettime(CLOCK_MONOTONIC_COARSE, &steady);
  return {wrapped(wall.tv_sec), wrapped(steady.tv_sec * 1000 + steady.tv_nsec / 1'000'000)};
}

}  // namespace muster::tools
