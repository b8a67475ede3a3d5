#include "tools/config/changes.h"

#include <algorithm>

namespace muster::config {

namespace {

enum class Takes : std::uint8_t { at_once, at_restart };

// visit(when it is taken over, key, running value, next value); the one list of the keys.
template <class Running, class Next, class Visit>
void each_key(Running& running, Next& next, Visit visit) {
  const auto live = [&](const char* key, auto& was, auto& is) { visit(Takes::at_once, key, was, is); };
  const auto fixed = [&](const char* key, auto& was, auto& is) { visit(Takes::at_restart, key, was, is); };

  fixed("server.name", running.server.name, next.server.name);
  fixed("server.user", running.server.user, next.server.user);

  fixed("dns.listen", running.dns.listen, next.dns.listen);
  fixed("dns.udp_threads", running.dns.udp_threads, next.dns.udp_threads);
  fixed("dns.edns_udp_size", running.dns.edns_udp_size, next.dns.edns_udp_size);
  fixed("dns.tcp_idle", running.dns.tcp_idle, next.dns.tcp_idle);
  fixed("dns.tcp_connections", running.dns.tcp_connections, next.dns.tcp_connections);
  fixed("dns.version", running.dns.version, next.dns.version);
  live("dns.ecs_trusted", running.dns.ecs_trusted, next.dns.ecs_trusted);
  live("dns.cookies", running.dns.cookies, next.dns.cookies);
  live("dns.cookie_secret", running.dns.cookie_secret, next.dns.cookie_secret);
  live("dns.cookie_secret_previous", running.dns.cookie_secret_previous, next.dns.cookie_secret_previous);
  live("dns.rate_limit.responses_per_second", running.dns.rate_limit.responses_per_second,
       next.dns.rate_limit.responses_per_second);
  live("dns.rate_limit.slip", running.dns.rate_limit.slip, next.dns.rate_limit.slip);
  live("key", running.keys, next.keys);

  fixed("zones.domain", running.zones.domain, next.zones.domain);
  fixed("zones.ns", running.zones.ns, next.zones.ns);
  fixed("zones.hostmaster", running.zones.hostmaster, next.zones.hostmaster);
  live("zones.ttl", running.zones.ttl, next.zones.ttl);
  live("zones.ttl_min", running.zones.ttl_min, next.zones.ttl_min);
  live("zones.hash_key", running.zones.hash_key, next.zones.hash_key);
  fixed("zones.negative_ttl", running.zones.negative_ttl, next.zones.negative_ttl);
  live("zones.answers", running.zones.answers, next.zones.answers);
  live("zones.srv_weight_scale", running.zones.srv_weight_scale, next.zones.srv_weight_scale);
  fixed("zones.reverse", running.zones.reverse, next.zones.reverse);
  live("zones.reverse_services", running.zones.reverse_services, next.zones.reverse_services);
  live("zones.allow_transfer", running.zones.secondaries.allow_transfer, next.zones.secondaries.allow_transfer);
  live("zones.notify", running.zones.secondaries.notify, next.zones.secondaries.notify);
  live("zones.allow_update", running.zones.allow_update, next.zones.allow_update);
  live("zones.file", running.zones.files, next.zones.files);

  auto& rules = running.registry.rules;
  auto& next_rules = next.registry.rules;
  live("registry.lease", rules.lease, next_rules.lease);
  live("registry.lease_min", rules.lease_min, next_rules.lease_min);
  live("registry.lease_max", rules.lease_max, next_rules.lease_max);
  live("registry.tombstone", rules.tombstone, next_rules.tombstone);
  live("registry.service_linger", rules.service_linger, next_rules.service_linger);
  live("registry.max_instances", rules.max_instances, next_rules.max_instances);
  live("registry.max_instances_per_service", rules.max_instances_per_service, next_rules.max_instances_per_service);
  live("registry.max_services", rules.max_services, next_rules.max_services);
  fixed("registry.feed_length", running.registry.feed_length, next.registry.feed_length);
  fixed("registry.resolvers", running.registry.resolvers, next.registry.resolvers);
  live("registry.warning_factor", rules.warning_factor, next_rules.warning_factor);
  live("registry.protection.window", rules.protection.window, next_rules.protection.window);
  live("registry.protection.max_expired_ratio", rules.protection.max_expired_ratio,
       next_rules.protection.max_expired_ratio);
  live("registry.protection.hold", rules.protection.hold, next_rules.protection.hold);
  live("registry.protection.min_instances", rules.protection.min_instances, next_rules.protection.min_instances);
  auto& lyft = running.registry.lyft;
  auto& next_lyft = next.registry.lyft;
  fixed("registry.lyft.enabled", lyft.enabled, next_lyft.enabled);
  fixed("registry.lyft.host_ttl", lyft.routes.host_ttl, next_lyft.routes.host_ttl);
  fixed("registry.lyft.env", lyft.routes.env, next_lyft.routes.env);
  fixed("registry.lyft.auto_ip", lyft.routes.auto_ip, next_lyft.routes.auto_ip);
  fixed("registry.lyft.only_ready", lyft.routes.only_ready, next_lyft.routes.only_ready);
  live("registry.lyft.protection", rules.lyft_protection, next_rules.lyft_protection);

  live("health.max_inflight", running.health.max_inflight, next.health.max_inflight);
  live("health.exec", running.health.exec, next.health.exec);
  live("health.default", running.health.defaults, next.health.defaults);

  fixed("store.kind", running.store.kind, next.store.kind);
  fixed("store.path", running.store.path, next.store.path);
  fixed("store.commit_every", running.store.commit_every, next.store.commit_every);

  fixed("http.listen", running.http.listen, next.http.listen);
  // Other files are taken over at once, but TLS as such comes and goes with a restart.
  const bool tls_stays = running.http.tls_certificate.empty() == next.http.tls_certificate.empty();
  const Takes tls = tls_stays ? Takes::at_once : Takes::at_restart;
  visit(tls, "http.tls_certificate", running.http.tls_certificate, next.http.tls_certificate);
  visit(tls, "http.tls_key", running.http.tls_key, next.http.tls_key);
  visit(tls, "http.tls_client_ca", running.http.tls_client_ca, next.http.tls_client_ca);
  fixed("http.max_body", running.http.max_body, next.http.max_body);
  fixed("http.max_connections", running.http.max_connections, next.http.max_connections);
  fixed("http.max_in_flight", running.http.max_in_flight, next.http.max_in_flight);
  fixed("http.trusted_proxies", running.http.trusted_proxies, next.http.trusted_proxies);
  live("http.token", running.http.tokens, next.http.tokens);
  fixed("http.throttle", running.http.throttle, next.http.throttle);

  live("source.static", running.static_instances, next.static_instances);
  fixed("source.mesos", running.mesos, next.mesos);
  fixed("source.marathon", running.marathon, next.marathon);
  fixed("forward.enabled", running.forward.enabled, next.forward.enabled);
  live("forward.upstreams", running.forward.upstreams, next.forward.upstreams);
  live("forward.allow", running.forward.allow, next.forward.allow);
  fixed("forward.cache", running.forward.cache, next.forward.cache);
  live("forward.timeout", running.forward.timeout, next.forward.timeout);
  fixed("forward.max_pending", running.forward.max_pending, next.forward.max_pending);
  live("forward.zones", running.forward.zones, next.forward.zones);
  live("log.level", running.log.level, next.log.level);
  fixed("log.format", running.log.format, next.log.format);
  fixed("metrics.enabled", running.metrics, next.metrics);
}

template <class T>
bool same(const T& a, const T& b) {
  return a == b;
}
// A name that the file says relative to the domain has not changed because the domain has.
template <class T>
bool same(const BelowDomain<T>& a, const BelowDomain<T>& b) {
  return a.words == b.words || a.value == b.value;
}
bool same(const StaticInstance& a, const StaticInstance& b) {
  return a.service == b.service && a.id == b.id && *a.body == *b.body;
}
template <class T>
bool same(const std::vector<T>& a, const std::vector<T>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const T& x, const T& y) { return same(x, y); });
}

