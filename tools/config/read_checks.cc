#include "tools/config/read_checks.h"

#include <algorithm>

#include "registry/api/native_names.h"
#include "registry/health/checkup.h"

namespace muster::config {

namespace {

namespace health = registry::health;
using health::CheckType;

DurationBounds bounds(const health::SpanBounds& span) { return {span.least, span.most}; }

// A fault of what a key says; "": none.
void pass(Section& section, std::string_view key, const std::string& fault) {
  if (!fault.empty()) section.error(key, fault);
}

void read_classes(Section& section, std::vector<health::ClassPattern>& to) {
  if (!section.has("error_codes")) return;
  to = section.list<health::ClassPattern>("error_codes", {}, "one of " + std::string(health::known_classes()),
                                          health::parse_class);
}

void read_retries(Section section, health::MachineRules& rules, health::Moved& moved) {
  rules.retries = static_cast<unsigned>(
      section.integer("retries_before_suspend", rules.retries, 0, health::kMostRetries));
  rules.retry_delay = section.duration("retry_delay", rules.retry_delay, bounds(health::kRetryDelayBounds));
  read_classes(section, moved.soft);
  section.finish();
}

void read_suspension(Section section, health::MachineRules& rules, health::Moved& moved) {
  const DurationBounds within = bounds(health::kSuspensionBounds);
  rules.initial_suspension = section.duration("initial_duration", rules.initial_suspension, within);
  rules.progression = section.number("progression_factor", rules.progression, 1, health::kMostProgression);
  rules.longest_suspension = section.duration(
      "maximum_duration", std::max(rules.longest_suspension, rules.initial_suspension), within);
  rules.reset_after = section.duration("reset_after", rules.reset_after, bounds(health::kLongBounds));
  if (rules.longest_suspension < rules.initial_suspension) {
    section.error("maximum_duration", "must not be shorter than initial_duration");
    rules.longest_suspension = rules.initial_suspension;
  }
  read_classes(section, moved.hard);
  section.finish();
}

void refuse_both(Section& section, const health::Moved& moved) {
  const std::string both = health::moved_both_ways(moved);
  if (both.empty()) return;
  section.error("suspend_on_failure",
                "and mark_as_timedout have " + both + " in their error_codes: a class counts one way");
}

// A part of a whole, in percent.
double read_part(Section& section, std::string_view key, double fallback) {
  return static_cast<double>(section.integer(key, static_cast<std::int64_t>(fallback * 100 + 0.5), 0, 100)) /
         100;
}

// Numbers and strings: 304, "200-299".
void read_statuses(Section& section, std::vector<health::StatusRange>& ok) {
  const toml::node* found = section.node("ok");
  if (found == nullptr) return;
  const toml::array* list = found->as_array();
  constexpr std::string_view kWanted =
      "must be a list of 1 to 16 statuses from 200 to 599, as 304 or \"200-299\"";
  if (list == nullptr || list->empty() || list->size() > health::kMaxCheckStatuses)
    return section.error("ok", kWanted);
  ok.clear();
  for (const toml::node& one : *list) {
    std::optional<health::StatusRange> range;
    if (const auto number = one.value_exact<std::int64_t>())
      range = health::parse_statuses(std::to_string(*number));
    if (const auto text = one.value_exact<std::string>()) range = health::parse_statuses(*text);
    if (!range) return section.error("ok", kWanted);
    ok.push_back(*range);
  }
}

void read_port(Section& section, health::Check& check) {
  const toml::node* found = section.node("port");
  if (found == nullptr) return;
  if (found->is_integer()) {
    check.port_number = static_cast<std::uint16_t>(section.integer("port", 1, 1, 65535));
  } else {
    check.port_name = section.text("port", "");
    if (const auto fault = registry::api::fault_of_port_name(check.port_name))
      section.error("port", "must be a port's number or name: " + *fault);
  }
}

void read_headers(Section& section, health::Headers& headers) {
  auto table = section.table("headers");
  if (!table) return;
  for (const auto& [key, value] : *section.node("headers")->as_table()) {
    const std::string name(key.str());
    const std::string text = table->text(key.str(), "");
    pass(section, "headers", health::fault_of_header(name, text));
    headers.emplace_back(name, text);
  }
  if (headers.size() > health::kMaxCheckHeaders) section.error("headers", "must be at most 16");
}

void read_http(Section& section, health::Check& check) {
  health::Look& look = check.look;
  look.path = section.text("path", look.path);
  look.method = section.choice("method", look.method, {"GET", "HEAD"});
  look.host = section.text("host", look.host);
  read_headers(section, look.headers);
  read_statuses(section, look.ok);
  look.body = section.text("body", look.body);
  pass(section, "path", health::fault_of_path(look.path));
  pass(section, "host", health::fault_of_host(look.host));
  pass(section, "body", health::fault_of_body(look));
}

void read_look(Section& section, health::Check& check, bool may_exec) {
  switch (check.type) {
    case CheckType::tcp: check.look.tls = section.flag("tls", false); break;
    case CheckType::http:
    case CheckType::https: read_http(section, check); break;
    case CheckType::exec:
      check.look.argv = section.texts("argv", {});
      if (check.look.argv.empty() || check.look.argv.front().empty())
        section.error("argv",
                      "is required: the program and its words, as [\"/usr/local/bin/check\", \"-q\"]");
      if (!may_exec) section.error("type", "\"exec\" runs programs: allow it with exec = true in [health]");
      break;
    case CheckType::ttl: return;
  }
  if (check.type == CheckType::exec) return read_port(section, check);
  if (check.type == CheckType::https || check.look.tls) {
    if (check.type == CheckType::tcp) {
      check.look.host = section.text("host", "");
      pass(section, "host", health::fault_of_host(check.look.host));
    }
    if (section.has("tls_verify")) check.look.verify = section.flag("tls_verify", true);
  }
  read_port(section, check);
}

CheckType type_of(Section& section) {
  const std::string word = section.choice("type", "tcp", {"tcp", "http", "https", "exec", "ttl"});
  if (!section.has("type")) section.error("type", "is required: tcp, http, https, exec or ttl");
  for (const CheckType type : {CheckType::http, CheckType::https, CheckType::exec, CheckType::ttl})
    if (to_string(type) == word) return type;
  return CheckType::tcp;
}

health::Check read_check(Section section, CheckRules rules, bool may_exec) {
  health::Check check;
  check.type = type_of(section);
  check.id = section.text("id", std::string(to_string(check.type)));
  read_check_rules(section, rules);
  if (section.has("fall") && section.has("suspend_on_failure"))
    section.error("fall", std::string(health::kFallSuspends));
  read_look(section, check, may_exec);
  check.timeout = rules.timeout;
  check.waits_on = rules.waits_on;
  check.begins_active = rules.begins_active;
  check.rules = health::machine_rules(rules);
  check.moved = rules.moved;
  if (check.type != CheckType::ttl && rules.timeout >= rules.interval)
    section.error("timeout", "must be shorter than the interval");
  section.finish();
  return check;
}

}  // namespace

void read_check_rules(Section& section, CheckRules& rules) {
  rules.interval = section.duration("interval", rules.interval, bounds(health::kIntervalBounds));
  rules.timeout = section.duration("timeout", rules.timeout, bounds(health::kTimeoutBounds));
  rules.waits_on =
      section.choice("action", rules.waits_on ? "report" : "discard", {"discard", "report"}) == "report";
  rules.begins_active = section.choice("initial", rules.begins_active ? "passing" : "starting",
                                       {"starting", "passing"}) == "passing";
  rules.machine.grace = section.duration("grace_period", rules.machine.grace, bounds(health::kLongBounds));
  rules.machine.rise =
      static_cast<unsigned>(section.integer("rise", rules.machine.rise, 1, health::kMostInARow));
  const bool is_retried = section.has("mark_as_timedout");
  if (auto retries = section.table("mark_as_timedout"))
    read_retries(std::move(*retries), rules.machine, rules.moved);
  if (auto suspension = section.table("suspend_on_failure"))
    read_suspension(std::move(*suspension), rules.machine, rules.moved);
  if (section.has("fall") && is_retried)
    section.error("fall", "and mark_as_timedout are two ways to say the same: choose one");
  if (is_retried) rules.fall.reset();
  if (section.has("fall"))
    rules.fall = static_cast<unsigned>(section.integer("fall", 3, 1, health::kMostInARow));
  section.node("fall");
  if (is_retried || section.has("suspend_on_failure")) refuse_both(section, rules.moved);
}

void read_service_health(Section& section, ServiceHealth& service) {
  service.hides_timedout =
      section.choice("timedout", service.hides_timedout ? "hide" : "serve", {"serve", "hide"}) == "hide";
  service.report_quorum = static_cast<unsigned>(
      section.integer("report_quorum", service.report_quorum, 1, registry::health::kMaxReporters));
  if (auto most = section.table("max_suspended_percent")) {
    service.most_suspended_by_checks = read_part(*most, "checks", service.most_suspended_by_checks);
    service.most_suspended_by_reports = read_part(*most, "reports", service.most_suspended_by_reports);
    most->finish();
  }
}

void read_health(Section& section, Health& health) {
  health.max_inflight = section.count("max_inflight", health.max_inflight, 1, 65'536);
  health.exec = section.flag("exec", health.exec);
  if (auto defaults = section.table("default")) {
    read_check_rules(*defaults, health.defaults.rules);
    read_service_health(*defaults, health.defaults.service);
    defaults->finish();
  }
  section.finish();
}

health::Checks read_checks(Section& section, const CheckRules& rules, bool may_exec) {
  health::Checks checks;
  for (Section& one : section.tables("check")) {
    checks.push_back(read_check(one, rules, may_exec));
    const std::string& id = checks.back().id;
    pass(one, "id", health::fault_of_check_id(id));
    if (std::ranges::count(checks, id, &health::Check::id) > 1)
      one.error("id", "\"" + id + "\" is another check's of this service: give each its own");
  }
  if (checks.size() > health::kMaxChecks) section.error("check", "must be at most 8");
  return checks;
}

}  // namespace muster::config
