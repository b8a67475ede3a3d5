#include "tools/musterd/suspects.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <optional>

#include "registry/health/tcp_probe.h"

namespace muster::tools {

namespace {

constexpr std::size_t kProbesATick = 10;  // 1,000 a second at 10 ms
constexpr net::Millis kLimit{1'000};

std::optional<net::Endpoint> target_of(const registry::Instance& instance) {
  const auto& ports = instance.body->ports;
  const auto port = std::find_if(ports.begin(), ports.end(), [](const auto& p) { return p.protocol == registry::Protocol::tcp; });
  if (port == ports.end() || instance.body->addresses.empty()) return std::nullopt;
  return net::Endpoint{instance.body->addresses.front(), port->number};
}

}  // namespace

void Suspects::probe(registry::Registry& registry, net::Instant now) {
  for (const registry::InstancePtr& instance : registry.suspects_to_probe(now, kProbesATick)) {
    const auto target = target_of(*instance);
    if (!target) continue;
    boost::asio::post(io_, [this, instance, target = *target] {
      registry::probe_tcp(io_, target, kLimit, [this, instance](registry::ProbeVerdict verdict) {
        // A queue that is full loses this verdict; the suspect is due again in two seconds.
        static_cast<void>(control_.submit([instance, verdict](registry::Turn& turn) {
          turn.registry.suspect_verdict(instance->service, instance->id, verdict, turn.now);
        }));
      });
    });
  }
}

}  // namespace muster::tools
