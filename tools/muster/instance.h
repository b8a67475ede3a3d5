// An instance as the command line builds it: the JSON body of a registration, and the renewals that keep it
// alive.
#pragma once

#include <boost/json/object.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tools/muster/client.h"

namespace muster::cli {

struct Instance {
  std::string service;
  std::string id;
  std::uint64_t generation = 0;  // one per life: its start in Unix ms
  boost::json::object body;

  std::string path() const;  // /api/v1/services/S/instances/I
};

std::uint64_t unix_millis();
// "127.0.0.1:80", "[::1]:80", "127.0.0.1", "auto:80" into `address` and `port`; false: not of that form.
bool split_address(const std::string& text, std::string& address, int& port);
// "k=v" words into a JSON object; false: one has no '='.
bool read_tags(const std::vector<std::string>& words, boost::json::object& tags);

// The generation of the life that was registered over HTTP and still lives; nullopt: there is none, or this token may
// not look.
std::optional<std::uint64_t> live_generation(const Client& client, const Instance& instance);
Reply put(const Client& client, const Instance& instance);
// A heartbeat that carries the whole instance, so that a lost lease is back at once.
Reply renew(const Client& client, const Instance& instance);
Reply drain_instance(const Client& client, const Instance& instance);
Reply remove_instance(const Client& client, const Instance& instance);
// heartbeat_in_ms of a grant; 10 s when it says nothing.
std::chrono::milliseconds heartbeat_interval(const Reply& grant);
// safe_stop_in_ms of a drain's reply; 0 when it says nothing.
std::chrono::milliseconds safe_stop_in(const Reply& reply);

}  // namespace muster::cli
