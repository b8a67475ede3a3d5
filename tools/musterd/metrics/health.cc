#include "tools/musterd/metrics/page.h"

namespace muster::tools {

namespace health = registry::health;

void write_health(Exposition& page, const ControlSnapshot& snapshot, const MetricSources& sources) {
  const ProbeCounters& counters = sources.probes;
  page.family("muster_health_probes_total", MetricType::counter, "Probes, by the check's type and what they found.");
  std::uint64_t local = 0;
  for (std::size_t type = 0; type < kProbeTypes; ++type) {
    for (std::size_t result = 0; result < kProbeResults; ++result) {
      const std::uint64_t count = counters.found[type][result].load();
      page.sample({{"type", to_string(static_cast<health::CheckType>(type))},
                   {"result", to_string(static_cast<health::Severity>(result))}},
                  static_cast<double>(count));
      if (static_cast<health::Severity>(result) == health::Severity::local) local += count;
    }
  }
  page.counter("muster_health_local_errors_total", "Probes without a verdict, for the trouble was here.",
               static_cast<double>(local));
  page.family("muster_health_probe_seconds", MetricType::histogram, "How long probes took that found an instance well.");
  page.histogram({}, counters.took, 1e-6);
  page.family("muster_health_late_seconds", MetricType::histogram,
              "Answers after a probe had timed out, where they are waited for, from its begin.");
  page.histogram({}, counters.late, 1e-6);
  page.gauge("muster_health_inflight", "Probes under way.", static_cast<double>(snapshot.probes.in_flight));
  page.gauge("muster_health_probes", "Different probes that are made; checks that ask for the same share one.",
             static_cast<double>(snapshot.probes.probes));
  page.gauge("muster_health_checks", "Checks of instances by probes.", static_cast<double>(snapshot.probes.wishes));
  page.counter("muster_health_held_back_total",
               "How often a probe was due and health.max_inflight were under way.",
               static_cast<double>(snapshot.probes.held_back));
  page.family("muster_health_transitions_total", MetricType::counter, "Changes of instances' states.");
  for (std::size_t from = 0; from < registry::kStates; ++from)
    for (std::size_t to = 0; to < registry::kStates; ++to)
      if (const std::uint64_t count = sources.transitions[from][to].load(); from != to)
        page.sample({{"from", to_string(static_cast<registry::State>(from))},
                     {"to", to_string(static_cast<registry::State>(to))}},
                    static_cast<double>(count));
}

}  // namespace muster::tools
