// Reading services and instances.
#include <algorithm>

#include "registry/api/call.h"
#include "registry/api/entity_tag.h"
#include "registry/api/instance_json.h"
#include "registry/api/json_text.h"
#include "registry/api/query.h"

namespace muster::registry::api {
namespace {

using http::Scope;
constexpr std::uint64_t kMostServices = 1'000;  // of one page

// ---- the list

void append_summary(std::string& out, const ServiceSummary& service) {
  out += "{\"name\":";
  append_string(out, service.name);
  out += ",\"revision\":";
  append_number(out, service.revision);
  out += ",\"instances\":";
  append_number(out, std::uint64_t{service.instances});
  out += ",\"ready\":";
  append_number(out, std::uint64_t{service.ready});
  out += ",\"publishable\":";
  append_bool(out, service.publishable);
  if (!service.publishable) {
    out += ",\"reason\":";
    append_string(out, to_string(service.reason));
  }
  out += '}';
}

// `page` may hold one service more than `limit`: then there is a next page.
std::string page_json(const std::vector<ServiceSummary>& page, std::size_t limit) {
  const std::size_t shown = std::min(page.size(), limit);
  std::string out = "{\"services\":[";
  for (std::size_t i = 0; i < shown; ++i) {
    if (i > 0) out += ',';
    append_summary(out, page[i]);
  }
  out += "],\"next\":";
  append_string_or_null(out, page.size() > limit ? page[shown - 1].name : "");
  return out.append("}");
}

void list_services(CallPtr call) {
  const auto limit = query_number(call->request, "limit", 1, kMostServices);
  if (!limit) return call->refuse(limit.error());
  const std::size_t most = limit->value_or(kMostServices);
  const std::string glob(call->request.query_value("glob").value_or("*"));
  const std::string after(call->request.query_value("after").value_or(""));
  on_control(call, [call, most, glob, after](Turn& turn) {
    auto page = turn.registry.list(glob, after, most + 1);
    turn.after_visible(
        [call, most, page = std::move(page)](Durability) { call->send(200, page_json(page, most)); });
  });
}

// ---- one service, one instance

// True when the client already has this revision; 304 has been sent then.
bool is_unchanged(Call& call, const std::string& tag) {
  if (!matches_any(call.request.header("If-None-Match"), tag)) return false;
  call.send_as(304, "", "", {{"ETag", tag}});
  return true;
}

void drop_others(ServiceView& view, const InstanceFilter& filter) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < view.instances.size(); ++i) {
    if (!filter.admits(*view.instances[i])) continue;
    view.instances[kept] = view.instances[i];
    view.leases[kept++] = view.leases[i];
  }
  view.instances.resize(kept);
  view.leases.resize(kept);
}

void send_service(Call& call, ServiceView view, const InstanceFilter& filter) {
  const std::string tag = entity_tag(call.context->epoch, view.revision);
  if (is_unchanged(call, tag)) return;
  drop_others(view, filter);
  std::string out;
  append_service(out, view, call.context->epoch);
  call.send(200, std::move(out), {{"ETag", tag}});
}

ApiError unknown_service() {
  return {ErrorCode::unknown_service, "no such service: see GET /api/v1/services"};
}

void send_instance(Call& call, const Instance& instance, const LeaseView& lease, Reason reason) {
  const std::string tag = entity_tag(call.context->epoch, instance.revision);
  if (is_unchanged(call, tag)) return;
  std::string out;
  append_instance_as(out, instance, lease, reason);
  call.send(200, std::move(out), {{"ETag", tag}});
}

ApiError unknown_instance() {
  return {ErrorCode::unknown_instance, "no such instance: see GET /api/v1/services/{service}"};
}

// ---- long polls: the same replies, once the service has changed

bool is_long_poll(const Call& call) { return call.request.query_value("after").has_value(); }

