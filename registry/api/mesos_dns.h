// The HTTP API of Mesos-DNS, over the names of a Mesos source: the same routes, the same shapes, the same
// words. What is asked about comes in as functions, for this folder knows no zones.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/http/router.h"
#include "registry/net/ip_address.h"
#include "registry/net/unique_function.h"

namespace muster::registry::api {

// One target of an SRV record, and its addresses.
struct MesosDnsTarget {
  std::string host;  // "web-5quyu-s0.marathon.slave.mesos."
  std::uint16_t port = 0;
  std::vector<net::IpAddress> addresses;
};

struct MesosDnsSet {
  std::string name;  // "web.marathon.mesos."
  std::vector<std::string> data;
};

struct MesosDnsZone {
  std::uint32_t serial = 0;
  std::vector<MesosDnsSet> a;
  std::vector<MesosDnsSet> aaaa;
  std::vector<MesosDnsSet> srv;  // "host.:port"
};

struct MesosDnsRecord {
  std::string name;
  std::string host;
  std::string_view type;  // "A", "AAAA", "SRV"
};
struct MesosDnsTask {
  std::string name;
  std::string id;
  std::vector<MesosDnsRecord> records;
};
struct MesosDnsFramework {
  std::string name;
  std::vector<MesosDnsTask> tasks;
};

// What GET /v1/config shows of a configuration that never was one of Mesos-DNS.
struct MesosDnsConfig {
  std::uint32_t refresh_seconds = 0;
  std::uint32_t timeout_seconds = 0;
  std::uint16_t dns_port = 0;
  std::uint16_t http_port = 0;
  std::uint32_t ttl = 0;
  std::uint16_t srv_weight = 0;
  std::uint32_t soa_refresh = 0;
  std::uint32_t soa_retry = 0;
  std::uint32_t soa_expire = 0;
  std::string mname;
  std::string rname;
  std::vector<std::string> masters;  // "10.0.0.1:5050"
  std::string zookeeper;             // "zk://10.0.0.1:2181/mesos", without a login; "": none
  std::vector<std::string> ip_sources;
  std::string domain;  // "mesos"
  std::string file;
  std::string dns_listener;
  std::string http_listener;
  bool rfc952 = false;
  bool truncates = true;
  bool enumerates = true;
  bool https = false;
  std::string ca_file;
  std::string cert_file;
  std::string key_file;
  std::string principal;
  bool has_secret = false;
};

// One source. Each function calls `done` once, on any thread; nullopt: the source has no picture yet.
struct MesosDnsSource {
  template <class T>
  using Done = net::UniqueFunction<void(std::optional<T>)>;

  std::string name;
  MesosDnsConfig config;
  // `host`, `service`: lower case, with the final dot.
  std::function<void(std::string host, Done<std::vector<net::IpAddress>> done)> addresses;
  std::function<void(std::string service, Done<std::vector<MesosDnsTarget>> done)> targets;
  std::function<void(Done<MesosDnsZone> done)> zone;
  std::function<void(Done<std::vector<MesosDnsFramework>> done)> frameworks;  // served tasks, as they came
  std::function<void(Done<std::uint32_t> done)> serial;
};

// GET /v1/version, /v1/config, /v1/hosts/…, /v1/services/…, /v1/enumerate, /v1/axfr. The first of `sources`
// answers unless ?source=NAME says another. Precondition: there is one.
void add_mesos_dns_routes(http::Router& router, std::vector<MesosDnsSource> sources, std::string version);

}  // namespace muster::registry::api
