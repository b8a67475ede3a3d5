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

// ---- /sources

void append_source_error(std::string& out, const SourceStatus& source) {
  out += ",\"error\":";
  if (!source.error) {
    out += "null";
    return;
  }
  out += "{\"kind\":";
  append_string(out, source.error->kind);
  out += ",\"message\":";
  append_string(out, source.error->message);
  out += ",\"at\":";
  append_time(out, source.error->at);
  out += '}';
}

void append_excluded(std::string& out, const SourceStatus& source) {
  out += ",\"excluded\":{";
  for (const auto& [reason, count] : source.excluded) {
    if (out.back() != '{') out += ',';
    append_string(out, reason);
    out += ':';
    append_number(out, std::uint64_t{count});
  }
  out += '}';
}

void append_last_success(std::string& out, const SourceStatus& source, WallTime now) {
  out += ",\"last_success\":";
  if (!source.last_success) {
    out += "null,\"age_ms\":null";
    return;
  }
  append_time(out, *source.last_success);
  out += ",\"age_ms\":";
  append_number(out, std::int64_t{(now - *source.last_success).count()});
}

void append_stored(std::string& out, const SourceStatus& source) {
  out += ",\"stored\":";
  if (!source.stored) {
    out += "null";
    return;
  }
  out += "{\"learnt_at\":";
  append_time(out, source.stored->learnt_at);
  append_count(out, "octets", source.stored->octets);
  out += '}';
}

void append_source(std::string& out, const SourceStatus& source, WallTime now) {
  out += "{\"name\":";
  append_string(out, source.name);
  out += ",\"type\":";
  append_string(out, source.type);
  out += ",\"state\":";
  append_string(out, source.state);
  out += ",\"mode\":";
  append_string(out, source.mode);
  out += ",\"endpoint\":";
  append_string_or_null(out, source.endpoint);
  out += ",\"leader\":";
  append_string_or_null(out, source.leader);
  append_last_success(out, source, now);
  out += ",\"from_store\":";
  append_bool(out, source.from_store);
  append_stored(out, source);
  append_count(out, "held", source.held);
  out += ",\"instances\":{\"total\":";
  append_number(out, std::uint64_t{source.total});
  append_count(out, "routable", source.routable);
  out += '}';
  append_excluded(out, source);
  append_source_error(out, source);
  append_count(out, "consecutive_errors", source.consecutive_errors);
  append_count(out, "fetches", source.fetches);
  append_count(out, "bytes", source.bytes);
  append_count(out, "events", source.events);
  append_count(out, "reconnects", source.reconnects);
  out += '}';
}

void get_sources(CallPtr call) {
  const auto& sources = call->context->outside.sources;
  std::string out = "{\"sources\":[";
  const auto now = call->context->outside.now().wall;
  for (const SourceStatus& source : sources ? sources() : std::vector<SourceStatus>{}) {
    if (out.back() == '}') out += ',';
    append_source(out, source, now);
  }
  call->send(200, out.append("]}"));
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
  add_route(router, context, {"GET", "/api/v1/sources", Scope::read, get_sources});
  add_probe(router, context, "/api/v1/health", get_health);
  add_probe(router, context, "/healthz", get_healthz);
  add_probe(router, context, "/readyz", get_readyz);
}

}  // namespace muster::registry::api
