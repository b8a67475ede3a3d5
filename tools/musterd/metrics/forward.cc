#include <cmath>

#include "tools/musterd/metrics/page.h"

namespace muster::tools {

namespace {

double of(const std::atomic<std::uint64_t>& count) {
  return static_cast<double>(count.load(std::memory_order_relaxed));
}

double foreign(const MetricSources& sources, dns::Foreign what) {
  std::uint64_t sum = 0;
  for (const dns::Counters* thread : answering_threads(sources.udp, sources.tcp))
    sum += thread->foreign[static_cast<std::size_t>(what)].value();
  return static_cast<double>(sum);
}

void write_upstreams(Exposition& page, const dns::Forwarder& forwarder) {
  const auto upstreams = forwarder.upstreams();
  page.family("muster_forward_queries_total", MetricType::counter,
              "Queries sent to an upstream, by what became of them.");
  for (const auto& upstream : upstreams) {
    for (std::size_t i = 0; i < dns::kUpstreamResultNames.size(); ++i)
      page.sample({{"upstream", net::to_string(upstream->server)}, {"result", dns::kUpstreamResultNames[i]}},
                  of(upstream->results[i]));
  }
  page.family("muster_forward_seconds", MetricType::histogram,
              "How long an upstream took for a good answer.");
  std::vector<double> bounds;
  for (const std::uint64_t bound : dns::ForwardTimes::bounds())
    bounds.push_back(static_cast<double>(bound) / 1e6);
  for (const auto& upstream : upstreams)
    page.histogram({{"upstream", net::to_string(upstream->server)}}, bounds, upstream->times.ranges(),
                   static_cast<double>(upstream->times.sum()) / 1e6);
}

void write_questions(Exposition& page, const MetricSources& sources) {
  page.family("muster_foreign_queries_total", MetricType::counter,
              "Queries for names in no zone of ours, by what became of them.");
  for (std::size_t i = 0; i < dns::kForeignNames.size(); ++i)
    page.sample({{"result", dns::kForeignNames[i]}}, foreign(sources, static_cast<dns::Foreign>(i)));
  const dns::ForwardCounters& counters = sources.foreign->forwarder().counters();
  const auto total = [&](const char* name, const char* help, const std::atomic<std::uint64_t>& count) {
    page.family(name, MetricType::counter, help);
    page.sample({}, of(count));
  };
  total("muster_forward_joined_total", "Queries that waited for a question that was under way.",
        counters.joined);
  total("muster_forward_hedged_total", "Questions that went to a second server because the first was slow.",
        counters.hedged);
  total("muster_forward_failed_total", "Questions that no upstream answered.", counters.failed);
  total("muster_forward_refreshed_total", "Kept answers that were asked for anew before their end.",
        counters.refreshed);
  total("muster_forward_unsent_total", "Replies over UDP that the system did not take.", counters.unsent);
  total("muster_forward_loops_total", "Questions of this server that came back to it.", counters.loops);
}

void write_cache(Exposition& page, const dns::Cache& cache) {
  const dns::CacheCounters& counters = cache.counters();
  page.family("muster_cache_bytes", MetricType::gauge, "Memory of kept answers, and of their table.");
  page.sample({}, static_cast<double>(counters.octets.load()));
  page.family("muster_cache_answers", MetricType::gauge,
              "Kept answers, those that are out of date among them.");
  page.sample({}, static_cast<double>(counters.replies.load()));
  page.family("muster_cache_inserted_total", MetricType::counter, "Answers that were kept.");
  page.sample({}, of(counters.inserted));
  page.family("muster_cache_evicted_total", MetricType::counter, "Kept answers that made room for others.");
  page.sample({}, of(counters.evicted));
}

}  // namespace

std::uint64_t forward_full(const MetricSources& sources) {
  if (sources.foreign == nullptr) return 0;
  return static_cast<std::uint64_t>(foreign(sources, dns::Foreign::full)) +
         sources.foreign->forwarder().counters().refused.load();
}

void write_forward(Exposition& page, const MetricSources& sources) {
  if (sources.foreign == nullptr) return;
  write_questions(page, sources);
  write_upstreams(page, sources.foreign->forwarder());
  page.family("muster_forward_pending", MetricType::gauge, "Queries that wait for an upstream.");
  page.sample({}, static_cast<double>(sources.forward_pending));
  if (sources.foreign->cache() != nullptr) write_cache(page, *sources.foreign->cache());
}

}  // namespace muster::tools
