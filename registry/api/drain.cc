// What operators do to one instance: drain it, undo that, set its mode and weight.
#include "registry/api/call.h"
#include "registry/api/instance_json.h"
#include "registry/api/json_text.h"

namespace muster::registry::api {
namespace {

using http::Scope;

std::string draining_json(bool draining, std::optional<WallTime> safe_stop, WallTime now) {
  std::string out = "{\"draining\":";
  append_bool(out, draining);
  append_safe_stop(out, safe_stop, now);
  return out.append("}");
}

void apply_drain(const CallPtr& call, Turn& turn, const DrainOrder& order) {
  if (!has_room(*call, turn)) return;
  // Before the drain: afterwards the instance stands in no answer, and what was handed out is noted only when published.
  std::optional<WallTime> safe_stop;
  if (order.drain) safe_stop = turn.registry.safe_stop_of(order.service, order.id, turn.now);
  auto outcome = turn.registry.apply(order, turn.now);
  if (!outcome) return call->refuse(api_error(outcome.error()));
  acknowledge(call, turn, *outcome,
              [call, drain = order.drain, safe_stop, now = turn.now.wall](bool durable) {
                call->send(200, draining_json(drain, safe_stop, now), durability_header(durable));
              });
}

void submit_drain(CallPtr call, bool drain, std::string reason) {
  DrainOrder order{call->capture(0), call->capture(1), drain, std::move(reason),
                   call->request.caller.shown()};
  on_control(call, [call, order = std::move(order)](Turn& turn) { apply_drain(call, turn, order); });
}

void post_drain(CallPtr call) {
  auto reason = read_drain(call->request.body);
  if (!reason) return call->refuse(reason.error());
  submit_drain(std::move(call), true, std::move(*reason));
}

void delete_drain(CallPtr call) { submit_drain(std::move(call), false, ""); }

// ---- admin: the overlay entry whose match is exactly this instance; what it does not name stays as it was

void apply_admin(const CallPtr& call, Turn& turn, OverlayEntry entry) {
  const std::string &service = call->capture(0), &id = call->capture(1);
  if (!has_room(*call, turn)) return;
  const InstancePtr instance = turn.registry.find(service, id);
  if (!instance) return call->refuse(missing_instance(turn.registry, service));
  if (!call->request.caller.may_write(instance->service))
    return call->refuse({ErrorCode::forbidden, service + "/" + id + " is part of " + instance->service + "/" +
                                                   instance->id +
                                                   ": the token does not allow writing that service"});
  entry.match = service + "/" + id;
  OverlayEdit edit;
  edit.kind = OverlayEdit::Kind::set_exact;
  edit.entries = {entry};
  auto outcome = turn.registry.apply(std::move(edit), turn.now);
  if (!outcome) return call->refuse(api_error(outcome.error()));
  acknowledge(call, turn, *outcome, [call, entry = std::move(entry)](bool durable) {
    std::string out;
    append_overlay_entry(out, entry);
    call->send(200, std::move(out), durability_header(durable));
  });
}

void put_admin(CallPtr call) {
  auto entry = read_admin(call->request.body, call->read_context());
  if (!entry) return call->refuse(entry.error());
  on_control(call, [call, entry = std::move(*entry)](Turn& turn) mutable {
    apply_admin(call, turn, std::move(entry));
  });
}

}  // namespace

void add_drain_routes(http::Router& router, const std::shared_ptr<Context>& context) {
  constexpr std::string_view kDrain = "/api/v1/services/{service}/instances/{id}/drain";
  constexpr std::string_view kAdmin = "/api/v1/services/{service}/instances/{id}/admin";
  add_route(router, context, {"POST", kDrain, Scope::write, post_drain});
  add_route(router, context, {"DELETE", kDrain, Scope::write, delete_drain});
  add_route(router, context, {"PUT", kAdmin, Scope::write, put_admin});
}

}  // namespace muster::registry::api
