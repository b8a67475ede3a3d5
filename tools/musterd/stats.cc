// GET /api/v1/stats: the few figures a person looks at first.
#include <algorithm>
#include <numeric>

#include "tools/musterd/metrics/sources.h"
#include "tools/musterd/musterd.h"

namespace muster::tools {

namespace {

// The mean of what a histogram has seen, 0 before anything was; in the histogram's own steps.
template <const auto& kBounds>
double mean(const net::Histogram<kBounds>& figures) {
  const auto ranges = figures.ranges();
  const auto count = std::accumulate(ranges.begin(), ranges.end(), std::uint64_t{0});
  return count == 0 ? 0 : static_cast<double>(figures.sum()) / static_cast<double>(count);
}

template <class Pick>
double total(const std::vector<const dns::Counters*>& threads, Pick pick) {
  std::uint64_t sum = 0;
  for (const dns::Counters* counters : threads) sum += pick(*counters);
  return static_cast<double>(sum);
}

std::uint64_t queries(const dns::Counters& counters) {
  std::uint64_t sum = 0;
  for (const auto& transport : counters.queries) {
    for (const dns::Counter& counter : transport) sum += counter.value();
  }
  return sum;
}

std::uint64_t replies(const dns::Counters& counters, dns::Rcode rcode) {
  std::uint64_t sum = 0;
  for (const auto& zone : counters.responses) sum += zone[static_cast<std::size_t>(rcode)].value();
  return sum;
}

double dropped_by_us(const dns::UdpServer& udp) {
  std::uint64_t sum = 0;
  for (const dns::UdpCounters* counters : udp.counters())
    sum += counters->send_full.value() + counters->send_failed.value();
  return static_cast<double>(sum);
}

}  // namespace

registry::api::Stats Musterd::stats() const {
  const auto threads = answering_threads(*udp_, *tcp_);
  const auto of = [&](dns::Rcode rcode) {
    return total(threads, [rcode](const dns::Counters& c) { return replies(c, rcode); });
  };
  const registry::ControlCounters& control = control_->counters();
  const registry::StoreState store = control_->store_state();
  return {
      {"uptime_seconds", static_cast<double>((net::machine_now().steady - started_.steady).count()) / 1e3},
      {"services", static_cast<double>(gauges_.services.load())},
      {"instances", static_cast<double>(gauges_.instances.load())},
      {"held_instances", static_cast<double>(gauges_.suspects.load())},
      {"leases_expired", static_cast<double>(gauges_.expired.load())},
      {"dns_queries", total(threads, queries)},
      {"dns_noerror", of(dns::Rcode::noerror)},
      {"dns_nxdomain", of(dns::Rcode::nxdomain)},
      {"dns_servfail", of(dns::Rcode::servfail)},
      {"dns_refused", of(dns::Rcode::refused)},
      {"dns_truncated", total(threads, [](const dns::Counters& c) { return c.truncated.value(); })},
      {"dns_not_sent", dropped_by_us(*udp_)},
      {"dns_tcp_connections", static_cast<double>(tcp_->counters().open.load())},
      {"control_jobs", static_cast<double>(control.jobs.load())},
      {"control_queue", static_cast<double>(control.queued.load())},
      {"control_longest_batch_ms", static_cast<double>(control.batch_us_max.load()) / 1e3},
      {"change_visible_ms_mean", mean(control.visible) / 1e3},
      {"change_durable_ms_mean", mean(control.durable) / 1e3},
      {"store_healthy", store.healthy ? 1.0 : 0.0},
      {"store_commits", static_cast<double>(store.commits)},
      {"store_commit_ms_mean", mean(control_->commit_times()) / 1e3},
      {"store_pending_rows", static_cast<double>(store.pending_rows)},
      {"store_errors", static_cast<double>(store.errors)},
      {"http_connections", static_cast<double>(http_->counters().open_connections.load())},
      {"http_streams", static_cast<double>(http_->counters().streams.load())},
      {"watchers", static_cast<double>(watch_->counters().watchers.load())},
      {"log_suppressed", static_cast<double>(transitions_.suppressed())}};
}

}  // namespace muster::tools
