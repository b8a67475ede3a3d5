#include "tools/config/read_sections.h"

namespace muster::config {

void read_server(Section& section, Server& server) {
  server.name = section.text("name", server.name);
  if (server.name.empty() || server.name.size() > 128) section.error("name", "must have 1 to 128 octets");
  server.user = section.text("user", "");
  section.finish();
}

void read_dns(Section& section, Dns& dns) {
  dns.listen = section.list<net::Endpoint>("listen", {"127.0.0.1:5300"},
                                           "an address such as \"127.0.0.1:5300\" or \"[::1]:5300\"",
                                           net::parse_endpoint);
  if (section.is_empty_list("listen")) section.error("listen", "must name at least one address");
  dns.udp_threads = static_cast<unsigned>(section.integer("udp_threads", 0, 0, 256));
  dns.edns_udp_size = static_cast<std::uint16_t>(section.integer("edns_udp_size", 1232, 512, 4096));
  dns.tcp_idle = section.duration("tcp_idle", dns.tcp_idle, {Millis(1000), Millis(3'600'000)});
  dns.tcp_connections = static_cast<std::size_t>(section.integer("tcp_connections", 1000, 1, 1'000'000));
  dns.version = section.text("version", "");
  if (dns.version.size() > 255) section.error("version", "must have at most 255 octets");
  section.not_built_unless("cookies", toml::value<bool>(false), "DNS cookies");
  section.not_built("cookie_secret", "DNS cookies");
  section.not_built("cookie_secret_file", "DNS cookies");
  section.not_built_unless_empty("ecs_trusted", "EDNS client subnet");
  section.not_built("rate_limit", "response rate limiting");
  section.finish();
}

}  // namespace muster::config