std::vector<std::string> changed_services(const Config& running, const Config& next) {
  std::vector<std::string> keys;
  const auto differs = [](const Config& in, const std::string& name, const Service& service) {
    const auto found = in.services.find(name);
    return found == in.services.end() || !(found->second == service);
  };
  for (const auto& [name, service] : next.services) {
    if (differs(running, name, service)) keys.push_back("service." + name);
  }
  for (const auto& [name, service] : running.services) {
    if (next.services.find(name) == next.services.end()) keys.push_back("service." + name);
  }
  return keys;
}

}  // namespace

Changes changes_between(const Config& running, const Config& next) {
  Changes changes;
  each_key(running, next, [&](Takes takes, const char* key, const auto& was, const auto& is) {
    if (same(was, is)) return;
    (takes == Takes::at_once ? changes.taken_over : changes.needs_restart).emplace_back(key);
  });
  for (std::string& key : changed_services(running, next)) changes.taken_over.push_back(std::move(key));
  return changes;
}

Config taken_over(const Config& running, Config next) {
  each_key(running, next, [](Takes takes, const char*, const auto& was, auto& is) {
    if (takes == Takes::at_restart) is = was;
  });
  return next;
}

std::set<std::string> compared_keys() {
  const Config config;
  std::set<std::string> keys = {"service"};
  each_key(config, config, [&](Takes, const char* key, const auto&, const auto&) { keys.emplace(key); });
  return keys;
}

}  // namespace muster::config
