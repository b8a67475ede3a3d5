// The servers that may be asked, and in which order for which name.
//
// Thread safety: counters() from any thread; everything else on the strand.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "dns/forward/upstream.h"
#include "registry/net/histogram.h"
#include "zones/name.h"

namespace muster::dns {

struct ForwardServers {
  struct Zone {
    zones::Name apex;
    std::vector<net::Endpoint> servers;
    bool operator==(const Zone&) const = default;
  };
  std::vector<net::Endpoint> upstreams;
  std::vector<Zone> zones;     // the longest that holds a name counts
  net::Millis timeout{2'000};  // of a question; what has no answer then is failed
};

inline constexpr std::array<std::uint64_t, 10> kForwardMicros = {500,    1'000,  2'500,   5'000,   10'000,
                                                                 25'000, 50'000, 100'000, 500'000, 2'000'000};
using ForwardTimes = net::Histogram<kForwardMicros>;

// Of one upstream, from any thread.
struct UpstreamCounters {
  net::Endpoint server;
  std::array<std::atomic<std::uint64_t>, kUpstreamResultNames.size()> results{};
  ForwardTimes times;  // of its good answers
};

// A server and what is counted of it. Questions hold those that they have asked: one that is named no longer
// goes with the last of them.
struct UpstreamAtWork {
  std::unique_ptr<Upstream> upstream;
  std::shared_ptr<UpstreamCounters> counters;
};
using UpstreamRef = std::shared_ptr<UpstreamAtWork>;

class Upstreams {
 public:
  using Answered = std::function<void(UpstreamRef, Upstream::Answer)>;

  // `answered` is called from inside c-ares: nothing may be asked, and no server let go, from there.
  Upstreams(const net::Strand& strand, Answered answered);

  // From now on these. Those that stay keep what is known of them.
  void set(const ForwardServers& servers);

  // Those for a name (wire form, lower case): the fast ones first, as configured where they are alike; those
  // that fail last.
  std::vector<UpstreamRef> order_for(std::string_view name, net::SteadyTime now) const;

  // Frees what no question uses any more.
  void tidy();

  std::vector<std::shared_ptr<const UpstreamCounters>> counters() const;

 private:
  struct Route {
    std::string apex;  // wire form in lower case; "" of those for all other names
    std::vector<UpstreamRef> upstreams;
  };
  UpstreamRef upstream_for(const net::Endpoint& server, net::Millis timeout);

  const net::Strand strand_;
  const Answered answered_;
  std::vector<Route> routes_;  // the longest apex first; the last has none
  mutable std::mutex mutex_;   // guards by_server_ against counters()
  std::map<net::Endpoint, UpstreamRef> by_server_;
};

}  // namespace muster::dns
