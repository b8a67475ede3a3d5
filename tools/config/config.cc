#include "tools/config/config.h"

#include "registry/glob.h"

namespace muster::config {

const Service* Config::service(std::string_view name) const {
  const Service* best = nullptr;
  std::size_t best_literals = 0;
  for (const auto& [pattern, service] : services) {
    if (pattern == name) return &service;
    const auto wild =
        std::count_if(pattern.begin(), pattern.end(), [](char c) { return c == '*' || c == '?'; });
    const std::size_t literals = pattern.size() - static_cast<std::size_t>(wild);
    if (wild == 0 || !registry::glob_matches(pattern, name)) continue;
    if (best == nullptr || literals > best_literals) {
      best = &service;
      best_literals = literals;
    }
  }
  return best;
}

namespace {

// Every key that is read at the start alone; the one list of them.
template <class Running, class Next, class Visit>
void each_fixed_key(Running& running, Next& next, Visit visit) {
  visit("server.name", running.server.name, next.server.name);
  visit("server.user", running.server.user, next.server.user);
  visit("dns.listen", running.dns.listen, next.dns.listen);
  visit("dns.udp_threads", running.dns.udp_threads, next.dns.udp_threads);
  visit("dns.edns_udp_size", running.dns.edns_udp_size, next.dns.edns_udp_size);
  visit("dns.tcp_idle", running.dns.tcp_idle, next.dns.tcp_idle);
  visit("dns.tcp_connections", running.dns.tcp_connections, next.dns.tcp_connections);
  visit("dns.version", running.dns.version, next.dns.version);
  visit("zones.domain", running.zones.domain, next.zones.domain);
  visit("zones.ns", running.zones.ns, next.zones.ns);
  visit("zones.hostmaster", running.zones.hostmaster, next.zones.hostmaster);
  visit("zones.reverse", running.zones.reverse, next.zones.reverse);
  visit("zones.negative_ttl", running.zones.negative_ttl, next.zones.negative_ttl);
  visit("registry.feed_length", running.registry.feed_length, next.registry.feed_length);
  visit("registry.lyft.enabled", running.registry.lyft.enabled, next.registry.lyft.enabled);
  visit("registry.lyft.host_ttl", running.registry.lyft.host_ttl, next.registry.lyft.host_ttl);
  visit("registry.lyft.env", running.registry.lyft.env, next.registry.lyft.env);
  visit("registry.lyft.auto_ip", running.registry.lyft.auto_ip, next.registry.lyft.auto_ip);
  visit("registry.lyft.only_ready", running.registry.lyft.only_ready, next.registry.lyft.only_ready);
  visit("http.trusted_proxies", running.http.trusted_proxies, next.http.trusted_proxies);
  visit("http.throttle", running.http.throttle, next.http.throttle);
  visit("store.kind", running.store.kind, next.store.kind);
  visit("store.path", running.store.path, next.store.path);
  visit("store.commit_every", running.store.commit_every, next.store.commit_every);
  visit("http.listen", running.http.listen, next.http.listen);
  if (running.http.tls_certificate.empty() != next.http.tls_certificate.empty()) {
    visit("http.tls_certificate", running.http.tls_certificate, next.http.tls_certificate);
    visit("http.tls_key", running.http.tls_key, next.http.tls_key);
  }
  visit("http.max_body", running.http.max_body, next.http.max_body);
  visit("http.max_connections", running.http.max_connections, next.http.max_connections);
  visit("http.max_in_flight", running.http.max_in_flight, next.http.max_in_flight);
  visit("log.format", running.log.format, next.log.format);
  visit("metrics.enabled", running.metrics, next.metrics);
}

}  // namespace

std::vector<std::string> needs_restart(const Config& running, const Config& next) {
  std::vector<std::string> keys;
  each_fixed_key(running, next, [&](const char* key, const auto& old_value, const auto& new_value) {
    if (!(old_value == new_value)) keys.emplace_back(key);
  });
  return keys;
}

Config taken_over(const Config& running, Config next) {
  each_fixed_key(running, next,
                 [](const char*, const auto& old_value, auto& new_value) { new_value = old_value; });
  return next;
}

}  // namespace muster::config
