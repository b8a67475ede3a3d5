// Where services come from besides this API: how each source fares, and what an operator may ask of one. What
// is asked is done by the source itself, soon after the reply.
#include "registry/api/call.h"
#include "registry/api/json_text.h"

namespace muster::registry::api {
namespace {

using http::Scope;

void append_count(std::string& out, std::string_view name, std::uint64_t count) {
  out.append(",\"").append(name).append("\":");
  append_number(out, count);
}

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
  std::uint64_t events = 0;
  for (const auto& [type, count] : source.events) events += count;
  append_count(out, "events", events);
  append_count(out, "reconnects", source.reconnects);
  out += '}';
}

std::vector<SourceStatus> sources_of(const Call& call) {
  const auto& sources = call.context->outside.sources;
  return sources ? sources() : std::vector<SourceStatus>{};
}

// Null: there is none of that name, which has been answered.
const SourceStatus* find_source(Call& call, const std::vector<SourceStatus>& all) {
  const std::string& name = call.capture(0);
  std::string names;
  for (const SourceStatus& source : all) {
    if (source.name == name) return &source;
    names += (names.empty() ? "" : ", ") + source.name;
  }
  call.refuse({ErrorCode::not_found,
               "there is no source " + name + (names.empty() ? "" : "; the sources are " + names)});
  return nullptr;
}

void get_sources(CallPtr call) {
  std::string out = "{\"sources\":[";
  const auto now = call->context->outside.now().wall;
  for (const SourceStatus& source : sources_of(*call)) {
    if (out.back() == '}') out += ',';
    append_source(out, source, now);
  }
  call->send(200, out.append("]}"));
}

void get_source(CallPtr call) {
  const auto all = sources_of(*call);
  const SourceStatus* source = find_source(*call, all);
  if (source == nullptr) return;
  std::string out;
  append_source(out, *source, call->context->outside.now().wall);
  call->send(200, std::move(out));
}

// 202: the source has been told. `held` counts those that were held then.
void tell_source(const CallPtr& call, const TellSource& tell) {
  const auto all = sources_of(*call);
  const SourceStatus* source = find_source(*call, all);
  if (source == nullptr) return;
  if (!tell || !tell(source->name))
    return call->refuse(
        {ErrorCode::not_found, "the source " + source->name +
                                   " asks nobody: what it lists is in the configuration, which "
                                   "`muster reload` reads again"});
  std::string out = "{\"source\":";
  append_string(out, source->name);
  append_count(out, "held", source->held);
  call->send(202, out.append("}"));
}

void post_resync(CallPtr call) { tell_source(call, call->context->outside.resync); }
void post_accept(CallPtr call) { tell_source(call, call->context->outside.accept); }

}  // namespace

void add_source_routes(http::Router& router, const std::shared_ptr<Context>& context) {
  add_route(router, context, {"GET", "/api/v1/sources", Scope::read, get_sources});
  add_route(router, context, {"GET", "/api/v1/sources/{source}", Scope::read, get_source});
  add_route(router, context, {"POST", "/api/v1/sources/{source}/resync", Scope::admin, post_resync});
  add_route(router, context, {"POST", "/api/v1/sources/{source}/accept", Scope::admin, post_accept});
}

}  // namespace muster::registry::api
