#include "registry/api/health_board.h"

#include <algorithm>

#include "registry/api/json_text.h"

namespace muster::registry::api {
namespace {

HealthStatus weight_of(const HealthCheck& check, HealthStatus status) {
  return status == HealthStatus::fail && !check.critical ? HealthStatus::warn : status;
}

void append_line(std::string& out, const HealthLine& line) {
  out += "{\"name\":";
  append_string(out, line.name);
  out += ",\"status\":";
  append_string(out, to_string(line.verdict.status));
  out += ",\"output\":";
  append_string(out, line.verdict.output);
  out += ",\"since\":";
  append_time(out, line.since);
  out += '}';
}

}  // namespace

std::string_view to_string(HealthStatus status) {
  switch (status) {
    case HealthStatus::pass: return "pass";
    case HealthStatus::warn: return "warn";
    case HealthStatus::fail: return "fail";
  }
  return "";
}

HealthBoard::HealthBoard(std::vector<HealthCheck> checks)
    : checks_(std::move(checks)), seen_(checks_.size()) {}

HealthLine HealthBoard::look(std::size_t index, net::WallTime now) {
  HealthVerdict verdict = checks_[index].run();
  const std::lock_guard lock(mutex_);
  Seen& seen = seen_[index];
  if (!seen.ever || seen.status != verdict.status) seen = {verdict.status, now, true};
  return {checks_[index].name, std::move(verdict), seen.since};
}

HealthReport HealthBoard::report(net::WallTime now) {
  HealthReport report;
  for (std::size_t i = 0; i < checks_.size(); ++i) {
    const HealthLine& line = report.checks.emplace_back(look(i, now));
    report.status = std::max(report.status, weight_of(checks_[i], line.verdict.status));
  }
  return report;
}

std::string health_json(const HealthReport& report) {
  std::string out = "{\"status\":";
  append_string(out, to_string(report.status));
  out += ",\"checks\":[";
  for (const HealthLine& line : report.checks) {
    if (&line != &report.checks.front()) out += ',';
    append_line(out, line);
  }
  return out.append("]}");
}

}  // namespace muster::registry::api
