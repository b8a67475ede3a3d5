// How musterd itself is: /status for people and the command line, /healthz and /readyz for those who restart
// and route, /api/v1/health for those who want to know why.
#include "registry/api/call.h"
#include "registry/api/json_text.h"

namespace muster::registry::api {
namespace {

using http::Scope;
constexpr Millis kAliveWithin{5'000};

void append_strings(std::string& out, const std::vector<std::string>& texts) {
  out += '[';
  for (const std::string& text : texts) {
    if (&text != &texts.front()) out += ',';
    append_string(out, text);
  }
  out += ']';
}

void append_count(std::string& out, std::string_view name, std::uint64_t count) {
  out.append(",\"").append(name).append("\":");
  append_number(out, count);
}

// ---- /status

void append_store(std::string& out, const ServerFacts& facts) {
  out += ",\"store\":{\"kind\":";
  append_string(out, facts.store_kind);
  out += ",\"healthy\":";
  append_bool(out, facts.store.healthy);
  out += ",\"error\":";
  append_string_or_null(out, facts.store.last_error);
  append_count(out, "pending_rows", facts.store.pending_rows);
  append_count(out, "commits", facts.store.commits);
  append_count(out, "errors", facts.store.errors);
  out += '}';
}

void append_counts(std::string& out, const RegistryCounts& counts) {
  append_count(out, "services", counts.services);
  append_count(out, "instances", counts.instances);
  append_count(out, "tombstones", counts.tombstones);
  append_count(out, "expired", counts.expired);
  out += ",\"protection\":{\"suspects\":";
  append_number(out, std::uint64_t{counts.suspects});
  out += '}';
}

std::string status_json(const ServerFacts& facts, const std::string& epoch, std::uint64_t revision,
                        const RegistryCounts& counts) {
  std::string out = "{\"name\":";
  append_string(out, facts.name);
  out += ",\"version\":";
  append_string(out, facts.version);
  out += ",\"started_at\":";
  append_time(out, facts.started_at);
  out += ",\"epoch\":";
  append_string(out, epoch);
  append_count(out, "revision", revision);
  append_counts(out, counts);
  append_store(out, facts);
  out += ",\"cluster\":null,\"dns\":";
  append_strings(out, facts.dns);
  out += ",\"http\":";
  append_strings(out, facts.http);
  out += ",\"zones\":";
  append_strings(out, facts.zones);
  return out.append("}");
}

void get_status(CallPtr call) {
  on_control(call, [call](Turn& turn) {
    const auto counts = turn.registry.counts();
    turn.after_visible([call, counts, revision = turn.registry.revision()](Durability) {
      const auto& facts = call->context->outside.facts;
      call->send(200, status_json(facts ? facts() : ServerFacts{}, call->context->epoch, revision, counts));
    });
  });
}

// ---- probes

void get_health(CallPtr call) {
  const auto report = call->context->health.report(call->context->outside.now().wall);
  call->send(report.status == HealthStatus::fail ? 503 : 200, health_json(report));
}

// Never asks the store, and never the control thread itself: a hanging one would hang the answer too.
void get_healthz(CallPtr call) {
  const Millis silent = call->context->outside.now().steady - call->context->outside.last_tick();
  if (silent <= kAliveWithin) return call->send_as(200, "text/plain; charset=utf-8", "ok\n");
  std::string text = "the control loop has not ticked for " + std::to_string(silent.count()) + " ms\n";
  call->send_as(503, "text/plain; charset=utf-8", std::move(text), {{"Retry-After", "1"}});
}

void append_missing(std::string& out, const Missing& missing) {
  out += "{\"what\":";
  append_string(out, missing.what);
  out += ",\"name\":";
  append_string(out, missing.name);
  out += ",\"reason\":";
  append_string(out, missing.reason);
  out += '}';
}

void get_readyz(CallPtr call) {
  const auto& ask = call->context->outside.missing;
  const auto missing = ask ? ask() : std::vector<Missing>{};
  std::string out = "[";
  for (const Missing& each : missing) {
    if (out.size() > 1) out += ',';
    append_missing(out, each);
  }
  out += ']';
  if (missing.empty()) return call->send(200, std::move(out));
  call->send(503, std::move(out), {{"Retry-After", "1"}});
}

void add_probe(http::Router& router, const std::shared_ptr<Context>& context, std::string_view path,
               void (*handle)(CallPtr)) {
  add_route(router, context,
            {.method = "GET", .pattern = path, .scope = Scope::open, .handle = handle, .json_only = false});
}

}  // namespace

void add_status_routes(http::Router& router, const std::shared_ptr<Context>& context) {
  add_route(router, context, {"GET", "/api/v1/status", Scope::read, get_status});
  add_probe(router, context, "/api/v1/health", get_health);
  add_probe(router, context, "/healthz", get_healthz);
  add_probe(router, context, "/readyz", get_readyz);
}

}  // namespace muster::registry::api
