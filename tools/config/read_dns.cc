#include <pwd.h>

#include "tools/config/read_sections.h"
#include "tools/config/secret.h"

namespace muster::config {

namespace {

void read_rate_limit(Section& section, RateLimit& limit) {
  limit.responses_per_second =
      static_cast<std::uint32_t>(section.integer("responses_per_second", 0, 0, 1'000'000));
  limit.slip = static_cast<std::uint32_t>(section.integer("slip", 2, 0, 1000));
  section.finish();
}

}  // namespace

void read_server(Section& section, Server& server) {
  server.name = section.text("name", server.name);
  if (server.name.empty() || server.name.size() > 128) section.error("name", "must have 1 to 128 octets");
  server.user = section.text("user", "");
  if (!server.user.empty() && getpwnam(server.user.c_str()) == nullptr) {
    section.error("user", "is \"" + server.user + "\", and there is no such user on this machine (create it, or leave the key out)");
  }
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
  dns.tcp_connections = section.count("tcp_connections", dns.tcp_connections, 1, 1'000'000);
  dns.version = section.text("version", "");
  if (dns.version.size() > 255) section.error("version", "must have at most 255 octets");
  dns.cookies = section.flag("cookies", true);
  dns.cookie_secret = read_hex_secret(section, "cookie_secret");
  dns.cookie_secret_previous = read_hex_secret(section, "cookie_secret_previous");
  const bool secret = section.has("cookie_secret") || section.has("cookie_secret_file");
  for (const char* key : {"cookie_secret_previous", "cookie_secret_previous_file"}) {
    if (section.has(key) && !secret) section.error(key, "needs cookie_secret, too");
  }
  if (auto limit = section.table("rate_limit")) read_rate_limit(*limit, dns.rate_limit);
  dns.ecs_trusted = section.list<net::IpPrefix>(
      "ecs_trusted", {}, "a prefix such as \"10.0.0.0/8\" or \"2001:db8::/32\"", net::parse_prefix);
  section.finish();
}

}  // namespace muster::config
