// What all connections of one server share: configuration, rights, counters, and the road of a request from
// the parser to its route. Any thread.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>

#include "registry/http/exchange.h"
#include "registry/http/server.h"

namespace muster::registry::http {

class Core {
 public:
  Core(ServerConfig config, const Router& router, Hooks hooks);

  // Routes, checks rights and limits, and calls the handler, or answers itself.
  void dispatch(Request&& request, const std::shared_ptr<Exchange>& exchange);

  // False: the limit is reached (and counted).
  bool enter_in_flight();
  void leave_in_flight() { counters.in_flight.fetch_sub(1, std::memory_order_relaxed); }
  bool enter_waiting();
  // Takes what a write costs from the throttle. False: it is refused, and that has been answered.
  bool charge(Exchange& exchange, std::string_view service, double cost);
  void leave_waiting() { counters.waiting.fetch_sub(1, std::memory_order_relaxed); }

  void add_position(Response& response) const;
  void set_access(Access access);
  std::shared_ptr<const Access> access() const;

  const ServerConfig config;
  const Router& router;
  const Hooks hooks;
  Counters counters;

 private:
  bool route(Request& request, Exchange& exchange) const;
  bool authorize(Request& request, Exchange& exchange) const;
  bool admit(const Request& request, Exchange& exchange);
  std::uint64_t next_random() { return mix(seed_.fetch_add(0x9e3779b97f4a7c15u, std::memory_order_relaxed)); }
  static std::uint64_t mix(std::uint64_t value);

  mutable std::mutex access_mutex_;
  std::shared_ptr<const Access> access_;
  std::atomic<std::uint64_t> seed_;
};

}  // namespace muster::registry::http
