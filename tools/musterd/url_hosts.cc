#include "tools/musterd/url_hosts.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <utility>

#include "registry/limits.h"
#include "tools/musterd/log.h"
#include "zones/name.h"

namespace muster::tools {

namespace {

constexpr net::Millis kFileAgain{30'000};  // what the hosts file says is looked at again after so long
constexpr net::Millis kFailuresEvery{60'000};

// It asks whenever it is told to: the registry knows when.
net::ResolverConfig resolver_config(const config::Registry& config) {
  net::ResolverConfig to;
  for (const net::Endpoint& server : config.resolvers)
    to.servers += (to.servers.empty() ? "" : ",") + net::to_string(server);
  to.fresh = to.retry = net::Millis(0);
  to.most_names = registry::kHostsInFlight * 2;
  to.most_at_once = registry::kHostsInFlight;
  return to;
}

}  // namespace

bool is_own_name(std::string_view host, const config::Config& config) {
  const auto name = zones::parse_domain(host);
  if (!name) return false;
  const auto is_in = [&](const zones::Name& zone) { return name->is_at_or_below(zone); };
  if (is_in(config.zones.domain)) return true;
  if (std::ranges::any_of(config.mesos, is_in, [](const auto& source) { return source.names.domain; }))
    return true;
  return std::ranges::any_of(config.services, [&](const auto& service) {
    return std::ranges::find(service.second.also, *name, &config::PublicName::name) !=
           service.second.also.end();
  });
}

UrlHosts::UrlHosts(boost::asio::io_context& io, registry::Control& control, Running running)
    : control_(control),
      running_(std::move(running)),
      strand_(boost::asio::make_strand(io)),
      resolver_(strand_, resolver_config(running_()->registry), [] { return net::machine_now().steady; }) {}

// A queue that was full left the last ones where they are.
void UrlHosts::tick(registry::Registry& registry, net::Instant now) {
  auto due = registry.hosts_due(now, registry::kHostsInFlight);
  const auto config = due.empty() ? nullptr : running_();
  for (std::string& host : due) {
    if (is_own_name(host, *config)) {
      ++counters_.failed;
      tell({host, {}, "it is one of this server's own names"}, now.steady);
      registry.host_found(host, {}, now);
      continue;
    }
    boost::asio::post(strand_, [this, host = std::move(host)] { ask(host); });
  }
  const std::lock_guard lock(mutex_);
  if (!found_.empty() && !is_asked_)
    is_asked_ = control_.submit([this](registry::Turn& turn) { take(turn.registry, turn.now); });
}

// A stale answer is no answer: the registry keeps what it has.
void UrlHosts::ask(const std::string& host) {
  resolver_.resolve(host, [this, host](net::ResolveResult result) {
    Found one{host, {}, {}};
    if (result && !result->is_stale) {
      one.what = {std::move(result->addresses), result->ttl.value_or(kFileAgain)};
    } else {
      one.fault = result ? "DNS fails" : std::string(to_string(result.error()));
    }
    found(std::move(one));
  });
}

void UrlHosts::found(Found one) {
  ++(one.fault.empty() ? counters_.found : counters_.failed);
  const std::lock_guard lock(mutex_);
  found_.push_back(std::move(one));
  if (!is_asked_)
    is_asked_ = control_.submit([this](registry::Turn& turn) { take(turn.registry, turn.now); });
}

// A failure, but not every one.
void UrlHosts::tell(const Found& one, net::SteadyTime now) {
  if (one.fault.empty() || now - told_ < kFailuresEvery) return;
  told_ = now;
  log(LogLevel::warning, "url_host", {{"host", one.host}, {"error", one.fault}});
}

void UrlHosts::take(registry::Registry& registry, net::Instant now) {
  std::vector<Found> all;
  {
    const std::lock_guard lock(mutex_);
    all.swap(found_);
    is_asked_ = false;
  }
  for (Found& one : all) {
    tell(one, now.steady);
    registry.host_found(one.host, std::move(one.what), now);
  }
}

}  // namespace muster::tools
