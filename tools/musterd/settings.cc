#include "tools/musterd/settings.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <random>

#include "registry/label.h"
#include "zones/naming/native.h"

namespace muster::tools {

namespace {

zones::ServicePolicy policy_of(const config::Config& config, std::string_view name) {
  zones::ServicePolicy policy;
  policy.ttl = seconds(config.zones.ttl);
  policy.answers = config.zones.answers;
  policy.srv_weight_scale = config.zones.srv_weight_scale;
  const config::Service* service = config.service(name);
  if (service == nullptr) return policy;
  policy = service->policy;
  if (policy.fallback_service ==
      registry::ascii_lower(std::string(name))) {  // a glob covers what it falls back to
    policy.when_none = zones::WhenNone::all;
    policy.fallback_service.clear();
  }
  policy.ttl = seconds(service->ttl.value_or(config.zones.ttl));
  policy.answers = service->answers.value_or(config.zones.answers);
  policy.srv_weight_scale = service->srv_weight_scale.value_or(config.zones.srv_weight_scale);
  return policy;
}

net::IpAddress from_sockaddr(const sockaddr* address) {
  net::IpAddress ip;
  if (address->sa_family == AF_INET) {
    std::memcpy(ip.octets.data(), &reinterpret_cast<const sockaddr_in*>(address)->sin_addr, 4);
  } else {
    ip.family = net::Family::v6;
    std::memcpy(ip.octets.data(), &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr, 16);
  }
  return ip;
}

// What a wildcard listener means: every address of the host that others can reach.
std::vector<net::IpAddress> host_addresses(net::Family family) {
  std::vector<net::IpAddress> addresses;
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return addresses;
  for (const ifaddrs* at = list; at != nullptr; at = at->ifa_next) {
    const int wanted = family == net::Family::v4 ? AF_INET : AF_INET6;
    if (at->ifa_addr == nullptr || at->ifa_addr->sa_family != wanted) continue;
    const net::IpAddress ip = from_sockaddr(at->ifa_addr);
    if (is_for_others(at->ifa_name, at->ifa_flags, ip)) addresses.push_back(ip);
  }
  freeifaddrs(list);
  return addresses;
}

// The first label below the domain of every name there that services may not take.
std::vector<std::string> reserved_labels(const config::Config& config) {
  std::vector<std::string> labels;
  const auto reserve = [&](zones::Name name) {
    if (name == config.zones.domain || !name.is_at_or_below(config.zones.domain)) return;
    while (!(name.parent() == config.zones.domain)) name = name.parent();
    labels.emplace_back(name.lower().first_label());
  };
  for (const zones::Name& server : config.zones.ns.value) reserve(server);
  for (const config::ZoneFile& file : config.zones.files) reserve(file.name);
  for (const zones::Name& zone : config.zones.reverse) reserve(zone);
  for (const config::MesosSource& source : config.mesos) reserve(source.names.domain);
  return labels;
}

void set_health(const config::Config& config, const config::Service* service, registry::ServiceSettings& to) {
  const config::ServiceHealth& health = service != nullptr ? service->health : config.health.defaults.service;
  to.check_rules = service != nullptr ? service->check_rules : config.health.defaults.rules;
  to.report_rules = registry::health::machine_rules(to.check_rules);
  to.report_quorum = health.report_quorum;
  to.most_suspended_by_checks = health.most_suspended_by_checks;
  to.most_suspended_by_reports = health.most_suspended_by_reports;
  to.hides_timedout = health.hides_timedout;
  if (service != nullptr) to.checks = service->checks.list;
}

}  // namespace

std::uint32_t seconds(config::Millis span) { return static_cast<std::uint32_t>(span.count() / 1000); }

zones::WhenNone when_none(const std::string& word) {
  if (word == "none") return zones::WhenNone::none;
  return word == "servfail" ? zones::WhenNone::servfail : zones::WhenNone::all;
}

bool is_for_others(std::string_view interface, unsigned flags, const net::IpAddress& address) {
  // docker0, and br- with the first twelve digits of its network's id.
  constexpr std::size_t kBridge = 15;
  const bool is_docker = interface.starts_with("docker") ||
                         (interface.starts_with("br-") && interface.size() == kBridge &&
                          interface.find_first_not_of("0123456789abcdef", 3) == interface.npos);
  return (flags & IFF_UP) != 0 && !is_docker && !address.is_loopback() && !address.is_link_local();
}

std::vector<net::IpAddress> reachable(const std::vector<net::Endpoint>& listen) {
  std::vector<net::IpAddress> addresses;
  for (const net::Endpoint& endpoint : listen) {
    if (endpoint.address.is_unspecified()) {
      for (const net::IpAddress& ip : host_addresses(endpoint.address.family)) addresses.push_back(ip);
    } else {
      addresses.push_back(endpoint.address);
    }
  }
  std::sort(addresses.begin(), addresses.end());
  addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
  return addresses;
}

registry::RegistryConfig registry_config(const ConfigPtr& config, std::string epoch) {
  registry::RegistryConfig to = config->registry.rules;
  to.max_probes_in_flight = config->health.max_inflight;
  to.probe_seed = std::random_device{}();  // replicas do not look at the same moments
  to.epoch = std::move(epoch);
  to.settings = [config](std::string_view name) {
    const config::Service* service = config->service(name);
    registry::ServiceSettings settings;
    settings.configured = config->services.find(std::string(name)) != config->services.end();
    settings.use_load = service != nullptr && service->use_load;
    settings.ttl = service == nullptr ? config->zones.ttl : service->ttl.value_or(config->zones.ttl);
    set_health(*config, service, settings);
    if (service != nullptr) {
      settings.policy = to_string(service->policy.policy);
      if (!service->policy.properties.empty())
        settings.properties = std::shared_ptr<const registry::Tags>(config, &service->policy.properties);
      if (is_hash(service->policy.policy)) settings.max_instances = zones::kHashMembersMost;
      settings.slow_start = service->slow_start;
      settings.response_tau = service->response_tau;
      settings.shows_response = is_response_time(service->policy.policy);
    }
    return settings;
  };
  for (const auto& [name, service] : config->services) {
    if (name.find_first_of("*?") == name.npos) to.configured_services.push_back(name);
  }
  to.reserved_labels = reserved_labels(*config);
  if (config->http.tokens.empty()) return to;
  to.may_write = [access = registry::http::Access::make(config->http.tokens)](std::string_view by,
                                                                              std::string_view service) {
    return access && access->may_write(by, service);
  };
  return to;
}

zones::PublishConfig publish_config(const ConfigPtr& config, const std::vector<net::Endpoint>& listen) {
  zones::PublishConfig to;
  to.domain = config->zones.domain;
  to.name_servers = config->zones.ns.value;
  to.listen_addresses = reachable(listen);
  to.hostmaster = config->zones.hostmaster.value;
  to.ttl = seconds(config->zones.ttl);
  to.ttl_min = seconds(config->zones.ttl_min);
  to.negative_ttl = seconds(config->zones.negative_ttl);
  to.reverse = config->zones.reverse;
  to.reverse_services = config->zones.reverse_services;
  to.policy = [config](std::string_view name) { return policy_of(*config, name); };
  for (const auto& [name, service] : config->services) {
    if (service.also.empty()) continue;
    auto& names = to.public_names[registry::ascii_lower(name)];  // of all spellings
    for (const config::PublicName& also : service.also) names.push_back(also.name);
  }
  return to;
}

namespace {

template <class Visit>
void each_zone(const config::Config& config, Visit visit) {
  const config::Zones& zones = config.zones;
  visit(zones.domain, zones.secondaries);
  for (const zones::Name& zone : zones.reverse) visit(zone, zones.secondaries);
  for (const config::MesosSource& source : config.mesos) visit(source.names.domain, zones.secondaries);
  for (const config::ZoneFile& file : zones.files) visit(file.name, file.secondaries);
}

}  // namespace

dns::Transfers::Access transfer_access(const config::Config& config) {
  dns::Transfers::Access access;
  each_zone(config, [&](const zones::Name& zone, const config::Secondaries& secondaries) {
    access[zone] = {secondaries.allow_transfer.prefixes, secondaries.allow_transfer.keys};
  });
  return access;
}

// What is in the reverse zones follows from what is registered, what is in those of schedulers from these; nobody may
// update it.
dns::Updates::Access update_access(const config::Config& config) {
  dns::Updates::Access access;
  const auto put = [&](const zones::Name& zone, const config::Access& list) { access[zone] = {list.prefixes, list.keys}; };
  put(config.zones.domain, config.zones.allow_update);
  for (const zones::Name& zone : config.zones.reverse) put(zone, {});
  for (const config::MesosSource& source : config.mesos) put(source.names.domain, {});
  for (const config::ZoneFile& file : config.zones.files) put(file.name, file.allow_update);
  return access;
}

dns::NotifySchedule::Targets notify_targets(const config::Config& config) {
  dns::NotifySchedule::Targets targets;
  each_zone(config, [&](const zones::Name& zone, const config::Secondaries& secondaries) {
    if (!secondaries.notify.empty()) targets[zone] = secondaries.notify;
  });
  return targets;
}

registry::SourceList static_list(const config::Config& config) {
  registry::SourceList list;
  list.source = {registry::SourceKind::fixed, "static"};
  for (const config::StaticInstance& instance : config.static_instances) {
    registry::Registration registration;
    registration.service = instance.service;
    registration.id = instance.id;
    registration.source = list.source;
    registration.body = instance.body;
    registration.by = "configuration";
    list.instances.push_back(std::move(registration));
  }
  return list;
}

registry::Registration self_registration(const config::Config& config, const std::vector<net::Endpoint>& dns,
                                         const std::vector<net::Endpoint>& http) {
  auto body = std::make_shared<registry::InstanceBody>();
  body->addresses = reachable(dns);
  if (body->addresses.size() > 16) body->addresses.resize(16);
  if (!dns.empty()) {
    body->ports.push_back({"dns", dns.front().port, registry::Protocol::udp, registry::PortScope::host, 0, {}});
    body->ports.push_back({"dns", dns.front().port, registry::Protocol::tcp, registry::PortScope::host, 0, {}});
  }
  if (!http.empty()) {
    body->ports.push_back({"http", http.front().port, registry::Protocol::tcp, registry::PortScope::host, 0, {}});
  }
  body->version = MUSTER_VERSION;
  registry::Registration registration;
  registration.service = "muster";
  registration.id = config.server.name;
  registration.source = {registry::SourceKind::self, "self"};
  registration.body = std::move(body);
  registration.by = "musterd";
  return registration;
}

}  // namespace muster::tools
