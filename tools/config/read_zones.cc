#include "tools/config/read_sections.h"
#include "tools/config/secret.h"

namespace muster::config {

namespace {

// RFC 1035 §3.5, RFC 3596 §2.5.
std::optional<zones::Name> reverse_name(std::string_view text) {
  static const zones::Name kRoots[] = {*zones::parse_domain("in-addr.arpa."), *zones::parse_domain("ip6.arpa.")};
  auto name = zones::parse_domain(text);
  if (name && (name->is_at_or_below(kRoots[0]) || name->is_at_or_below(kRoots[1]))) return name;
  return std::nullopt;
}

// Name servers and the hostmaster may be given relative to the domain.
void read_name_servers(Section& section, Zones& zones) {
  zones.ns.value = section.list<zones::Name>(
      "ns", {}, "a domain name", [&](std::string_view text) -> std::optional<zones::Name> {
        zones.ns.words.emplace_back(text);
        const bool relative = text.find('.') == text.npos;
        auto name = zones::Name::from_text(text, relative ? zones.domain : zones::Name());
        if (!name) return std::nullopt;
        return *name;
      });
  if (zones.ns.value.empty()) zones.ns.value.push_back(zones.domain.child("ns1").value_or(zones.domain));
}

void read_hostmaster(Section& section, Zones& zones) {
  const std::string hostmaster = section.text("hostmaster", "hostmaster");
  zones.hostmaster.words = {hostmaster};
  if (auto name = zones::Name::from_text(hostmaster, zones.domain)) {
    zones.hostmaster.value = *name;
  } else {
    section.error("hostmaster", "is not a domain name (write mail@host as mail.host)");
  }
}

// "10.0.0.0/8", "2001:db8::1", "key:NAME".
Access read_access(Section& section, std::string_view key) {
  constexpr std::string_view kKey = "key:";
  Access access;
  section.list<bool>(key, {}, "an address, a prefix such as \"10.0.0.0/8\", or \"key:NAME\"",
                     [&](std::string_view text) -> std::optional<bool> {
                       if (text.starts_with(kKey)) {
                         auto name = zones::parse_domain(text.substr(kKey.size()));
                         if (!name || name->is_root()) return std::nullopt;
                         access.keys.push_back(std::move(*name));
                         return true;
                       }
                       const auto prefix = net::parse_prefix(text);
                       if (!prefix) return std::nullopt;
                       access.prefixes.push_back(*prefix);
                       return true;
                     });
  return access;
}

// A secondary's port is 53 unless it is given.
std::optional<net::Endpoint> read_secondary(std::string_view text) {
  if (const auto address = net::parse_ip(text)) return net::Endpoint{*address, 53};
  auto endpoint = net::parse_endpoint(text);
  return endpoint && endpoint->port != 0 ? endpoint : std::nullopt;
}

Secondaries read_secondaries(Section& section) {
  Secondaries secondaries;
  secondaries.allow_transfer = read_access(section, "allow_transfer");
  secondaries.notify = section.list<net::Endpoint>(
      "notify", {}, "an address such as \"192.0.2.53\" or \"192.0.2.53:53\"", read_secondary);
  return secondaries;
}

ZoneFile read_file(Section section) {
  ZoneFile file;
  if (auto name = section.domain("name")) {
    file.name = *name;
  } else if (!section.has("name")) {
    section.error("name", "is required: the zone's domain");
  }
  file.file = section.text("file", "");
  if (file.file.empty()) section.error("file", "is required: the path of the master file");
  file.secondaries = read_secondaries(section);
  file.allow_update = read_access(section, "allow_update");
  section.finish();
  return file;
}

// Not a secret of anybody's, but who knows it can find addresses that all get one member.
std::optional<zones::SipKey> read_hash_key(Section& section) {
  const bool is_usual = section.has("hash_key") && section.text("hash_key", "").empty();
  return is_usual ? std::nullopt : read_hex_secret(section, "hash_key");
}

}  // namespace

void read_zones(Section& section, Zones& zones) {
  zones.domain = section.domain("domain").value_or(*zones::parse_domain("svc.internal."));
  if (zones.domain.is_root()) section.error("domain", "cannot be the root");
  read_name_servers(section, zones);
  read_hostmaster(section, zones);
  const DurationBounds ttl_bounds{Millis(0), std::chrono::seconds(kTtlMostSeconds)};
  zones.ttl = section.duration("ttl", zones.ttl, ttl_bounds);
  zones.ttl_min = section.duration("ttl_min", zones.ttl_min, ttl_bounds);
  zones.negative_ttl = section.duration("negative_ttl", zones.negative_ttl, ttl_bounds);
  if (zones.ttl_min > zones.ttl) section.error("ttl_min", "must not exceed ttl");
  zones.answers = static_cast<std::uint16_t>(section.integer_or_word("answers", 0, "all", 0, 1, 65535));
  zones.srv_weight_scale =
      static_cast<std::uint32_t>(section.integer_or_word("srv_weight_scale", 1, "auto", 0, 1, 65535));
  zones.reverse =
      section.list<zones::Name>("reverse", {}, "a reverse domain such as \"10.in-addr.arpa.\"", reverse_name);
  zones.reverse_services = section.flag("reverse_services", false);
  zones.hash_key = read_hash_key(section);
  zones.secondaries = read_secondaries(section);
  zones.allow_update = read_access(section, "allow_update");
  for (Section& file : section.tables("file")) zones.files.push_back(read_file(file));
  section.finish();
}

}  // namespace muster::config
