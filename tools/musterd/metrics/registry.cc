#include <algorithm>
#include <array>

#include "tools/musterd/metrics/page.h"

namespace muster::tools {

namespace {

constexpr std::array<std::string_view, registry::kSourceKinds> kSourceNames = {
    "heartbeat", "update", "lyft", "self", "static", "scheduler", "marathon"};
constexpr std::array kLeased = {registry::SourceKind::heartbeat, registry::SourceKind::update,
                                registry::SourceKind::lyft};

std::string_view state_name(std::size_t state) { return to_string(static_cast<registry::State>(state)); }

}  // namespace

ServicesText::ServicesText() {
  instances_.family("muster_instances", MetricType::gauge,
                    "Registered instances; service \"\" sums the services that are not shown.");
  panic_.family("muster_service_panic", MetricType::gauge,
                "1: too few of the service's instances are ready.");
  latency_.family("muster_service_ewma_seconds", MetricType::gauge,
                  "Mean of the averaged response times of the service's instances.");
  success_.family("muster_service_success_share", MetricType::gauge,
                  "Mean share of verdicts that are ok, of the service's instances.");
}

void ServicesText::add_measured(const registry::ServiceStates& states) {
  if (states.measured == 0) return;
  success_.sample({{"service", states.service}}, states.success);
  if (states.latency_ms > 0) latency_.sample({{"service", states.service}}, states.latency_ms / 1000);
}

void ServicesText::add(const std::vector<ServiceRow>& slice) {
  for (const ServiceRow& row : slice) {
    const std::string& service = row.states.service;
    const registry::StateCounts& counts = row.states.counts;
    for (std::size_t state = 0; state < registry::kStates; ++state) {
      if (counts.by_state[state] == 0) continue;
      instances_.sample({{"service", service}, {"state", state_name(state)}}, counts.by_state[state]);
      sum_.by_state[state] += counts.by_state[state];
    }
    add_measured(row.states);
    if (row.in_panic) panic_.sample({{"service", service}}, 1);
    ++shown_;
  }
}

// Slices are taken one after the other while the registry changes: the rest may come out a little off, but
// never below 0.
std::string ServicesText::finish(const registry::StateCounts& all) {
  for (std::size_t state = 0; state < registry::kStates; ++state) {
    const std::uint32_t rest = all.by_state[state] - std::min(sum_.by_state[state], all.by_state[state]);
    if (is_full()) instances_.sample({{"service", ""}, {"state", state_name(state)}}, rest);
  }
  return instances_.take() + panic_.take() + latency_.take() + success_.take();
}

namespace {

void write_url_hosts(Exposition& page, const registry::HostCounts& hosts, const HostLookupCounters& lookups) {
  page.gauge("muster_url_hosts", "Host names in the URLs of instances.", static_cast<double>(hosts.names));
  page.gauge("muster_url_hosts_unresolved", "Of these, without an address.",
             static_cast<double>(hosts.unresolved));
  page.gauge("muster_url_host_lookups_inflight", "Host names of URLs that are being looked up.",
             static_cast<double>(hosts.in_flight));
  page.family("muster_url_host_lookups_total", MetricType::counter, "Look-ups of host names of URLs.");
  page.sample({{"result", "ok"}}, static_cast<double>(lookups.found.load()));
  page.sample({{"result", "failed"}}, static_cast<double>(lookups.failed.load()));
  page.counter("muster_url_host_moves_total", "Look-ups that gave other addresses than before.",
               static_cast<double>(hosts.moved));
}

}  // namespace

void write_registry(Exposition& page, const ControlSnapshot& snapshot, const MetricSources& sources) {
  const registry::RegistryCounts& counts = snapshot.registry;
  page.gauge("muster_services", "Known services.", static_cast<double>(counts.services));
  page.family("muster_held_instances", MetricType::gauge,
              "Suspects: their leases ran out, protection holds them.");
  for (const auto kind : kLeased) {
    const auto place = static_cast<std::size_t>(kind);
    page.sample({{"source", kSourceNames[place]}}, static_cast<double>(counts.suspects_of[place]));
  }
  page.gauge("muster_tombstones", "Deregistrations that are remembered.",
             static_cast<double>(counts.tombstones));
  page.gauge("muster_instance_aliases", "Other names of instances, which joined them by their task.",
             static_cast<double>(counts.aliases));
  page.gauge("muster_waiting_drains", "Drained before the last start, and not seen since.",
             static_cast<double>(counts.waiting_drains));
  page.family("muster_leases_expired_total", MetricType::counter,
              "Instances removed because their last lease ran out.");
  for (const auto kind : kLeased) {
    const auto place = static_cast<std::size_t>(kind);
    page.sample({{"source", kSourceNames[place]}}, static_cast<double>(counts.expired_of[place]));
  }
  page.family("muster_lease_lateness_seconds", MetricType::histogram,
              "How far behind its deadline a lease was ended.");
  for (const auto kind : kLeased) {
    const auto place = static_cast<std::size_t>(kind);
    page.histogram({{"source", kSourceNames[place]}}, sources.lateness[place], 1e-3);
  }
  write_url_hosts(page, snapshot.hosts, sources.host_lookups);
}

}  // namespace muster::tools
