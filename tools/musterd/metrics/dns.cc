#include <array>
#include <cmath>

#include "tools/musterd/metrics/page.h"

namespace muster::tools {

namespace {

constexpr std::array<std::string_view, dns::kTransports> kTransportNames = {"udp", "tcp"};
using Threads = std::vector<const dns::Counters*>;

template <class Pick>
double sum(const Threads& threads, Pick pick) {
  std::uint64_t total = 0;
  for (const dns::Counters* counters : threads) total += pick(*counters).value();
  return static_cast<double>(total);
}

// The threads' histograms of one kind, added up: a series a thread would say nothing more.
template <class Times>
void write_udp_histogram(Exposition& page, const dns::UdpServer& udp, const Times dns::UdpCounters::*which,
                         double unit) {
  std::vector<double> bounds;
  for (const std::uint64_t bound : Times::bounds())
    bounds.push_back(static_cast<double>(bound) / std::round(1 / unit));
  std::vector<std::uint64_t> counts(Times::kRanges);
  double total = 0;
  for (const dns::UdpCounters* thread : udp.counters()) {
    const auto ranges = (thread->*which).ranges();
    for (std::size_t i = 0; i < counts.size(); ++i) counts[i] += ranges[i];
    total += static_cast<double>((thread->*which).sum()) * unit;
  }
  page.histogram({{"transport", "udp"}}, bounds, counts, total);
}

void write_queries(Exposition& page, const Threads& threads) {
  page.family("muster_dns_queries_total", MetricType::counter, "Queries with a readable question.");
  for (std::size_t transport = 0; transport < dns::kTransports; ++transport) {
    for (std::size_t type = 0; type < dns::kTypeSlotNames.size(); ++type) {
      page.sample({{"transport", kTransportNames[transport]}, {"type", dns::kTypeSlotNames[type]}},
                  sum(threads, [&](const dns::Counters& c) -> const dns::Counter& {
                    return c.queries[transport][type];
                  }));
    }
  }
}

std::string rcode_name(std::size_t rcode) {
  static constexpr std::array<std::string_view, 7> kNames = {"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN",
                                                             "NOTIMP",  "REFUSED", "YXDOMAIN"};
  if (rcode < kNames.size()) return std::string(kNames[rcode]);
  switch (static_cast<dns::Rcode>(rcode)) {
    case dns::Rcode::notauth: return "NOTAUTH";
    case dns::Rcode::badvers: return "BADVERS";
    case dns::Rcode::badcookie: return "BADCOOKIE";
    default: return std::to_string(rcode);
  }
}

// A row whose zone is gone since keeps its count under "", together with replies of no zone and of zones past
// the last row.
void write_responses(Exposition& page, const Threads& threads, const ControlSnapshot& snapshot) {
  page.family("muster_dns_responses_total", MetricType::counter, "Replies; zone \"\" is none of ours.");
  std::array<std::string_view, dns::Counters::kZonesCounted + 1> names{};
  for (const ControlSnapshot::Zone& zone : snapshot.zones) {
    if (zone.row < dns::Counters::kNoZone) names[zone.row] = zone.name;
  }
  for (std::size_t rcode = 0; rcode < dns::Counters::kRcodes; ++rcode) {
    double of_none = 0;
    for (std::size_t row = 0; row < names.size(); ++row) {
      const double count = sum(
          threads, [&](const dns::Counters& c) -> const dns::Counter& { return c.responses[row][rcode]; });
      if (names[row].empty()) {
        of_none += count;
      } else if (count > 0) {
        page.sample({{"zone", names[row]}, {"rcode", rcode_name(rcode)}}, count);
      }
    }
    if (of_none > 0) page.sample({{"zone", ""}, {"rcode", rcode_name(rcode)}}, of_none);
  }
}

void write_dropped(Exposition& page, const Threads& threads, const dns::UdpServer& udp) {
  page.family("muster_dns_dropped_total", MetricType::counter, "Packets that got no reply.");
  for (std::size_t why = 0; why < dns::kDroppedNames.size(); ++why) {
    page.sample({{"reason", dns::kDroppedNames[why]}},
                sum(threads, [&](const dns::Counters& c) -> const dns::Counter& { return c.dropped[why]; }));
  }
  std::uint64_t full = 0;
  std::uint64_t failed = 0;
  for (const dns::UdpCounters* counters : udp.counters()) {
    full += counters->send_full.value();
    failed += counters->send_failed.value();
  }
  page.sample({{"reason", "send_full"}}, static_cast<double>(full));
  page.sample({{"reason", "send_failed"}}, static_cast<double>(failed));
}

void write_malformed(Exposition& page, const Threads& threads) {
  page.family("muster_dns_malformed_total", MetricType::counter, "Queries that could not be read.");
  for (std::size_t error = 0; error < dns::kWireErrors; ++error) {
    page.sample(
        {{"reason", dns::to_string(static_cast<dns::WireError>(error))}},
        sum(threads, [&](const dns::Counters& c) -> const dns::Counter& { return c.malformed[error]; }));
  }
}

// One family whose samples are an array of counters, each with its name as the label.
template <std::size_t N>
void write_kinds(Exposition& page, const Threads& threads, std::string_view label,
                 const std::array<std::string_view, N>& names,
                 std::array<dns::Counter, N> dns::Counters::*which) {
  for (std::size_t i = 0; i < N; ++i) {
    page.sample({{label, names[i]}},
                sum(threads, [&](const dns::Counters& c) -> const dns::Counter& { return (c.*which)[i]; }));
  }
}

void write_senders(Exposition& page, const Threads& threads) {
  page.family("muster_dns_tsig_total", MetricType::counter, "Signed queries.");
  write_kinds(page, threads, "result", dns::kTsigCheckNames, &dns::Counters::tsig);
  page.family("muster_dns_cookies_total", MetricType::counter, "Queries with a cookie.");
  write_kinds(page, threads, "result", dns::kCookieCheckNames, &dns::Counters::cookies);
  page.family("muster_dns_slipped_total", MetricType::counter,
              "Suppressed replies that went out small instead.");
  write_kinds(page, threads, "as", dns::kSlippedNames, &dns::Counters::slipped);
}

void write_timing(Exposition& page, const dns::UdpServer& udp, const dns::TcpCounters& tcp) {
  page.family("muster_dns_answer_seconds", MetricType::histogram,
              "From a packet in memory to its reply in memory; one query in 1,024.");
  write_udp_histogram(page, udp, &dns::UdpCounters::answer_times, 1e-9);
  page.histogram({{"transport", "tcp"}}, tcp.answer_times, 1e-9);
  page.family("muster_dns_batch_size", MetricType::histogram,
              "Queries that one receive call, or one turn of a connection, brought.");
  write_udp_histogram(page, udp, &dns::UdpCounters::batch_sizes, 1);
  page.histogram({{"transport", "tcp"}}, tcp.batch_sizes, 1);
}

void write_tcp(Exposition& page, const dns::TcpCounters& tcp) {
  page.gauge("muster_dns_tcp_connections", "Open TCP connections.", static_cast<double>(tcp.open.load()));
  page.counter("muster_dns_tcp_accepted_total", "TCP connections accepted.",
               static_cast<double>(tcp.accepted.load()));
  page.family("muster_dns_tcp_closed_total", MetricType::counter, "TCP connections that we closed.");
  page.sample({{"reason", "idle"}}, static_cast<double>(tcp.closed_idle.load()));
  page.sample({{"reason", "full"}}, static_cast<double>(tcp.closed_full.load()));
  page.sample({{"reason", "unread"}}, static_cast<double>(tcp.closed_unread.load()));
  page.sample({{"reason", "error"}}, static_cast<double>(tcp.closed_error.load()));
}

void write_transfers(Exposition& page, const MetricSources& sources) {
  page.family("muster_transfers_total", MetricType::counter, "Zone transfers that have ended.");
  for (const auto& [labels, count] : sources.transfers.ended) {
    const auto& [zone, kind, result] = labels;
    page.sample({{"zone", zone}, {"kind", kind}, {"result", result}}, static_cast<double>(count));
  }
  page.gauge("muster_transfers_running", "Zone transfers under way.",
             static_cast<double>(sources.transfers.running));
  page.family("muster_notify_total", MetricType::counter, "NOTIFY messages to secondaries, and what became of them.");
  for (const auto& [zone, results] : sources.notified) {
    for (std::size_t result = 0; result < results.size(); ++result) {
      page.sample({{"zone", zone}, {"result", dns::kNotifyResultNames[result]}},
                  static_cast<double>(results[result]));
    }
  }
}

}  // namespace

std::vector<const dns::Counters*> answering_threads(const dns::UdpServer& udp, const dns::TcpServer& tcp) {
  std::vector<const dns::Counters*> all = udp.answered();
  all.push_back(&tcp.answered());
  return all;
}

void write_dns(Exposition& page, const ControlSnapshot& snapshot, const MetricSources& sources) {
  const Threads threads = answering_threads(sources.udp, sources.tcp);
  write_queries(page, threads);
  write_responses(page, threads, snapshot);
  page.counter("muster_dns_truncated_total", "Replies that went out empty with TC.",
               sum(threads, [](const dns::Counters& c) -> const dns::Counter& { return c.truncated; }));
  write_dropped(page, threads, sources.udp);
  write_malformed(page, threads);
  write_senders(page, threads);
  write_timing(page, sources.udp, sources.tcp.counters());
  write_tcp(page, sources.tcp.counters());
  write_transfers(page, sources);
}

}  // namespace muster::tools
