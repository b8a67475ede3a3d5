#include "tools/musterd/mesos_settings.h"

#include "tools/musterd/settings.h"

namespace muster::tools {

namespace {

std::string without_final_dot(std::string text) {
  if (text.ends_with('.')) text.pop_back();
  return text;
}

zones::naming::MesosNaming naming_of(const config::MesosNames& names) {
  zones::naming::MesosNaming naming = names.profile == "improved"
                                          ? zones::naming::improved_naming(names.domain)
                                          : zones::naming::exact_naming(names.domain);
  naming.ns_name = names.ns_name;
  naming.rfc952 = names.rfc952;
  naming.raw_names = names.raw_names;
  naming.reserved =
      names.protect_reserved ? zones::naming::MesosReserved::protect : zones::naming::MesosReserved::merge;
  naming.empty_names = names.empty_names;
  naming.dangling_srv = names.dangling_srv;
  naming.rfc2782_order = names.rfc2782_order;
  naming.master_srv = names.master_srv;
  naming.port_scope = names.port_scope;
  naming.numbered_ports = names.numbered_ports;
  naming.ptr = names.ptr;
  naming.srv_weight = names.srv_weight;
  naming.max_ports_per_task = names.max_ports_per_task;
  return naming;
}

}  // namespace

zones::MesosZoneConfig mesos_zone_config(const config::Config& config, const config::MesosSource& source,
                                         const std::vector<net::Endpoint>& listen) {
  const config::MesosNames& names = source.names;
  zones::MesosZoneConfig to;
  to.view.naming = naming_of(names);
  to.view.ttl = seconds(names.ttl);
  to.view.answers = names.answers;
  to.view.overflow = names.cut ? zones::Overflow::fit : zones::Overflow::truncate;
  to.view.when_none = when_none(source.rules.when_none);
  to.view.name_server_addresses = names.listener.empty() ? reachable(listen) : names.listener;
  to.hostmaster = names.hostmaster;
  to.extra_ns = names.extra_ns;
  to.soa_refresh = names.soa_refresh;
  to.soa_retry = names.soa_retry;
  to.soa_expire = names.soa_expire;
  to.negative_ttl = seconds(config.zones.negative_ttl);
  return to;
}

registry::api::MesosDnsConfig mesos_dns_config(const config::Config& config,
                                               const config::MesosSource& source,
                                               const std::vector<net::Endpoint>& dns,
                                               const std::vector<net::Endpoint>& http) {
  const config::MesosNames& names = source.names;
  registry::api::MesosDnsConfig to;
  to.refresh_seconds = seconds(source.rules.refresh);
  to.timeout_seconds = seconds(source.rules.timeout);
  to.ttl = seconds(names.ttl);
  to.srv_weight = names.srv_weight;
  to.soa_refresh = names.soa_refresh;
  to.soa_retry = names.soa_retry;
  to.soa_expire = names.soa_expire;
  to.mname = names.ns_name.text();
  to.rname = names.hostmaster.text();
  for (const std::string& master : source.masters) to.masters.push_back(master.substr(master.find("//") + 2));
  to.ip_sources = names.ip_sources;
  to.domain = without_final_dot(names.domain.text());
  to.file = config.file.string();
  if (!dns.empty()) {
    to.dns_listener = net::to_string(dns.front().address);
    to.dns_port = dns.front().port;
  }
  if (!http.empty()) {
    to.http_listener = net::to_string(http.front().address);
    to.http_port = http.front().port;
  }
  to.rfc952 = names.rfc952;
  to.truncates = !names.cut;
  to.enumerates = names.enumerate;
  to.https = source.scheme == "https";
  if (source.zookeeper) to.zookeeper = registry::sources::to_string(*source.zookeeper);
  to.ca_file = source.rules.tls.ca_file.string();
  to.cert_file = source.rules.tls.cert_file.string();
  to.key_file = source.rules.tls.key_file.string();
  to.principal = source.rules.login.username;
  to.has_secret = !source.rules.login.password.empty() || !source.rules.login.file.empty();
  return to;
}

}  // namespace muster::tools
