// What HAProxy is to do, as values: a section for each service and port in front, its servers, and the rules
// by host name. Pure and in one order: the same services give the same plan, whoever asks and whenever.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "registry/net/ip_address.h"
#include "tools/muster/haproxy/service.h"

namespace muster::haproxy {

struct PlanOptions {
  std::string bind = "127.0.0.1";  // where an app does not say otherwise
  std::string group;               // "": all
  bool strict = false;             // only ports that say HAPROXY_n_ENABLED=true
  bool bridge_names = false;       // APP-N, counting down, as haproxy-marathon-bridge named its servers
  bool registered_port = false;    // without a port in front: the one that all instances have
  bool http_checks = false;
  std::optional<net::Endpoint> vhosts;  // where the frontend that goes by host names listens
  std::optional<net::Endpoint> stats;
  // Whether HAProxy could listen at an address that an app wants; null: at all.
  std::function<bool(const net::IpAddress&)> is_ours;
};

struct Server {
  std::string name;
  std::string endpoint;                 // "10.0.0.7:8080", "[2001:db8::7]:8080"
  std::optional<std::uint32_t> weight;  // 0..256
  bool backup = false;
  bool operator==(const Server&) const = default;
};

// A front port of a service.
struct Section {
  std::string name;
  net::Endpoint bind;
  bool http = false;
  std::string balance;
  std::string check_path;  // "": a connection is enough
  bool sticky = false;
  std::vector<Server> servers;  // may be empty: then nobody is ready
};

// Of the frontend by host names; in the order in which they are tried.
struct Rule {
  std::vector<std::string> hosts;
  std::string path;  // a prefix; "": any
  std::string section;
};

struct Plan {
  std::vector<Section> sections;  // by name, then port
  std::vector<Rule> rules;
  std::vector<std::string> warnings;  // "web: …"
};

Plan make_plan(const std::vector<Service>& services, const PlanOptions& options);

}  // namespace muster::haproxy
