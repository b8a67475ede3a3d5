// Reload, statistics, and a zone as a master file: what the wiring does, put into HTTP.
#include "registry/api/call.h"
#include "registry/api/json_text.h"

namespace muster::registry::api {
namespace {

using http::Scope;

void append_names(std::string& out, std::string_view member, const std::vector<std::string>& names) {
  append_string(out, member);
  out += ":[";
  for (const std::string& name : names) {
    if (&name != &names.front()) out += ',';
    append_string(out, name);
  }
  out += ']';
}

std::string report_members(const ReloadReport& report) {
  std::string out;
  append_names(out, "changed", report.changed);
  out += ',';
  append_names(out, "needs_restart", report.needs_restart);
  return out;
}

std::string joined(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out.append(out.empty() ? "" : "; ").append(text);
  return out;
}

// The other changes of the reload stand; the reply names them beside the refusal.
ApiError zone_has_updates(const ReloadReport& report) {
  const std::string& zone = report.zones_with_updates.front();
  ApiError error;
  error.code = ErrorCode::zone_has_updates;
  error.message = "the file changed, but the store holds updates of the zone, which stays as it is: " +
                  joined(report.zones_with_updates) + "; see them with `muster dump " + zone +
                  "`, drop them with `muster reload --discard " + zone + "`";
  error.more = "," + report_members(report) + ",";
  append_names(error.more, "zones", report.zones_with_updates);
  return error;
}

void send_report(Call& call, const ReloadReport& report) {
  if (!report.errors.empty())
    return call.refuse(
        {ErrorCode::invalid_field,
         (report.taken_over ? "the configuration is in force, but for this, which stays as it was: "
                            : "nothing was changed: ") +
             joined(report.errors)});
  if (!report.zones_with_updates.empty()) return call.refuse(zone_has_updates(report));
  call.send(200, "{" + report_members(report) + "}");
}

void post_reload(CallPtr call) {
  const auto& reload = call->context->outside.reload;
  if (!reload) return call->refuse({ErrorCode::not_found, "this server has no configuration file to reload"});
  auto discard = read_reload(call->request.body);
  if (!discard) return call->refuse(discard.error());
  reload(std::move(*discard), [call](ReloadReport report) { send_report(*call, report); });
}

void get_stats(CallPtr call) {
  const auto& stats = call->context->outside.stats;
  if (!stats) return call->refuse({ErrorCode::not_found, "this server keeps no statistics"});
  std::string out = "{";
  for (const auto& [name, value] : stats()) {
    if (out.size() > 1) out += ',';
    append_string(out, name);
    out += ':';
    append_number(out, value);
  }
  call->send(200, out.append("}"));
}

// RFC 4027: a master file is text/dns.
void get_zone(CallPtr call) {
  const auto& zone_text = call->context->outside.zone_text;
  if (!zone_text) return call->refuse({ErrorCode::not_found, "this server has no zones"});
  zone_text(call->capture(0), [call](ZoneText zone) {
    if (zone.outcome == ZoneText::Outcome::unknown)
      return call->refuse({ErrorCode::not_found, "no such zone: GET /api/v1/status lists them"});
    if (zone.outcome == ZoneText::Outcome::busy)
      return call->refuse({ErrorCode::out_of_capacity, "as many zones wait to be written as may: try again soon"});
    call->send_as(200, "text/dns; charset=utf-8", std::move(zone.text));
  });
}

void delete_cache(CallPtr call) {
  const auto& flush = call->context->outside.flush_cache;
  if (!flush)
    return call->refuse({ErrorCode::not_found, "this server keeps no other servers' answers ([forward])"});
  std::string name(call->request.query_value("name").value_or(""));
  flush(std::move(name), [call](std::optional<std::size_t> flushed) {
    if (!flushed) return call->refuse({ErrorCode::invalid_field, "name is no domain name"});
    std::string out = "{\"flushed\":";
    append_number(out, *flushed);
    call->send(200, out.append("}"));
  });
}

}  // namespace

void add_operation_routes(http::Router& router, const std::shared_ptr<Context>& context) {
  add_route(router, context, {"POST", "/api/v1/reload", Scope::admin, post_reload});
  add_route(router, context, {"GET", "/api/v1/stats", Scope::read, get_stats});
  add_route(router, context,
            {.method = "DELETE",
             .pattern = "/api/v1/cache",
             .scope = Scope::admin,
             .handle = delete_cache,
             .query = {"name"}});
  add_route(router, context,
            {.method = "GET",
             .pattern = "/api/v1/zones/{zone}",
             .scope = Scope::read,
             .handle = get_zone,
             .json_only = false});
}

}  // namespace muster::registry::api
