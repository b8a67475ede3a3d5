#include "tools/musterd/source_settings.h"

#include <algorithm>
#include <utility>

namespace muster::tools {

namespace {

namespace sources = registry::sources;

std::vector<net::HttpOrigin> origins_of(const std::vector<std::string>& urls) {
  std::vector<net::HttpOrigin> origins;
  for (const std::string& url : urls) {
    if (const auto origin = net::parse_origin(url)) origins.push_back(*origin);
  }
  return origins;
}

net::HttpLimits limits_of(const config::SourceRules& rules) {
  net::HttpLimits limits;
  limits.whole = rules.timeout;
  limits.max_body = rules.max_body;
  return limits;
}

std::shared_ptr<const net::TlsClientContext> tls_of(const config::SourceTls& tls) {
  return std::make_shared<net::TlsClientContext>(net::TlsClientConfig{
      tls.ca_file.string(), tls.cert_file.string(), tls.key_file.string(), tls.server_name, tls.verify});
}

bool has_https(const std::vector<net::HttpOrigin>& origins) {
  return std::ranges::find(origins, net::HttpScheme::https, &net::HttpOrigin::scheme) != origins.end();
}

sources::MesosGuard guard_of(const config::Config& config, const config::SourceRules& rules) {
  const auto& protection = config.registry.rules.protection;
  return {rules.guard, rules.guard_min, protection.max_expired_ratio, rules.guard_grace, protection.hold};
}

sources::RoutableRules routable_of(const config::SourceRules& rules) {
  sources::RoutableRules to;
  if (rules.routable == "running") to.routable = sources::Routable::running;
  if (rules.routable == "any-alive") to.routable = sources::Routable::any_alive;
  to.unreachable_grace = rules.unreachable_grace;
  for (const std::string& state : rules.serve_states)
    to.serve_states.push_back(sources::parse_task_state(state));
  return to;
}

sources::IpSource ip_source_of(const std::string& word) {
  if (word == "docker") return sources::IpSource::docker;
  if (word == "mesos") return sources::IpSource::mesos;
  return word == "host" ? sources::IpSource::host : sources::IpSource::netinfo;
}

sources::MesosRules mesos_rules(const config::MesosSource& source) {
  sources::MesosRules rules;
  rules.source = source.name;
  rules.service_name = source.service_name;
  rules.frameworks = source.frameworks;
  rules.visibility = source.names.visibility;
  rules.ip_sources.clear();
  for (const std::string& word : source.names.ip_sources) rules.ip_sources.push_back(ip_source_of(word));
  rules.weight_labels = source.rules.weight_labels;
  rules.port_scope = source.names.port_scope;
  rules.hides_disabled = source.names.hide_disabled;
  rules.rfc952 = source.names.rfc952;
  rules.routable = routable_of(source.rules);
  return rules;
}

}  // namespace

sources::MesosSourceConfig mesos_source_config(const config::Config& config,
                                               const config::MesosSource& source, sources::Login login) {
  const config::SourceRules& rules = source.rules;
  sources::MesosSourceConfig to;
  to.name = source.name;
  to.ask.masters = origins_of(source.masters);
  to.ask.login = std::move(login);
  to.ask.limits = limits_of(rules);
  to.ask.state.most_octets = rules.max_body;
  to.ask.state.most_elements = rules.max_tasks;
  to.ask.state.most_ports = source.names.max_ports_per_task;
  to.zookeeper = source.zookeeper;
  if (source.scheme == "https") to.announced_scheme = net::HttpScheme::https;
  const bool announces_https = to.zookeeper && to.announced_scheme == net::HttpScheme::https;
  if (has_https(to.ask.masters) || announces_https) to.tls = tls_of(rules.tls);
  to.rules = mesos_rules(source);
  to.guard = guard_of(config, rules);
  to.refresh = rules.refresh;
  to.stream = rules.stream;
  to.stale_after = rules.stale_after;
  to.max_stale = rules.max_stale;
  to.drops_stale = rules.stale_action == "drop";
  return to;
}

sources::MarathonSourceConfig marathon_source_config(const config::Config& config,
                                                     const config::MarathonSource& source,
                                                     sources::Login login) {
  const config::SourceRules& rules = source.rules;
  sources::MarathonSourceConfig to;
  to.name = source.name;
  to.ask.endpoints.all = origins_of(source.urls);
  to.urls_file = source.urls_file.string();
  to.ask.endpoints.login = std::move(login);
  to.ask.endpoints.limits = limits_of(rules);
  to.ask.state.most_octets = rules.max_body;
  to.ask.state.most_elements = rules.max_tasks;
  to.ask.label_selector = source.label_selector;
  // What urls_file will list is not known yet.
  if (has_https(to.ask.endpoints.all) || !source.urls_file.empty()) to.tls = tls_of(rules.tls);
  to.rules.service_name = source.service_name;
  constexpr std::string_view kSource = "{source}";
  if (const auto at = to.rules.service_name.find(kSource); at != to.rules.service_name.npos)
    to.rules.service_name.replace(at, kSource.size(), source.name);
  to.rules.weight_labels = rules.weight_labels;
  to.rules.routable = routable_of(rules);
  to.guard = guard_of(config, rules);
  to.refresh = rules.refresh;
  to.stream = rules.stream;
  to.stale_after = rules.stale_after;
  to.max_stale = rules.max_stale;
  return to;
}

}  // namespace muster::tools
