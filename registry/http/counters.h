// What the HTTP server counts: requests by route, method and status; how long they took; how often each limit
// was reached. Plain atomics, written with relaxed order by the I/O threads, read by whoever exports metrics.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "registry/http/router.h"

namespace muster::registry::http {

// Every maximum of the server, each with its own count of how often it was reached.
enum class Limit : std::uint8_t {
  connections,
  in_flight,
  waiting,  // parked polls and streams
  body,
  header,
  target,
  slow_request,  // header or body not there in time: 408
  slow_reader,   // the peer did not take its replies in time: closed
  idle,          // kept-alive connection closed
  throttled,
  open_files,  // accept() found no descriptor left and waited
};
constexpr std::size_t kLimits = 11;
std::string_view to_string(Limit limit);

class Counters {
 public:
  using Micros = std::chrono::microseconds;
  static constexpr std::array<Micros, 11> kBuckets = {
      Micros(100),    Micros(250),    Micros(500),     Micros(1000),      Micros(2500),      Micros(5000),
      Micros(10'000), Micros(50'000), Micros(250'000), Micros(1'000'000), Micros(10'000'000)};

  explicit Counters(const Router& router);

  // `route` is the router's index, or the number of its routes for "no route".
  void answered(std::size_t route, int status, Micros took);
  void reached(Limit limit) { add(limits_[static_cast<std::size_t>(limit)]); }
  std::uint64_t count(Limit limit) const {
    return limits_[static_cast<std::size_t>(limit)].load(std::memory_order_relaxed);
  }

  struct Requests {
    std::string_view route;
    std::string_view method;
    int status;
    std::uint64_t count;
  };
  struct Durations {
    std::string_view route;
    std::string_view method;
    std::array<std::uint64_t, kBuckets.size() + 1> buckets;  // not cumulative; the last: longer than all
    Micros sum;
  };
  std::vector<Requests> requests() const;    // only what occurred
  std::vector<Durations> durations() const;  // only routes that were asked

  std::atomic<std::uint64_t> connections_accepted{0};
  std::atomic<std::uint64_t> handshakes_failed{0};
  std::atomic<std::uint64_t> abandoned{0};       // waits given up because the peer had gone
  std::atomic<std::uint64_t> handler_errors{0};  // a handler threw: a defect
  std::atomic<std::size_t> open_connections{0};
  std::atomic<std::size_t> in_flight{0};
  std::atomic<std::size_t> waiting{0};
  std::atomic<std::size_t> streams{0};

 private:
  static constexpr int kFirstStatus = 100;
  static constexpr std::size_t kStatuses = 500;
  struct PerRoute {
    std::array<std::atomic<std::uint64_t>, kStatuses> statuses{};
    std::array<std::atomic<std::uint64_t>, kBuckets.size() + 1> buckets{};
    std::atomic<std::uint64_t> sum_micros{0};
  };
  static void add(std::atomic<std::uint64_t>& counter) { counter.fetch_add(1, std::memory_order_relaxed); }
  std::string_view route_name(std::size_t index) const;
  std::string_view method_name(std::size_t index) const;

  const Router& router_;
  std::vector<PerRoute> routes_;
  std::array<std::atomic<std::uint64_t>, kLimits> limits_{};
};

}  // namespace muster::registry::http
