#include "tools/config/read_sections.h"

namespace muster::config {

namespace {

constexpr std::uint16_t kDnsPort = 53;
constexpr std::size_t kCacheLeast = std::size_t{64} << 10;
constexpr std::size_t kCacheMost = std::size_t{64} << 30;
constexpr const char* kServer =
    "an address such as \"192.0.2.53\", \"192.0.2.53:53\" or \"[2001:db8::53]:53\"";

std::optional<net::Endpoint> parse_server(std::string_view text) {
  if (const auto address = net::parse_ip(text)) return net::Endpoint{*address, kDnsPort};
  const auto endpoint = net::parse_endpoint(text);
  return endpoint && endpoint->port != 0 ? endpoint : std::nullopt;
}

void read_zones(Section& section, std::vector<ForwardZone>& zones) {
  for (const std::string& name : section.names()) {
    const auto apex = zones::parse_domain(name);
    auto servers = section.list<net::Endpoint>(name, {}, kServer, parse_server);
    if (!apex) {
      section.error(name, "is not a domain name");
    } else if (section.is_empty_list(name)) {
      section.error(name, "must name at least one server");
    } else {
      zones.push_back({*apex, std::move(servers)});
    }
  }
  section.finish();
}

}  // namespace

void read_forward(Section& section, Forward& forward) {
  forward.enabled = section.flag("enabled", false);
  forward.upstreams = section.list<net::Endpoint>("upstreams", {}, kServer, parse_server);
  forward.allow =
      section.list<net::IpPrefix>("allow", {"127.0.0.0/8", "::1/128"},
                                  "a prefix such as \"10.0.0.0/8\" or \"2001:db8::/32\"", net::parse_prefix);
  forward.cache = section.size("cache", forward.cache, kCacheMost);
  if (forward.cache != 0 && forward.cache < kCacheLeast)
    section.error("cache", "must be 0 (none) or at least 64KiB");
  forward.timeout = section.duration("timeout", forward.timeout, {Millis(100), Millis(30'000)});
  forward.max_pending = section.count("max_pending", forward.max_pending, 1, 1'000'000);
  if (auto zones = section.table("zones")) read_zones(*zones, forward.zones);
  section.finish();
}

}  // namespace muster::config
