// The metrics page, built in steps: services come in slices from the control thread, the rest at the end. One
// function per noun writes that noun's families; docs/reference/metrics.md describes each of them, and a test
// holds the two together.
#pragma once

#include "tools/musterd/exposition.h"
#include "tools/musterd/metrics/sources.h"

namespace muster::tools {

struct ServiceRow {
  registry::ServiceStates states;
  bool in_panic = false;
};

class ServicesText {
 public:
  ServicesText();
  void add(const std::vector<ServiceRow>& slice);
  bool is_full() const { return shown_ >= kServicesShown; }
  // Everything else, and what the services not shown add up to.
  std::string finish(const registry::StateCounts& all);

 private:
  void add_measured(const registry::ServiceStates& states);

  Exposition instances_;
  Exposition panic_;
  Exposition latency_;
  Exposition success_;
  registry::StateCounts sum_;
  std::size_t shown_ = 0;
};

// Everything but the services.
std::string metrics_text(const ControlSnapshot& snapshot, const MetricSources& sources);

void write_dns(Exposition& page, const ControlSnapshot& snapshot, const MetricSources& sources);
void write_forward(Exposition& page, const MetricSources& sources);
void write_zones(Exposition& page, const ControlSnapshot& snapshot, const MetricSources& sources);
void write_registry(Exposition& page, const ControlSnapshot& snapshot, const MetricSources& sources);
void write_health(Exposition& page, const ControlSnapshot& snapshot, const MetricSources& sources);
void write_control(Exposition& page, const registry::Control& control);
void write_http(Exposition& page, const registry::http::Counters& http,
                const registry::api::WatchCounters& watch);
void write_limits(Exposition& page, const ControlSnapshot& snapshot, const MetricSources& sources);
// How often a query for a name that is not ours found no room.
std::uint64_t forward_full(const MetricSources& sources);
void write_schedulers(Exposition& page, const MetricSources& sources);
void write_process(Exposition& page, const MetricSources& sources);

}  // namespace muster::tools
