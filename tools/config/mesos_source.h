// [[source.mesos]] as plain values. What each key means: docs/reference/configuration.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "registry/model.h"
#include "registry/net/ip_address.h"
#include "registry/sources/zookeeper_url.h"
#include "zones/name.h"

namespace muster::config {

using registry::Millis;

// What a file with a secret holds in its first line.
enum class HeldSecret : std::uint8_t { password, token, credentials };  // credentials: "user:password"

// Who musterd says it is: a user, or a token. What a file holds is not here: it may change, and is no change
// of the configuration.
struct SourceLogin {
  std::string username;  // HTTP basic
  std::string password;
  std::string token;
  bool bearer = true;          // else "Authorization: token=…"
  std::filesystem::path file;  // empty: the secret is above
  HeldSecret held = HeldSecret::password;
  bool operator==(const SourceLogin&) const = default;
};

struct SourceTls {
  std::filesystem::path ca_file;  // empty: the system's
  std::filesystem::path cert_file;
  std::filesystem::path key_file;
  std::string server_name;  // "": the host's
  bool verify = true;
  bool operator==(const SourceTls&) const = default;
};

// How a scheduler is asked, and what becomes of its instances while it cannot be.
struct SourceRules {
  Millis refresh{10'000};
  bool stream = true;
  Millis timeout{30'000};
  std::size_t max_body = std::size_t{512} << 20;  // octets, inflated
  std::size_t max_tasks = 1'000'000;
  std::string routable = "strict";
  std::vector<std::string> serve_states;
  Millis unreachable_grace{30'000};
  std::string when_none = "all";
  std::vector<std::string> weight_labels;
  bool guard = true;
  std::size_t guard_min = 5;
  Millis guard_grace{60'000};
  bool required = true;
  Millis start_grace{0};  // 0: for ever
  Millis stale_after{30'000};
  Millis max_stale{0};  // 0: for ever
  std::string stale_action = "drop";
  SourceLogin login;
  SourceTls tls;
  bool operator==(const SourceRules&) const = default;
};

// The zone with the names of Mesos-DNS.
struct MesosNames {
  zones::Name domain;
  Millis ttl{60'000};
  std::string profile = "exact";
  std::vector<std::string> ip_sources;
  std::vector<net::IpAddress> listener;  // none: where DNS listens
  zones::Name ns_name;
  zones::Name hostmaster;
  std::vector<zones::Name> extra_ns;
  std::uint32_t soa_refresh = 60;  // seconds
  std::uint32_t soa_retry = 600;
  std::uint32_t soa_expire = 86'400;
  std::uint16_t srv_weight = 1;
  bool rfc952 = false;
  std::vector<std::string> visibility;
  bool raw_names = true;
  bool protect_reserved = false;
  bool empty_names = true;
  bool dangling_srv = true;
  bool rfc2782_order = false;
  bool master_srv = false;
  bool port_scope = false;
  bool numbered_ports = false;
  bool hide_disabled = false;
  bool ptr = false;
  std::size_t max_ports_per_task = 256;
  std::uint16_t answers = 0;  // 0: all
  bool cut = false;           // what does not fit into UDP is left out without TC
  bool enumerate = true;
  bool http_api = true;
  bool operator==(const MesosNames&) const = default;
};

struct MesosSource {
  std::string name = "mesos";
  std::vector<std::string> masters;  // "http://10.0.0.1:5050"
  std::optional<registry::sources::ZookeeperUrl> zookeeper;
  std::filesystem::path zookeeper_file;  // that holds it; empty: none does
  std::string scheme = "http";  // of the masters that it announces
  std::string service_name = "{name}";
  std::vector<std::string> frameworks;
  SourceRules rules;
  MesosNames names;
  bool operator==(const MesosSource&) const = default;
};

}  // namespace muster::config
