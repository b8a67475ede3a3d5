// What `muster export haproxy` knows of a service: plain values, read from GET /api/v1/answers.
#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace muster::haproxy {

struct Port {
  std::uint16_t number = 0;
  std::uint16_t service_port = 0;  // 0: none
  bool tcp = true;
  bool of_container = false;  // at the container's addresses
};

struct Instance {
  std::string label;
  std::vector<std::string> addresses;
  std::vector<std::string> host_addresses;  // of ports that are not the container's; empty: addresses
  std::vector<Port> ports;                  // a port's place is the n of HAPROXY_n_…
  std::uint32_t weight = 1;
  std::uint32_t priority = 0;
  bool draining = false;
  bool answering = false;                     // in the service's answers
  bool is_musterd = false;                    // musterd itself
  bool foreign = false;                       // of the service that this one falls back to
  std::string app;                            // as its scheduler calls it: "/shop/cart"; "": none
  std::map<std::string, std::string> labels;  // of its scheduler
  std::string check_path;                     // of its first HTTP check; "": none
};

struct Service {
  std::string name;
  std::string fallback;  // whose instances stand in for its own now; "": nobody's
  std::vector<Instance> instances;
};

// One page of the answers.
struct Answers {
  std::string epoch;
  std::uint64_t revision = 0;
  std::vector<Service> services;
  std::string next;  // the `after` of the next page; "": there is none
};
// nullopt: it is not what that route gives. An instance without what it needs is left out alone.
std::optional<Answers> read_answers(const boost::json::value& page);

}  // namespace muster::haproxy
