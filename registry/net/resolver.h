// Host names to addresses: a literal is its own, then the hosts file, then DNS, A and AAAA side by side. What
// DNS said is kept for a while; when DNS fails, the last good addresses stay and are told as stale.
//
// Thread safety: all of it on its strand.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/net/clock.h"
#include "registry/net/ip_address.h"
#include "registry/net/result.h"
#include "registry/net/socket.h"
#include "registry/net/unique_function.h"

namespace muster::net {

enum class ResolveFault : std::uint8_t {
  bad_name,   // no host name: empty, longer than 253 octets, or another octet than letters, digits, `-`, `_`
              // and `.`
  not_found,  // no such name, or one without addresses
  timed_out,
  failed,  // the servers say so, or none is known
  full,    // too many names are being looked up
};
std::string_view to_string(ResolveFault fault);

// What DNS said of a host, and for how long it lets that be believed.
struct HostAddresses {
  std::vector<IpAddress> addresses;
  Millis ttl{0};
};

struct Resolved {
  std::vector<IpAddress> addresses;  // at least one; IPv4 first where DNS was asked
  bool is_stale = false;             // DNS fails now; it said this once
  std::optional<Millis> ttl{};       // as DNS gave it; nothing: it was not asked
  bool operator==(const Resolved&) const = default;
};
using ResolveResult = Result<Resolved, ResolveFault>;

struct ResolverConfig {
  std::string hosts_file = "/etc/hosts";
  std::string servers;                             // "10.0.0.2:53,[2001:db8::2]:53"; "": those of the system
  std::optional<std::vector<std::string>> search;  // domains for short names; nothing: those of the system
  Millis limit{2'000};                             // of one name, from when its query goes out
  Millis resend{600};    // a silent server, or the next one, is asked after so long, then after twice that
  Millis fresh{60'000};  // so long a good answer is not asked for again
  Millis retry{10'000};  // so long after a failure
  Millis hosts_check{1'000};        // so long the hosts file is not looked at again
  std::size_t most_names = 10'000;  // kept; the one that was not asked for the longest makes room
  // In DNS; others wait their turn, without a limit of time. 512 queries at once were too many for a socket's
  // buffer (Linux takes some 280 small packets), and the lost ones cost each of them `resend`.
  std::size_t most_at_once = 64;
};

struct ResolverCounters {
  std::uint64_t asked = 0;    // names in DNS
  std::uint64_t failed = 0;   // of these
  std::uint64_t joined = 0;   // requests that waited for a query that was under way
  std::uint64_t stale = 0;    // requests answered with stale addresses
  std::uint64_t evicted = 0;  // names that made room
  std::uint64_t refused = 0;  // requests that found no room
};

class Resolver {
 public:
  using Done = UniqueFunction<void(ResolveResult)>;
  using Ticket = std::uint64_t;

  // `now`: steady time, for what is kept.
  Resolver(Strand strand, ResolverConfig config, std::function<SteadyTime()> now);
  // What was not told yet is never told.
  ~Resolver();

  // Calls `done` once, on the strand and never inside this call.
  Ticket resolve(std::string_view name, Done done);
  // Its `done` will not be called; no harm when it was.
  void cancel(Ticket ticket);
  // What is known without asking anybody: a literal, the hosts file, or kept addresses, stale ones among
  // them.
  std::optional<Resolved> known(std::string_view name);

  const ResolverCounters& counters() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace muster::net
