// The whole configuration of musterd as plain values, defaults included: what the file says after it was
// checked. Names follow the TOML keys. Reading and checking: config_reader.h.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "registry/api/lyft_form.h"
#include "registry/http/auth.h"
#include "registry/http/throttle.h"
#include "registry/registry.h"
#include "tools/config/checks.h"
#include "tools/config/marathon_source.h"
#include "tools/config/mesos_source.h"
#include "zones/name.h"
#include "zones/publish_config.h"
#include "zones/siphash.h"

namespace muster::config {

using registry::Millis;

struct Server {
  std::string name;  // default: the host's name
  std::string user;
};

using CookieSecret = std::array<std::uint8_t, 16>;

struct RateLimit {
  std::uint32_t responses_per_second = 0;  // 0: off
  std::uint32_t slip = 2;                  // 0: never
};

struct Dns {
  std::vector<net::Endpoint> listen;
  unsigned udp_threads = 0;  // 0: one a core
  std::uint16_t edns_udp_size = 1232;
  Millis tcp_idle{10'000};
  std::size_t tcp_connections = 1000;
  std::string version;
  bool cookies = true;
  std::optional<CookieSecret> cookie_secret;  // none: made at start, and anew every day
  std::optional<CookieSecret> cookie_secret_previous;
  RateLimit rate_limit;
  std::vector<net::IpPrefix> ecs_trusted;
};

// TSIG
struct Key {
  zones::Name name;
  std::string algorithm = "hmac-sha256";
  std::string secret;  // octets
  std::size_t mac_octets_min = 32;
  bool operator==(const Key&) const = default;
};

// Who may: addresses, and holders of a key. Empty: nobody.
struct Access {
  std::vector<net::IpPrefix> prefixes;
  std::vector<zones::Name> keys;
  bool empty() const { return prefixes.empty() && keys.empty(); }
  bool operator==(const Access&) const = default;
};

// The secondaries of a zone.
struct Secondaries {
  Access allow_transfer;
  std::vector<net::Endpoint> notify;
  // Whether the zone keeps what a transfer needs.
  bool any() const { return !allow_transfer.empty() || !notify.empty(); }
  bool operator==(const Secondaries&) const = default;
};

struct ZoneFile {
  zones::Name name;
  std::filesystem::path file;
  Secondaries secondaries{};
  Access allow_update{};  // prefixes count over TCP only
  bool operator==(const ZoneFile&) const = default;
};

// Names that the file may give relative to the domain, and its words for them.
template <class T>
struct BelowDomain {
  T value{};
  std::vector<std::string> words;
};

struct Zones {
  zones::Name domain;
  BelowDomain<std::vector<zones::Name>> ns;  // default ns1.<domain>
  BelowDomain<zones::Name> hostmaster;
  Millis ttl{5'000};
  Millis ttl_min{1'000};
  Millis negative_ttl{2'000};
  std::uint16_t answers = 0;           // 0: all
  std::uint32_t srv_weight_scale = 1;  // 0: auto
  std::optional<zones::SipKey> hash_key;  // none: made of the domain
  std::vector<zones::Name> reverse;
  bool reverse_services = false;
  Secondaries secondaries;  // of the generated zones
  Access allow_update;      // who may register by DNS UPDATE below `domain`
  std::vector<ZoneFile> files;
};

struct Lyft {
  bool enabled = true;
  registry::api::LyftConfig routes;  // but for `trusted_proxies`, which are those of [http]
};

struct Registry {
  registry::RegistryConfig rules;  // but for what is known only once it is made: tools/musterd/settings.h
  std::size_t feed_length = 65'536;
  std::vector<net::Endpoint> resolvers;  // asked for the host names of URLs; none: the system's
  Lyft lyft;
};

struct Store {
  std::string kind = "sqlite";
  std::filesystem::path path = "muster.db";
  Millis commit_every{0};
};

using Token = registry::http::Token;  // its secret is "" only for the entry `anonymous`
using Throttle = registry::http::ThrottleConfig;

struct Http {
  std::vector<net::Endpoint> listen;
  std::filesystem::path tls_certificate;
  std::filesystem::path tls_key;
  std::filesystem::path tls_client_ca;  // whose certificates clients may show; "": nobody's
  std::size_t max_body = 1 << 20;
  std::size_t max_connections = 1000;
  std::size_t max_in_flight = 256;
  std::vector<net::IpPrefix> trusted_proxies;
  std::vector<Token> tokens;
  Throttle throttle;
};

struct StaticInstance {
  std::string service;
  std::string id;
  registry::BodyPtr body;
};

// A name in a file zone that carries a service's answers.
struct PublicName {
  zones::Name name;
  std::string place;  // where it is written, for messages: "musterd.toml:12:9"
  bool operator==(const PublicName& other) const { return name == other.name; }
};

// [service.X]; X may be a glob, the most specific match wins key by key of the whole entry.
struct Service {
  std::optional<Millis> ttl;
  std::optional<std::uint16_t> answers;           // 0: all
  std::optional<std::uint32_t> srv_weight_scale;  // 0: auto
  zones::ServicePolicy policy;                    // all of it but the three above
  registry::SlowStart slow_start;
  Millis response_tau{30'000};  // what a measurement of a response-time policy is worth after so long: 1/e
  std::vector<PublicName> also;
  bool use_load = false;
  ServiceChecks checks;
  CheckRules check_rules;  // of checks that do not say otherwise, and of reports
  ServiceHealth health;
  bool operator==(const Service&) const = default;
};

// Servers of its own for a domain.
struct ForwardZone {
  zones::Name apex;
  std::vector<net::Endpoint> servers;
  bool operator==(const ForwardZone&) const = default;
};

// Names in none of our zones.
struct Forward {
  bool enabled = false;
  std::vector<net::Endpoint> upstreams;  // none: those of /etc/resolv.conf that are not this server
  std::vector<net::IpPrefix> allow;
  std::size_t cache = std::size_t{32} << 20;  // octets; 0: none
  Millis timeout{2'000};
  std::size_t max_pending = 10'000;
  std::vector<ForwardZone> zones;
};

struct Log {
  std::string level = "info";
  std::string format = "text";
  bool queries = false;
};

// Whether a server that listens at these is at that address.
bool listens_at(const std::vector<net::Endpoint>& listen, const net::Endpoint& server);

struct Config {
  Server server;
  Dns dns;
  std::vector<Key> keys;
  Zones zones;
  Registry registry;
  Health health;
  Store store;
  Http http;
  std::vector<StaticInstance> static_instances;
  std::vector<MesosSource> mesos;
  std::vector<MarathonSource> marathon;
  std::map<std::string, Service> services;  // key: name or glob
  Forward forward;
  Log log;
  bool metrics = true;
  std::filesystem::path file;  // where it was read from; empty: --dev

  // The entry of [service.X] that counts for this service: its exact name, else the most specific glob; null:
  // none.
  const Service* service(std::string_view name) const;
};

}  // namespace muster::config
