// What the answer function needs of the configuration. Plain values; each thread has its own copy.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dns/cookies.h"
#include "dns/forward/forwarding.h"
#include "dns/rate_limit.h"
#include "dns/tsig.h"
#include "registry/net/ip_address.h"
#include "zones/siphash.h"

namespace muster::dns {

struct AnswerConfig {
  std::string server_name;                     // NSID, id.server, hostname.bind; at most 255 octets; "" none
  std::string version;                         // version.bind, version.server; at most 255 octets; "" REFUSED
  std::uint16_t edns_udp_size = 1232;          // no UDP reply is longer
  std::chrono::milliseconds tcp_idle{10'000};  // told by keepalive
  std::optional<CookieSecrets> cookies;        // none: cookies are ignored
  TsigKeysPtr tsig_keys;                       // null: none
  std::vector<net::IpPrefix> ecs_trusted;      // whose client subnet option is believed (RFC 7871)
  zones::SipKey hash_key{};                    // of sets that are chosen by the client's network
  RateLimitConfig rate_limit;
  std::shared_ptr<RateLimiter> rate_limiter;  // of all threads; null: no limit
  // Whoever asks answer() has a desk for what it hands on (kHandOn); without, transfers are REFUSED and updates
  // NOTIMP.
  bool transfers = false;
  bool updates = false;
  // Names in no zone of ours are handed on, too. Null: they are REFUSED.
  std::shared_ptr<const Forwarding> forwarding;
};

}  // namespace muster::dns
