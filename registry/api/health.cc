// How instances fare by their checks, and what others report of them.
#include <cmath>

#include "registry/api/body_reader.h"
#include "registry/api/call.h"
#include "registry/api/instance_json.h"
#include "registry/api/json_members.h"
#include "registry/api/json_text.h"

namespace muster::registry::api {
namespace {

namespace json = boost::json;
using http::Scope;

void append_time_or_null(std::string& out, std::optional<WallTime> time) {
  if (time) return append_time(out, *time);
  out += "null";
}

void append_verdict(std::string& out, const WatchView& watch) {
  if (!watch.last_at) {
    out += "null";
    return;
  }
  const health::Verdict& last = watch.last;
  out += "{\"at\":";
  append_time(out, *watch.last_at);
  out += ",\"result\":";
  append_string(out, health::to_string(last.severity));
  out += ",\"class\":";
  append_string_or_null(out, health::class_text(last.failure, last.http_status));
  out += ",\"detail\":";
  append_string_or_null(out, last.detail);
  out += ",\"http_status\":";
  if (last.http_status == 0)
    out += "null";
  else
    append_number(out, std::uint64_t{last.http_status});
  out += ",\"latency_ms\":";
  append_number(out, static_cast<double>(last.latency.count()) / 1000);
  out += '}';
}

void append_counts(std::string& out, const health::VerdictCounts& counts, bool of_probes) {
  out += "{\"ok\":";
  append_number(out, counts.ok);
  out += ",\"soft\":";
  append_number(out, counts.soft);
  out += ",\"hard\":";
  append_number(out, counts.hard);
  if (of_probes) {
    out += ",\"late\":";
    append_number(out, counts.late);
    out += ",\"local\":";
    append_number(out, counts.local);
  }
  out += '}';
}

void append_state(std::string& out, const WatchView& watch) {
  out += "\"state\":";
  append_string(out, to_string(watch.state));
  out += ",\"since\":";
  append_time(out, watch.since);
  out += ",\"until\":";
  append_time_or_null(out, watch.until);
  out += ",\"retries_left\":";
  append_number(out, std::uint64_t{watch.retries_left});
  out += ",\"suspension_ms\":";
  append_number(out, std::int64_t{watch.suspension.count()});
  out += ",\"suspensions\":";
  append_number(out, std::uint64_t{watch.suspensions});
  out += ",\"capped\":";
  append_bool(out, watch.capped);
  out += ",\"last\":";
  append_verdict(out, watch);
}

// Null: not measured.
void append_ewma(std::string& out, double latency_ms) {
  if (latency_ms > 0) {
    append_number(out, std::round(latency_ms * 1000) / 1000, true);
  } else {
    out += "null";
  }
}

void append_check(std::string& out, const WatchView& watch) {
  out += "{\"id\":";
  append_string(out, watch.id);
  out += ",\"type\":";
  append_string(out, watch.type);
  out += ",\"target\":";
  append_string_or_null(out, watch.target);
  out += ',';
  append_state(out, watch);
  out += ",\"next\":";
  append_time_or_null(out, watch.next);
  out += ",\"shared_with\":";
  append_number(out, std::uint64_t{watch.shared_with});
  out += ",\"ewma_ms\":";
  append_ewma(out, watch.latency_ms);
  out += ",\"counts\":";
  append_counts(out, watch.counts, true);
  out += '}';
}

void append_history(std::string& out, const std::vector<health::Passage>& history) {
  out += '[';
  for (const health::Passage& step : history) {
    if (out.back() != '[') out += ',';
    out += "{\"at\":";
    append_time(out, step.at);
    out += ",\"from\":";
    append_string(out, to_string(step.from));
    out += ",\"to\":";
    append_string(out, to_string(step.to));
    out += ",\"cause\":";
    append_string(out, step.cause);
    out += '}';
  }
  out += ']';
}

// What the registry knows of one instance's health, taken at one moment.
struct InstanceHealth {
  HealthView view;
  Reason reason = Reason::ok;
  LeaseView lease;
  std::optional<OverlayEntry> admin;  // the entry that its admin mode comes from
  AnswerWeight weight;
};

// What its state comes from: the first of the worst. Null: it has no checks, nor has anybody reported.
const WatchView* decisive(const HealthView& view) {
  const WatchView* worst = nullptr;
  const auto judge = [&](const WatchView& watch) {
    if (worst == nullptr || health::badness(watch.state) > health::badness(worst->state)) worst = &watch;
  };
  for (const WatchView& watch : view.checks) judge(watch);
  if (view.reports) judge(*view.reports);
  return worst;
}

void append_where(std::string& out, const InstanceBody& body) {
  out += ",\"address\":";
  append_string_or_null(out, body.addresses.empty() ? "" : net::to_string(body.addresses.front()));
  out += ",\"port\":";
  if (body.ports.empty())
    out += "null";
  else
    append_number(out, std::uint64_t{body.ports.front().number});
}

void append_admin(std::string& out, const Instance& instance, const std::optional<OverlayEntry>& entry) {
  out += ",\"admin\":{\"mode\":";
  append_string(out, to_string(instance.admin));
  out += ",\"reason\":";
  append_string_or_null(out, entry ? entry->reason : "");
  out += ",\"match\":";
  append_string_or_null(out, entry ? entry->match : "");
  out += ",\"expires_at\":";
  append_time_or_null(out, entry ? entry->expires_at : std::nullopt);
  out += '}';
}

// Figures that change with every look, to the thousandth.
void append_rounded(std::string& out, double value) {
  append_number(out, std::round(value * 1000) / 1000, true);
}

void append_rank(std::string& out, const HealthView& view, const AnswerWeight& weight) {
  const Instance& instance = *view.instance;
  out += ",\"source\":{\"name\":";
  append_string_or_null(out, instance.sources.empty() ? "" : instance.sources.front().name);
  out += ",\"health\":";
  append_string_or_null(out, view.source ? to_string(view.source->state) : std::string_view());
  out += "},\"priority\":";
  append_number(out, std::uint64_t{instance.body->priority_or_default()});
  out += ",\"weight\":{\"registered\":";
  append_number(out, std::uint64_t{instance.body->weight_or_default()});
  out += ",\"effective\":";
  append_rounded(out, weight.effective);
  out += ",\"srv\":";
  append_number(out, std::uint64_t{weight.srv});
  out += ",\"slow_start\":";
  append_rounded(out, instance.ramp);
  out += ",\"response_time\":";
  append_rounded(out, weight.response_time);
  out += ",\"success_share\":";
  append_rounded(out, view.success);
  out += "},\"ewma_ms\":";
  append_ewma(out, view.latency_ms);
}

void append_standing(std::string& out, const InstanceHealth& health) {
  const HealthView& view = health.view;
  const Instance& instance = *view.instance;
  const WatchView* watch = decisive(view);
  out += ",\"state\":";
  append_string(out, to_string(instance.state));
  out += ",\"real_state\":";
  append_string(out, to_string(view.real_state));
  out += ",\"ready\":";
  append_bool(out, instance.serving);
  out += ",\"capped\":";
  append_bool(out, watch != nullptr && watch->capped);
  out += ",\"reason\":";
  append_string(out, reason_text(health.reason, instance));
  out += ",\"since\":";
  append_time_or_null(out, watch != nullptr ? std::optional(watch->since) : std::nullopt);
  out += ",\"until\":";
  append_time_or_null(out, watch != nullptr ? watch->until : std::nullopt);
  out += ",\"next_probe\":";
  append_time_or_null(out, watch != nullptr ? watch->next : std::nullopt);
  out += ",\"retries_left\":";
  append_number(out, std::uint64_t{watch != nullptr ? watch->retries_left : 0});
  out += ",\"suspension_ms\":";
  append_number(out, std::int64_t{watch != nullptr ? watch->suspension.count() : 0});
  out += ",\"suspensions\":";
  append_number(out, std::uint64_t{watch != nullptr ? watch->suspensions : 0});
}

std::string instance_health_json(const InstanceHealth& health) {
  const HealthView& view = health.view;
  std::string out = "{\"service\":";
  append_string(out, view.instance->service);
  out += ",\"id\":";
  append_string(out, view.instance->id);
  append_where(out, *view.instance->body);
  append_standing(out, health);
  append_admin(out, *view.instance, health.admin);
  append_lease(out, health.lease, true);
  append_rank(out, view, health.weight);
  out += ",\"checks\":[";
  for (const WatchView& watch : view.checks) {
    if (out.back() != '[') out += ',';
    append_check(out, watch);
  }
  out += "],\"reports\":";
  if (view.reports) {
    out += '{';
    append_state(out, *view.reports);
    out += ",\"counts\":";
    append_counts(out, view.reports->counts, false);
    out += '}';
  } else {
    out += "null";
  }
  out += ",\"history\":";
  append_history(out, view.history);
  return out.append("}");
}

std::optional<OverlayEntry> mode_entry(const Registry& registry, const Instance& instance, Instant now) {
  const auto explanation = registry.explain(instance.service, instance.id, now);
  std::optional<OverlayEntry> found;
  if (!explanation) return found;
  for (const OverlayEntry& entry : explanation->overlay)
    if (entry.mode) found = entry;  // later ones win
  return found;
}

void get_instance_health(CallPtr call) {
  on_control(call, [call](Turn& turn) {
    const std::string &service = call->capture(0), &id = call->capture(1);
    auto view = turn.registry.health_of(service, id, turn.now);
    if (!view) return call->refuse(missing_instance(turn.registry, service));
    InstanceHealth health;
    const Instance& instance = *view->instance;
    health.reason = reason_among(instance, turn.registry.best_tier_of(instance.service));
    health.lease = turn.registry.lease_of(instance.service, instance.id, turn.now);
    if (instance.admin != AdminMode::automatic) health.admin = mode_entry(turn.registry, instance, turn.now);
    if (const auto& weight_of = call->context->outside.weight_of) health.weight = weight_of(instance);
    health.view = std::move(*view);
    turn.after_visible(
        [call, health = std::move(health)](Durability) { call->send(200, instance_health_json(health)); });
  });
}

// ---- reports

struct ReportDraft {
  Report report;
  std::string result;
};

bool read_result(const json::value& value, const Place& at, Reading& reading, ReportDraft& out) {
  for (const health::Severity severity :
       {health::Severity::ok, health::Severity::soft, health::Severity::hard}) {
    if (!value.is_string() || std::string_view(value.get_string()) != health::to_string(severity)) continue;
    out.report.verdict.severity = severity;
    out.result = health::to_string(severity);
    return true;
  }
  return reading.must_be(at, "one of ok, soft and hard");
}

bool read_class(const json::value& value, const Place& at, Reading& reading, ReportDraft& out) {
  const auto pattern = value.is_string() ? health::parse_class(value.get_string()) : std::nullopt;
  if (!pattern || pattern->first != pattern->last)
    return reading.must_be(at, "one of " + std::string(health::known_classes()) + " (but no 5xx)");
  out.report.verdict.failure = pattern->failure;
  out.report.verdict.http_status = pattern->first;
  return true;
}

bool read_latency(const json::value& value, const Place& at, Reading& reading, ReportDraft& out) {
  double millis = 0;
  if (!read_number(value, at, reading, millis)) return false;
  if (millis < 0 || millis > 3'600'000) return reading.must_be(at, "milliseconds, 0 to 3600000");
  out.report.verdict.latency = std::chrono::microseconds(static_cast<std::int64_t>(millis * 1000));
  return true;
}

bool read_reporter(const json::value& value, const Place& at, Reading& reading, ReportDraft& out) {
  return read_text(value, at, reading, 64, out.report.reporter);
}

constexpr Member<ReportDraft> kReportMembers[] = {{"result", read_result},
                                                  {"class", read_class},
                                                  {"latency_ms", read_latency},
                                                  {"reporter", read_reporter}};

ReadResult<Report> read_report(std::string_view body, const ReadContext& context) {
  auto draft = read_document<ReportDraft>(
      body, context, [](const json::value& root, const Place& at, Reading& reading, ReportDraft& out) {
        if (!read_object(root, at, reading, kReportMembers, out)) return false;
        if (out.result.empty()) return reading.must_be(member_of(at, "result"), "given: ok, soft or hard");
        health::Verdict& verdict = out.report.verdict;
        const bool is_well = verdict.severity == health::Severity::ok;
        if (is_well && verdict.failure != health::FailureClass::none)
          return reading.must_be(member_of(at, "class"), "left out where the result is ok");
        if (!is_well && verdict.failure == health::FailureClass::none)
          verdict.failure = health::FailureClass::reported;
        return true;
      });
  if (!draft) return draft.error();
  return std::move(draft->report);
}

void put_report(CallPtr call) {
  auto report = read_report(call->request.body, call->read_context());
  if (!report) return call->refuse(report.error());
  report->service = call->capture(0);
  report->id = call->capture(1);
  report->by = call->request.caller.shown();
  if (report->reporter.empty()) report->reporter = report->by;
  on_control_briefly(call, [call, report = std::move(*report)](Turn& turn) mutable {
    auto outcome = turn.registry.apply(std::move(report), turn.now);
    if (!outcome) return call->refuse(api_error(outcome.error()));
    turn.after_visible([call](Durability) { call->send(202, "{}"); });
  });
}

// ---- a service

void append_service_health(std::string& out, const ServiceView& view, const StateCounts& states,
                           const ServiceAnswer& answer) {
  out += "{\"service\":";
  append_string(out, view.name);
  out += ",\"policy\":";
  append_string(out, view.policy);
  out += ",\"panic\":";
  append_bool(out, answer.in_panic);
  out += ",\"ttl\":";
  append_number(out, std::uint64_t{answer.ttl});
  out += ",\"ready\":";
  append_number(out, std::uint64_t{states.fit});
  out += ",\"candidates\":";
  append_number(out, std::uint64_t{states.candidates});
  out += ",\"by_state\":{";
  for (std::size_t state = 0; state < kStates; ++state) {
    if (out.back() != '{') out += ',';
    append_string(out, to_string(static_cast<State>(state)));
    out += ':';
    append_number(out, std::uint64_t{states.by_state[state]});
  }
  out += "},\"instances\":[";
  for (const InstancePtr& instance : view.instances) {
    if (out.back() != '[') out += ',';
    out += "{\"id\":";
    append_string(out, instance->id);
    out += ",\"state\":";
    append_string(out, to_string(instance->state));
    out += ",\"ready\":";
    append_bool(out, instance->serving);
    out += ",\"reason\":";
    append_string(out, reason_text(reason_among(*instance, view.best_tier), *instance));
    out += '}';
  }
  out += "]}";
}

void get_service_health(CallPtr call) {
  on_control(call, [call](Turn& turn) {
    const std::string& service = call->capture(0);
    ServiceView view = turn.registry.view(service, turn.now);
    if (!view.known)
      return call->refuse({ErrorCode::unknown_service, "no such service: see GET /api/v1/services"});
    StateCounts states;
    for (const InstancePtr& instance : view.instances) states.add(*instance);
    ServiceAnswer answer;
    if (const auto& answer_of = call->context->outside.answer_of) answer = answer_of(view.name);
    turn.after_visible([call, view = std::move(view), states, answer](Durability) {
      std::string out;
      append_service_health(out, view, states, answer);
      call->send(200, std::move(out));
    });
  });
}

}  // namespace

void add_health_routes(http::Router& router, const std::shared_ptr<Context>& context) {
  constexpr std::string_view kHealth = "/api/v1/services/{service}/instances/{id}/health";
  constexpr std::string_view kReport = "/api/v1/services/{service}/instances/{id}/report";
  add_route(router, context, {"GET", "/api/v1/services/{service}/health", Scope::read, get_service_health});
  add_route(router, context, {"GET", kHealth, Scope::read, get_instance_health});
  add_route(router, context, {"PUT", kReport, Scope::write, put_report});
  add_route(router, context, {"POST", kReport, Scope::write, put_report});
}

}  // namespace muster::registry::api
