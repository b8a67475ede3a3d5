#include "dns/forward/upstreams.h"

#include <algorithm>
#include <boost/asio/strand.hpp>
#include <set>
#include <utility>

#include "zones/folded_wire.h"
#include "zones/wire_name.h"

namespace muster::dns {

namespace {

constexpr net::Millis kAlike{5};  // latencies that differ less, or by less than twofold, are alike

}  // namespace

Upstreams::Upstreams(const net::Strand& strand, Answered answered)
    : strand_(strand), answered_(std::move(answered)) {}

UpstreamRef Upstreams::upstream_for(const net::Endpoint& server, net::Millis timeout) {
  UpstreamRef& ref = by_server_[server];
  if (!ref) {
    ref = std::make_shared<UpstreamAtWork>();
    ref->counters = std::make_shared<UpstreamCounters>();
    ref->counters->server = server;
    ref->upstream = std::make_unique<Upstream>(strand_, server, timeout,
                                               [this, mine = std::weak_ptr(ref)](Upstream::Answer answer) {
                                                 if (auto at = mine.lock())
                                                   answered_(std::move(at), std::move(answer));
                                               });
  }
  ref->upstream->set_timeout(timeout);
  return ref;
}

void Upstreams::set(const ForwardServers& servers) {
  const std::lock_guard lock(mutex_);
  std::set<net::Endpoint> named;
  const auto refs = [&](const std::vector<net::Endpoint>& endpoints) {
    std::vector<UpstreamRef> all;
    for (const net::Endpoint& server : endpoints) {
      named.insert(server);
      all.push_back(upstream_for(server, servers.timeout));
    }
    return all;
  };
  routes_.clear();
  for (const ForwardServers::Zone& zone : servers.zones)
    routes_.push_back({std::string(zones::FoldedWire(zone.apex).wire()), refs(zone.servers)});
  std::stable_sort(routes_.begin(), routes_.end(),
                   [](const Route& a, const Route& b) { return a.apex.size() > b.apex.size(); });
  routes_.push_back({"", refs(servers.upstreams)});
  std::erase_if(by_server_, [&](const auto& one) { return named.count(one.first) == 0; });
}

std::vector<UpstreamRef> Upstreams::order_for(std::string_view name, net::SteadyTime now) const {
  const auto holds = [&](const Route& route) {
    return route.apex.empty() || zones::is_at_or_below(name, route.apex);
  };
  std::vector<UpstreamRef> order = std::find_if(routes_.begin(), routes_.end(), holds)->upstreams;
  if (order.size() < 2) return order;
  net::Millis best = net::Millis::max();
  for (const UpstreamRef& at : order) {
    if (const auto latency = at->upstream->latency()) best = std::min(best, *latency);
  }
  const auto rank = [&](const UpstreamRef& at) {
    if (at->upstream->is_failing(now)) return 2;
    const auto latency = at->upstream->latency();
    return latency && *latency > 2 * best + kAlike ? 1 : 0;
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](const UpstreamRef& a, const UpstreamRef& b) { return rank(a) < rank(b); });
  return order;
}

void Upstreams::tidy() {
  for (const auto& [server, at] : by_server_) at->upstream->tidy();
}

std::vector<std::shared_ptr<const UpstreamCounters>> Upstreams::counters() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<const UpstreamCounters>> all;
  for (const auto& [server, at] : by_server_) all.push_back(at->counters);
  return all;
}

}  // namespace muster::dns
