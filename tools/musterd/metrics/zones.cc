#include "tools/musterd/metrics/page.h"

namespace muster::tools {

ControlSnapshot take_snapshot(const registry::Registry& registry, Names& names) {
  ControlSnapshot snapshot;
  snapshot.registry = registry.counts();
  snapshot.table = names.table.stats();
  snapshot.published = names.publisher->counters();
  snapshot.probes = registry.probe_counts();
  snapshot.hosts = registry.host_counts();
  for (zones::Zone* zone : names.zones.all()) {
    ControlSnapshot::Zone& row = snapshot.zones.emplace_back();
    row.name = names.zones.apex(*zone).text();
    row.row = names.zones.id(*zone);
    row.serial = names.zones.serial(*zone);
    row.names = names.zones.names(*zone);
    const zones::ZoneHistory* history = names.zones.history(*zone);
    row.transferable = history != nullptr;
    if (history == nullptr) continue;
    row.journal_octets = history->journal().octets();
    row.journal_dropped = history->journal().dropped();
    row.history = history->counts();
  }
  return snapshot;
}

namespace {

void write_table(Exposition& page, const zones::NameTable::Stats& table) {
  page.gauge("muster_table_names", "Entries of the live name table.", static_cast<double>(table.names));
  page.gauge("muster_table_slots", "Slots of the live name table.", static_cast<double>(table.slots));
  page.gauge("muster_table_tombstones", "Slots that removed names still take.",
             static_cast<double>(table.tombstones));
  page.gauge("muster_table_entry_bytes", "Octets of the live entries.",
             static_cast<double>(table.entry_octets));
  page.gauge("muster_table_retired", "Entries and slot arrays that wait for readers.",
             static_cast<double>(table.retired));
  page.gauge("muster_table_retired_bytes",
             "Octets that wait for readers; growing without end means a reader hangs.",
             static_cast<double>(table.retired_octets));
  page.gauge("muster_table_longest_probe", "The longest walk to a name since the slot array was begun.",
             static_cast<double>(table.longest_probe));
  page.counter("muster_table_rebuilds_total", "Slot arrays begun: growth, clean-up, a new hash secret.",
               static_cast<double>(table.rebuilds));
  page.counter("muster_table_secrets_total", "Changes of the hash secret because a walk had become too long.",
               static_cast<double>(table.secrets));
}

void write_published(Exposition& page, const zones::PublishCounters& published) {
  page.family("muster_publish_names_total", MetricType::counter,
              "Names of services built, removed, put off to the end of their 20 ms, or too long to be published.");
  page.sample({{"result", "built"}}, static_cast<double>(published.puts));
  page.sample({{"result", "removed"}}, static_cast<double>(published.erasures));
  page.sample({{"result", "put_off"}}, static_cast<double>(published.put_off));
  page.sample({{"result", "too_long"}}, static_cast<double>(published.too_long));
  page.counter("muster_publish_drawn_by_weight_total",
               "Record sets of a hash policy with more members than it takes, drawn by weight instead, at "
               "each change.",
               static_cast<double>(published.beyond_hash));
  page.counter("muster_publish_strings_left_out_total",
               "Tags and properties left out of TXT records for want of room, and TXT records left out of a "
               "service's.",
               static_cast<double>(published.strings_left_out));
}

}  // namespace

void write_zones(Exposition& page, const ControlSnapshot& snapshot, const MetricSources& sources) {
  page.family("muster_zone_serial", MetricType::gauge, "SOA serial.");
  for (const auto& zone : snapshot.zones) page.sample({{"zone", zone.name}}, zone.serial);
  page.family("muster_zone_names", MetricType::gauge, "Names with records.");
  for (const auto& zone : snapshot.zones) page.sample({{"zone", zone.name}}, static_cast<double>(zone.names));
  page.family("muster_zone_load_failed", MetricType::gauge, "1 while the zone's file cannot be read.");
  for (const ZoneStatus& zone : sources.files) page.sample({{"zone", zone.name}}, zone.failed ? 1 : 0);
  page.family("muster_zone_loaded", MetricType::gauge, "1 while a version of the zone's file is served.");
  for (const ZoneStatus& zone : sources.files) page.sample({{"zone", zone.name}}, zone.loaded ? 1 : 0);
  page.family("muster_zone_updates_on_other_file", MetricType::gauge,
              "1 while stored DNS UPDATEs stand on top of another file than they were made on.");
  for (const ZoneStatus& zone : sources.files)
    page.sample({{"zone", zone.name}}, zone.updates_on_other_file ? 1 : 0);
  page.family("muster_zone_journal_bytes", MetricType::gauge,
              "Octets of differences kept for IXFR, of zones that may be transferred.");
  for (const auto& zone : snapshot.zones) {
    if (zone.transferable) page.sample({{"zone", zone.name}}, static_cast<double>(zone.journal_octets));
  }
  write_published(page, snapshot.published);
  write_table(page, snapshot.table);
}

}  // namespace muster::tools
