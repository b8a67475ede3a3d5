// Where the metrics page reads: counters that any thread may read, and a snapshot of what belongs to the
// control thread, taken there in a few microseconds. Everything is written as text elsewhere.
#pragma once

#include <string>
#include <vector>

#include "dns/notify.h"
#include "dns/tcp_server.h"
#include "dns/transfers.h"
#include "dns/udp_server.h"
#include "dns/updates.h"
#include "registry/api/health_board.h"
#include "registry/api/watch.h"
#include "registry/control.h"
#include "registry/http/counters.h"
#include "registry/source_status.h"
#include "tools/musterd/file_zones.h"
#include "tools/musterd/foreign_names.h"
#include "tools/musterd/names.h"
#include "tools/musterd/probes.h"
#include "tools/musterd/transitions.h"
#include "tools/musterd/url_hosts.h"

namespace muster::tools {

// The series of single services are bounded: those after the first 10,000 by name are summed.
inline constexpr std::size_t kServicesShown = 10'000;
inline constexpr std::size_t kServicesASlice = 1'000;

struct ControlSnapshot {
  struct Zone {
    std::string name;
    std::size_t row = 0;  // in dns::Counters
    std::uint32_t serial = 0;
    std::size_t names = 0;
    bool transferable = false;
    std::size_t journal_octets = 0;
    std::uint64_t journal_dropped = 0;
    zones::ZoneHistory::Counts history;
  };
  registry::RegistryCounts registry;
  std::vector<Zone> zones;
  zones::NameTable::Stats table;
  zones::PublishCounters published;
  registry::health::PlanCounts probes;
  registry::HostCounts hosts;
};
ControlSnapshot take_snapshot(const registry::Registry& registry, Names& names);  // on the control thread

struct ReloadCounts {
  std::uint64_t ok = 0;
  std::uint64_t refused = 0;
};

struct MetricSources {
  const dns::UdpServer& udp;
  const dns::TcpServer& tcp;
  const dns::Transfers::Counts& transfers;
  const dns::Updates::Counts& updates;
  const dns::NotifySchedule::Counts& notified;
  std::uint64_t desk_refused = 0;
  const registry::Control& control;
  const registry::LatenessOf& lateness;
  const ProbeCounters& probes;
  const HostLookupCounters& host_lookups;
  const StateSteps& transitions;
  const registry::http::Counters& http;
  const registry::api::WatchCounters& watch;
  std::vector<ZoneStatus> files;
  ReloadCounts reloads;
  std::uint64_t log_suppressed = 0;
  net::Instant started;
  std::uint64_t rate_limit_displaced = 0;
  registry::api::HealthReport health;
  std::uint64_t dumps_refused = 0;
  std::uint64_t log_lines_dropped = 0;
  std::size_t forward_pending = 0;
  const ForeignNames* foreign = nullptr;  // null: names that are not ours are refused
  std::vector<registry::SourceStatus> schedulers{};
  net::Instant now{};
};

std::vector<const dns::Counters*> answering_threads(const dns::UdpServer& udp, const dns::TcpServer& tcp);

}  // namespace muster::tools
