#include "registry/http/counters.h"

#include <algorithm>

namespace muster::registry::http {

std::string_view to_string(Limit limit) {
  switch (limit) {
    case Limit::connections: return "http_connections";
    case Limit::in_flight: return "http_in_flight";
    case Limit::waiting: return "http_waiting";
    case Limit::body: return "http_body";
    case Limit::header: return "http_header";
    case Limit::target: return "http_target";
    case Limit::slow_request: return "http_slow_request";
    case Limit::slow_reader: return "http_slow_reader";
    case Limit::idle: return "http_idle";
    case Limit::throttled: return "http_throttle";
    case Limit::open_files: return "http_open_files";
  }
  return "";
}

Counters::Counters(const Router& router) : router_(router), routes_(router.size() + 1) {}

void Counters::answered(std::size_t route, int status, Micros took) {
  PerRoute& counters = routes_[std::min(route, routes_.size() - 1)];
  const auto index =
      std::min<std::size_t>(static_cast<std::size_t>(std::max(status - kFirstStatus, 0)), kStatuses - 1);
  counters.statuses[index].fetch_add(1, std::memory_order_relaxed);
  const auto bucket = std::lower_bound(kBuckets.begin(), kBuckets.end(), took) - kBuckets.begin();
  add(counters.buckets[static_cast<std::size_t>(bucket)]);
  counters.sum_micros.fetch_add(static_cast<std::uint64_t>(std::max(took, Micros(0)).count()),
                                std::memory_order_relaxed);
}

std::string_view Counters::route_name(std::size_t index) const {
  return index < router_.size() ? std::string_view(router_.route(index).name) : "none";
}

std::string_view Counters::method_name(std::size_t index) const {
  return index < router_.size() ? std::string_view(router_.route(index).method) : "other";
}

std::vector<Counters::Requests> Counters::requests() const {
  std::vector<Requests> rows;
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    for (std::size_t s = 0; s < kStatuses; ++s) {
      const auto count = routes_[i].statuses[s].load(std::memory_order_relaxed);
      if (count > 0)
        rows.push_back({route_name(i), method_name(i), kFirstStatus + static_cast<int>(s), count});
    }
  }
  return rows;
}

std::vector<Counters::Durations> Counters::durations() const {
  std::vector<Durations> rows;
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    Durations row{route_name(i), method_name(i), {}, Micros(0)};
    bool asked = false;
    for (std::size_t b = 0; b < row.buckets.size(); ++b) {
      row.buckets[b] = routes_[i].buckets[b].load(std::memory_order_relaxed);
      asked = asked || row.buckets[b] > 0;
    }
    row.sum = Micros(static_cast<std::int64_t>(routes_[i].sum_micros.load(std::memory_order_relaxed)));
    if (asked) rows.push_back(row);
  }
  return rows;
}

}  // namespace muster::registry::http
