#include "tools/musterd/metrics/page.h"

namespace muster::tools {

void write_limits(Exposition& page, const ControlSnapshot& snapshot, const MetricSources& sources) {
  const registry::RegistryCounts& registry = snapshot.registry;
  const registry::ControlCounters& control = sources.control.counters();
  page.family("muster_limit_reached_total", MetricType::counter, "How often each named maximum was reached.");
  const auto limit = [&page](std::string_view name, std::uint64_t count) {
    page.sample({{"limit", name}}, static_cast<double>(count));
  };
  limit("max_instances", registry.limit_instances);
  limit("max_instances_per_service", registry.limit_per_service);
  limit("max_services", registry.limit_services);
  limit("url_hosts", snapshot.hosts.refused);
  limit("control_queue", control.queue_full.load());
  limit("store_rows", control.store_full.load());
  limit("watchers", sources.watch.refused.load());
  limit("watch_queue", sources.watch.queue_full.load());
  limit("dns_tcp_connections", sources.tcp.counters().closed_full.load());
  limit("dns_rate_limit_buckets", sources.rate_limit_displaced);
  limit("dns_desk", sources.desk_refused);
  limit("dns_tcp_at_desk", sources.tcp.counters().desk_full.load());
  limit("forward_pending", forward_full(sources));
  limit("forward_tcp", sources.foreign ? sources.foreign->forwarder().counters().tcp_full.load() : 0);
  if (sources.foreign != nullptr && sources.foreign->cache() != nullptr) {
    limit("cache_reply", sources.foreign->cache()->counters().too_large.load());
    limit("cache_refreshes", sources.foreign->cache()->counters().refreshes_lost.load());
  }
  limit("transfers_waiting", sources.transfers.waiting_full);
  limit("updates", sources.updates.full);
  limit("zone_dumps", sources.dumps_refused);
  limit("log_lines", sources.log_lines_dropped);
  std::uint64_t dropped = 0;
  zones::ZoneHistory::Counts history;
  for (const ControlSnapshot::Zone& zone : snapshot.zones) {
    dropped += zone.journal_dropped;
    history.batches_overgrown += zone.history.batches_overgrown;
    history.walks_aborted += zone.history.walks_aborted;
  }
  limit("zone_journal", dropped);
  limit("zone_batch", history.batches_overgrown);
  limit("transfer_memory", history.walks_aborted);
  for (std::size_t i = 0; i < registry::http::kLimits; ++i) {
    const auto which = static_cast<registry::http::Limit>(i);
    limit(to_string(which), sources.http.count(which));
  }
}

}  // namespace muster::tools