// The waiting is done elsewhere, with the reply; when it comes back, `respond(call, view)` answers.
template <class Respond>
void wait_for_change(const CallPtr& call, std::string service, Respond respond) {
  const auto& wait = call->context->outside.wait_for_change;
  if (!wait)
    return call->refuse({ErrorCode::not_found, "this server does not wait for changes: leave ?after out"});
  auto answer = [call, respond](http::Reply reply, const std::shared_ptr<const ServiceView>& view) {
    call->reply = std::move(reply);
    if (!view->known) return call->refuse(unknown_service());
    respond(*call, *view);
  };
  wait(call->request, std::move(call->reply), std::move(service), std::move(answer));
}

void respond_with_instance(Call& call, const std::string& id, const ServiceView& view) {
  const auto found = std::ranges::find(view.instances, id, [](const auto& each) { return each->id; });
  if (found == view.instances.end()) return call.refuse(unknown_instance());
  const auto index = static_cast<std::size_t>(found - view.instances.begin());
  send_instance(call, **found, view.leases[index], reason_among(**found, view.best_tier));
}

// Who asks by an alias waits where the instance lives.
void wait_for_instance(CallPtr call) {
  on_control(call, [call](Turn& turn) {
    const InstancePtr instance = turn.registry.find(call->capture(0), call->capture(1));
    std::string id = instance ? instance->id : call->capture(1);
    wait_for_change(
        call, instance ? instance->service : call->capture(0),
        [id = std::move(id)](Call& to, const ServiceView& view) { respond_with_instance(to, id, view); });
  });
}

// ---- the routes

void get_service(CallPtr call) {
  auto filter = query_filter(call->request);
  if (!filter) return call->refuse(filter.error());
  if (is_long_poll(*call)) {
    return wait_for_change(call, call->capture(0), [filter = *filter](Call& to, const ServiceView& view) {
      send_service(to, view, filter);
    });
  }
  on_control(call, [call, filter = std::move(*filter)](Turn& turn) {
    if (!turn.registry.is_known(call->capture(0))) return call->refuse(unknown_service());
    auto view = turn.registry.view(call->capture(0), turn.now);
    turn.after_visible([call, filter, view = std::move(view)](Durability) mutable {
      send_service(*call, std::move(view), filter);
    });
  });
}

void get_instance(CallPtr call) {
  if (is_long_poll(*call)) return wait_for_instance(std::move(call));
  on_control(call, [call](Turn& turn) {
    auto instance = turn.registry.find(call->capture(0), call->capture(1));
    if (!instance) return call->refuse(missing_instance(turn.registry, call->capture(0)));
    const LeaseView lease = turn.registry.lease_of(call->capture(0), call->capture(1), turn.now);
    const Reason reason = reason_among(*instance, turn.registry.best_tier_of(instance->service));
    turn.after_visible(
        [call, instance, lease, reason](Durability) { send_instance(*call, *instance, lease, reason); });
  });
}

// ---- the feed, which Watch serves

void get_changes(CallPtr call) {
  const auto& changes = call->context->outside.changes;
  if (!changes) return call->refuse({ErrorCode::not_found, "this server keeps no changes"});
  changes(std::move(call->request), std::move(call->reply));
}

void get_watch(CallPtr call) {
  const auto& watch = call->context->outside.watch;
  if (!watch) return call->refuse({ErrorCode::not_found, "this server has no streams"});
  watch(std::move(call->request), std::move(call->reply));
}

}  // namespace

void add_service_routes(http::Router& router, const std::shared_ptr<Context>& context) {
  constexpr std::string_view kService = "/api/v1/services/{service}";
  constexpr std::string_view kInstance = "/api/v1/services/{service}/instances/{id}";
  add_route(router, context,
            {"GET", "/api/v1/services", Scope::read, list_services, {"glob", "limit", "after"}});
  add_route(router, context,
            {"GET", kService, Scope::read, get_service, {"ready", "tag", "after", "wait", "epoch"}});
  add_route(router, context, {"GET", kInstance, Scope::read, get_instance, {"after", "wait", "epoch"}});
  add_route(router, context,
            {"GET", "/api/v1/changes", Scope::read, get_changes, {"after", "limit", "wait", "epoch"}});
  add_route(router, context,
            {.method = "GET",
             .pattern = "/api/v1/watch",
             .scope = Scope::read,
             .handle = get_watch,
             .query = {"service", "after", "epoch"},
             .json_only = false});
}

}  // namespace muster::registry::api
