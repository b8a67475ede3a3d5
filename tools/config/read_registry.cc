#include "registry/api/native_names.h"
#include "tools/config/read_checks.h"
#include "tools/config/read_policy.h"
#include "tools/config/read_sections.h"

namespace muster::config {

namespace {

constexpr std::size_t kPublicNamesMost = 16;

void read_protection(Section section, registry::ProtectionConfig& protection) {
  protection.window = section.duration("window", protection.window, {Millis(1000), Millis(3'600'000)});
  protection.max_expired_ratio = section.number("max_expired_ratio", protection.max_expired_ratio, 0, 1);
  protection.hold = section.duration("hold", protection.hold, {Millis(1000), Millis(86'400'000)});
  protection.min_instances = section.count("min_instances", protection.min_instances, 1, 1'000'000);
  section.finish();
}

void read_lyft(Section section, Registry& registry) {
  Lyft& lyft = registry.lyft;
  registry::api::LyftConfig& routes = lyft.routes;
  lyft.enabled = section.flag("enabled", lyft.enabled);
  routes.host_ttl = section.duration("host_ttl", routes.host_ttl, {Millis(1000), Millis(86'400'000)});
  routes.env = section.text("env", routes.env);
  if (section.has("auto_ip")) {
    routes.auto_ip = section.list<net::IpPrefix>("auto_ip", {}, "an address prefix", net::parse_prefix);
  }
  routes.only_ready = section.flag("only_ready", routes.only_ready);
  registry.rules.lyft_protection = section.flag("protection", registry.rules.lyft_protection);
  section.finish();
}

}  // namespace

namespace {

// The system's servers where none is named.
std::vector<net::Endpoint> read_resolvers(Section& section) {
  return section.list<net::Endpoint>("resolvers", {},
                                     "an address such as \"192.0.2.53\" or \"192.0.2.53:53\"",
                                     [](std::string_view text) -> std::optional<net::Endpoint> {
                                       if (const auto address = net::parse_ip(text))
                                         return net::Endpoint{*address, 53};
                                       return net::parse_endpoint(text);
                                     });
}

// What its TXT records say: of `timeout` and `action`, which have their meaning for checks, where they are
// given here.
void read_texts(Section& section, Service& service) {
  zones::ServicePolicy& policy = service.policy;
  if (section.has("timeout"))
    policy.advice.push_back("timeout=" + std::to_string(service.check_rules.timeout.count()));
  if (section.has("action"))
    policy.advice.push_back(service.check_rules.waits_on ? "action=report" : "action=discard");
  policy.properties = read_properties(section);
  policy.debug_txt = section.flag("debug_txt", false);
}

}  // namespace

void read_registry(Section& section, Registry& registry) {
  registry::RegistryConfig& rules = registry.rules;
  const DurationBounds lease_bounds{Millis(100), Millis(30LL * 86'400'000)};
  rules.lease_min = section.duration("lease_min", rules.lease_min, lease_bounds);
  rules.lease_max = section.duration("lease_max", rules.lease_max, lease_bounds);
  rules.lease = section.duration("lease", rules.lease, lease_bounds);
  if (rules.lease_min > rules.lease_max) section.error("lease_min", "must not exceed lease_max");
  if (rules.lease < rules.lease_min || rules.lease > rules.lease_max) {
    section.error("lease", "must lie between lease_min and lease_max");
  }
  rules.tombstone = section.duration("tombstone", rules.tombstone, {Millis(1000), Millis(600'000)});
  rules.service_linger = section.duration("service_linger", rules.service_linger);
  rules.max_instances = section.count("max_instances", rules.max_instances, 1, 100'000'000);
  rules.max_instances_per_service =
      section.count("max_instances_per_service", rules.max_instances_per_service, 1, 10'000'000);
  rules.max_services = section.count("max_services", rules.max_services, 1, 10'000'000);
  registry.feed_length = section.count("feed_length", registry.feed_length, 16, 16'777'216);
  registry.resolvers = read_resolvers(section);
  rules.warning_factor = section.number("warning_factor", rules.warning_factor, 0, 1);
  if (auto protection = section.table("protection")) read_protection(*protection, rules.protection);
  if (auto lyft = section.table("lyft")) read_lyft(*lyft, registry);
  section.finish();
}

void read_store(Section& section, Store& store) {
  store.kind = section.choice("kind", store.kind, {"sqlite", "memory"});
  store.path = section.text("path", store.path.string());
  if (store.path.empty()) section.error("path", "must name a file");
  store.commit_every = section.duration("commit_every", store.commit_every, {Millis(0), Millis(1000)});
  section.finish();
}

void read_log(Section& section, Log& log) {
  log.level = section.choice("level", log.level, {"trace", "debug", "info", "warning", "error"});
  log.format = section.choice("format", log.format, {"text", "json"});
  section.not_built_unless("queries", toml::value<bool>(false), "the sampled query log");
  section.finish();
}

void read_service(Section& section, Service& service, const Health& health) {
  read_policy(section, service);
  if (section.has("ttl")) service.ttl = section.duration("ttl", Millis(5000));
  if (section.has("answers")) {
    service.answers = static_cast<std::uint16_t>(section.integer_or_word("answers", 0, "all", 0, 1, 65535));
  }
  if (section.has("srv_weight_scale")) {
    service.srv_weight_scale =
        static_cast<std::uint32_t>(section.integer_or_word("srv_weight_scale", 1, "auto", 0, 1, 65535));
  }
  service.policy.tag_views = section.list<std::string>(
      "tag_views", {},
      "a tag's key: 1 to 63 octets of a-z, 0-9 and _ . -, beginning and ending with a letter or digit",
      [](std::string_view key) {
        return registry::api::is_key(key) ? std::optional<std::string>(key) : std::nullopt;
      });
  service.use_load = section.flag("use_load", false);
  service.policy.publish_not_ready = section.flag("publish_not_ready", false);
  service.check_rules = health.defaults.rules;
  service.health = health.defaults.service;
  read_check_rules(section, service.check_rules);
  read_service_health(section, service.health);
  if (auto checks = read_checks(section, service.check_rules, health.exec); !checks.empty())
    service.checks.list = std::make_shared<const registry::health::Checks>(std::move(checks));
  read_texts(section, service);
  service.also = section.placed_list<PublicName>(
      "also", {}, "a domain name", [](std::string_view text, std::string place) {
        const auto name = zones::parse_domain(text);
        return name ? std::optional<PublicName>({*name, std::move(place)}) : std::nullopt;
      });
  if (service.also.size() > kPublicNamesMost)
    section.error("also", "must be at most " + std::to_string(kPublicNamesMost) +
                              " names: each is put at every change");
  section.finish();
}

}  // namespace muster::config
