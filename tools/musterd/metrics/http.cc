#include <array>

#include "tools/musterd/metrics/page.h"

namespace muster::tools {

namespace {

void write_requests(Exposition& page, const registry::http::Counters& http) {
  page.family("muster_http_requests_total", MetricType::counter, "Requests answered.");
  for (const auto& row : http.requests()) {
    page.sample({{"route", row.route}, {"method", row.method}, {"code", std::to_string(row.status)}},
                static_cast<double>(row.count));
  }
  page.family("muster_http_request_seconds", MetricType::histogram, "From the whole request to its reply.");
  std::array<double, registry::http::Counters::kBuckets.size()> bounds{};
  for (std::size_t i = 0; i < bounds.size(); ++i)
    bounds[i] = static_cast<double>(registry::http::Counters::kBuckets[i].count()) / 1e6;
  for (const auto& row : http.durations()) {
    page.histogram({{"route", row.route}, {"method", row.method}}, bounds, row.buckets,
                   static_cast<double>(row.sum.count()) / 1e6);
  }
}

}  // namespace

void write_http(Exposition& page, const registry::http::Counters& http,
                const registry::api::WatchCounters& watch) {
  write_requests(page, http);
  page.gauge("muster_http_connections", "Open connections.",
             static_cast<double>(http.open_connections.load()));
  page.counter("muster_http_accepted_total", "Connections accepted.",
               static_cast<double>(http.connections_accepted.load()));
  page.counter("muster_http_tls_failed_total", "TLS handshakes that failed.",
               static_cast<double>(http.handshakes_failed.load()));
  page.gauge("muster_http_in_flight", "Requests being worked on.",
             static_cast<double>(http.in_flight.load()));
  page.gauge("muster_http_waiting", "Parked polls and streams.", static_cast<double>(http.waiting.load()));
  page.gauge("muster_http_streams", "Open event streams.", static_cast<double>(http.streams.load()));
  page.gauge("muster_http_watchers", "Who is told of changes: polls and streams.",
             static_cast<double>(watch.watchers.load()));
  page.counter("muster_http_abandoned_total", "Waits given up because the peer had gone.",
               static_cast<double>(http.abandoned.load()));
  page.counter("muster_http_handler_errors_total", "Requests that met a defect of musterd.",
               static_cast<double>(http.handler_errors.load()));
}

}  // namespace muster::tools
