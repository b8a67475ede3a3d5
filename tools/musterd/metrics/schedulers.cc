#include "tools/musterd/metrics/page.h"

namespace muster::tools {

void write_schedulers(Exposition& page, const MetricSources& sources) {
  const auto each = [&](std::string_view name, MetricType type, std::string_view help, auto value) {
    page.family(name, type, help);
    for (const registry::SourceStatus& source : sources.schedulers)
      page.sample({{"source", source.name}}, static_cast<double>(value(source)));
  };
  const auto by_word = [&](std::string_view name, MetricType type, std::string_view help,
                           std::string_view label, auto counts) {
    page.family(name, type, help);
    for (const registry::SourceStatus& source : sources.schedulers) {
      for (const auto& [word, count] : counts(source))
        page.sample({{"source", source.name}, {label, word}}, static_cast<double>(count));
    }
  };
  using Status = const registry::SourceStatus&;
  each("muster_source_up", MetricType::gauge,
       "1: the source is live; 0: it has not spoken since the start, or is stale.",
       [](Status source) { return source.state == "live" ? 1 : 0; });
  each("muster_source_age_seconds", MetricType::gauge,
       "Since the source last said something; -1: it never has.", [&](Status source) {
         if (!source.last_success) return -1.0;
         return static_cast<double>((sources.now.wall - *source.last_success).count()) / 1000;
       });
  each("muster_source_stored_octets", MetricType::gauge,
       "Of its last good picture in the store, packed; 0: there is none.",
       [](Status source) { return source.stored ? source.stored->octets : 0; });
  each("muster_source_stored_age_seconds", MetricType::gauge,
       "Since the source said what is in the store; -1: nothing is.", [&](Status source) {
         if (!source.stored) return -1.0;
         return static_cast<double>((sources.now.wall - source.stored->learnt_at).count()) / 1000;
       });
  page.family("muster_source_instances", MetricType::gauge, "Tasks that the source tells of.");
  for (const registry::SourceStatus& source : sources.schedulers) {
    page.sample({{"source", source.name}, {"state", "routable"}}, static_cast<double>(source.routable));
    page.sample({{"source", source.name}, {"state", "other"}},
                static_cast<double>(source.total - source.routable));
  }
  each("muster_source_held", MetricType::gauge, "Tasks that are missing without a reason, and still served.",
       [](Status source) { return source.held; });
  each("muster_source_failed_rounds", MetricType::gauge, "Rounds in a row in which nobody could be asked.",
       [](Status source) { return source.consecutive_errors; });
  each("muster_source_fetches_total", MetricType::counter, "Whole states that were taken.",
       [](Status source) { return source.fetches; });
  each("muster_source_octets_total", MetricType::counter, "Octets read from the source, inflated.",
       [](Status source) { return source.bytes; });
  each("muster_source_fetch_seconds", MetricType::gauge,
       "How long the last whole state took, from the question until it was taken; -1: there was none yet.",
       [](Status source) {
         return source.fetch_took ? static_cast<double>(source.fetch_took->count()) / 1000 : -1.0;
       });
  by_word("muster_source_events_total", MetricType::counter, "Events of its stream, by type.", "type",
          [](Status source) -> const registry::Counts& { return source.events; });
  by_word("muster_source_errors_total", MetricType::counter,
          "Rounds in which nobody could be asked, by what was wrong.", "kind",
          [](Status source) -> const registry::Counts& { return source.errors; });
  by_word("muster_mesos_names_left_out", MetricType::gauge,
          "Names and records that the zone leaves out, as it is now, by why.", "reason",
          [](Status source) -> const registry::Counts& { return source.names_left_out; });
  each("muster_mesos_shared_frameworks", MetricType::gauge, "Names of frameworks that several of them have.",
       [](Status source) { return source.shared_frameworks; });
  each("muster_mesos_collisions_total", MetricType::counter,
       "Names of the infrastructure that came to be shared with tasks.",
       [](Status source) { return source.collisions; });
  by_word("muster_source_rejected_total", MetricType::counter,
          "Instances that the registry did not take, by why.", "reason",
          [](Status source) -> const registry::Counts& { return source.rejected; });
  each("muster_source_reconnects_total", MetricType::counter, "Streams that ended.",
       [](Status source) { return source.reconnects; });
  page.family("muster_source_excluded", MetricType::gauge, "What is not served, by reason.");
  for (const registry::SourceStatus& source : sources.schedulers) {
    for (const auto& [reason, count] : source.excluded)
      page.sample({{"source", source.name}, {"reason", reason}}, static_cast<double>(count));
  }
}

}  // namespace muster::tools
