#include "tools/config/read_sections.h"

namespace muster::config {

namespace {

void read_protection(Section section, Protection& protection) {
  protection.window = section.duration("window", protection.window, {Millis(1000), Millis(3'600'000)});
  protection.max_expired_ratio = section.number("max_expired_ratio", protection.max_expired_ratio, 0, 1);
  protection.hold = section.duration("hold", protection.hold, {Millis(1000), Millis(86'400'000)});
  protection.min_instances = static_cast<std::size_t>(section.integer("min_instances", 5, 1, 1'000'000));
  section.finish();
}

void read_lyft(Section section, Lyft& lyft) {
  lyft.enabled = section.flag("enabled", lyft.enabled);
  lyft.host_ttl = section.duration("host_ttl", lyft.host_ttl, {Millis(1000), Millis(86'400'000)});
  lyft.env = section.text("env", lyft.env);
  lyft.auto_ip =
      section.list<net::IpPrefix>("auto_ip", {"192.168.0.0/16"}, "an address prefix", net::parse_prefix);
  lyft.protection = section.flag("protection", false);
  lyft.only_ready = section.flag("only_ready", false);
  section.finish();
}

}  // namespace

void read_registry(Section& section, Registry& registry) {
  const DurationBounds lease_bounds{Millis(100), Millis(30LL * 86'400'000)};
  registry.lease_min = section.duration("lease_min", registry.lease_min, lease_bounds);
  registry.lease_max = section.duration("lease_max", registry.lease_max, lease_bounds);
  registry.lease = section.duration("lease", registry.lease, lease_bounds);
  if (registry.lease_min > registry.lease_max) section.error("lease_min", "must not exceed lease_max");
  if (registry.lease < registry.lease_min || registry.lease > registry.lease_max) {
    section.error("lease", "must lie between lease_min and lease_max");
  }
  registry.tombstone = section.duration("tombstone", registry.tombstone, {Millis(1000), Millis(600'000)});
  registry.service_linger = section.duration("service_linger", registry.service_linger);
  registry.max_instances =
      static_cast<std::size_t>(section.integer("max_instances", 2'000'000, 1, 100'000'000));
  registry.max_instances_per_service =
      static_cast<std::size_t>(section.integer("max_instances_per_service", 100'000, 1, 10'000'000));
  registry.max_services = static_cast<std::size_t>(section.integer("max_services", 200'000, 1, 10'000'000));
  registry.feed_length = static_cast<std::size_t>(section.integer("feed_length", 65'536, 16, 16'777'216));
  registry.warning_factor = section.number("warning_factor", registry.warning_factor, 0, 1);
  if (auto protection = section.table("protection")) read_protection(*protection, registry.protection);
  if (auto lyft = section.table("lyft")) {
    read_lyft(*lyft, registry.lyft);
  } else {
    registry.lyft.auto_ip = {*net::parse_prefix("192.168.0.0/16")};
  }
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

void read_service(Section& section, Service& service) {
  service.policy = section.choice("policy", service.policy, {"weighted-failover"});
  if (section.has("ttl")) service.ttl = section.duration("ttl", Millis(5000));
  if (section.has("answers")) {
    service.answers = static_cast<std::uint16_t>(section.integer_or_word("answers", 0, "all", 0, 1, 65535));
  }
  if (section.has("srv_weight_scale")) {
    service.srv_weight_scale =
        static_cast<std::uint32_t>(section.integer_or_word("srv_weight_scale", 1, "auto", 0, 1, 65535));
  }
  service.when_none = section.choice("when_none", service.when_none, {"all", "none", "servfail"});
  service.tag_views = section.texts("tag_views", {});
  service.use_load = section.flag("use_load", false);
  service.publish_not_ready = section.flag("publish_not_ready", false);
  for (const char* key : {"check", "mark_as_timedout", "suspend_on_failure", "timeout", "action", "timedout",
                          "initial", "max_suspended_percent", "report_quorum"}) {
    section.not_built(key, "health checking");
  }
  for (const char* key : {"slow_start", "slow_start_min", "slow_start_aggression", "response_time",
                          "panic_threshold", "fallback", "srv_zero", "srv_order", "udp_fit", "ttl_mode",
                          "drain_publish", "properties", "debug_txt"}) {
    section.not_built(key, "this selection rule");
  }
  section.not_built("also", "binding a service to a public name");
  section.finish();
}

}  // namespace muster::config
