#include "tools/musterd/dns_log.h"

#include "tools/musterd/log.h"

namespace muster::tools {

namespace {

bool may_write(LineBudget& lines, LogLevel level, std::string_view event) {
  if (!log_enabled(level)) return false;
  const net::SteadyTime now = net::machine_now().steady;
  if (const std::uint64_t count = lines.settle(now))
    log(LogLevel::warning, event, {{"suppressed", std::to_string(count)}});
  return lines.take(now);
}

}  // namespace

// A look at the serial is no transfer.
void DnsLog::write(const dns::TransferReport& report) {
  const bool sent = report.result == "sent";
  const LogLevel level = !sent ? LogLevel::warning : report.kind == "soa" ? LogLevel::debug : LogLevel::info;
  if (!may_write(transfers_, level, "transfer")) return;
  log(level, "transfer",
      {{"zone", report.zone},
       {"kind", std::string(report.kind)},
       {"result", std::string(report.result)},
       {"client", net::to_string(report.client)},
       {"serial", std::to_string(report.serial)},
       {"records", std::to_string(report.records)},
       {"octets", std::to_string(report.octets)},
       {"took_ms", std::to_string(report.took.count())}});
}

void DnsLog::write(const dns::Updates::Report& report) {
  const LogLevel level = report.result == "applied" ? LogLevel::info : LogLevel::warning;
  if (!may_write(updates_, level, "update")) return;
  log(level, "update",
      {{"zone", report.zone},
       {"result", std::string(report.result)},
       {"client", net::to_string(report.client)},
       {"by", report.by},
       {"reason", report.reason}});
}

}  // namespace muster::tools
