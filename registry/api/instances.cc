// One instance: register, renew, remove.
#include "registry/api/call.h"
#include "registry/api/entity_tag.h"
#include "registry/api/instance_json.h"
#include "registry/api/json_text.h"
#include "registry/api/query.h"
#include "registry/limits.h"

namespace muster::registry::api {
namespace {

using http::Scope;

// ---- preconditions of a PUT (RFC 9110 §13.1)

struct Wanted {
  Precondition precondition;
  bool must_exist = false;  // If-Match: *
};

ReadError precondition_failed(std::string message) {
  return {ErrorCode::precondition_failed, std::move(message), ""};
}

ReadResult<Wanted> read_if_match(std::string_view if_match, const std::string& epoch, Wanted wanted) {
  if (if_match == "*") {
    wanted.must_exist = true;
    return wanted;
  }
  const auto revision = revision_of(if_match, epoch);
  if (revision) {
    wanted.precondition.revision = *revision;
    return wanted;
  }
  if (revision.error() == TagError::other_store) {
    return precondition_failed("the tag is of another store's epoch: GET the instance again");
  }
  return ReadError{ErrorCode::invalid_field, "If-Match takes one tag as GET gave it, or *", ""};
}

ReadResult<Wanted> read_precondition(const http::Request& request, const std::string& epoch) {
  Wanted wanted;
  const std::string_view if_none_match = request.header("If-None-Match");
  if (!if_none_match.empty() && if_none_match != "*") {
    return ReadError{ErrorCode::invalid_field, "If-None-Match of a write takes only *: create, never replace",
                     ""};
  }
  wanted.precondition.create_only = !if_none_match.empty();
  const std::string_view if_match = request.header("If-Match");
  if (if_match.empty()) return wanted;
  return read_if_match(if_match, epoch, wanted);
}

// ---- grants

constexpr std::size_t kUsualGrant = 512;  // octets

std::string location_of(const std::string& service, const std::string& id) {
  return "/api/v1/services/" + service + "/instances/" + id;
}

void send_grant(Call& call, const std::string& service, const std::string& id, const Grant& grant,
                bool durable) {
  std::string out;
  out.reserve(kUsualGrant);
  append_grant(out, service, id, grant, durable);
  http::Headers headers = durability_header(durable);
  if (grant.created) http::add_header(headers, "Location", location_of(service, id));
  call.send(grant.created ? 201 : 200, std::move(out), std::move(headers));
}

// Applies a registration or heartbeat and answers with its grant.
template <class Granted>
void apply_and_grant(const CallPtr& call, Turn& turn, Granted change) {
  std::string service = change.service, id = change.id;
  auto outcome = turn.registry.apply(std::move(change), turn.now);
  if (!outcome) return call->refuse(api_error(outcome.error()));
  acknowledge(call, turn, *outcome,
              [=, grant = *outcome](bool durable) { send_grant(*call, service, id, grant, durable); });
}

void register_instance(CallPtr call, ReadResult<Registration> read) {
  auto wanted = read_precondition(call->request, call->context->epoch);
  if (!wanted) return call->refuse(wanted.error());
  if (!read) return call->refuse(read.error());
  read->precondition = wanted->precondition;
  on_control_briefly(
      call, [call, change = std::move(*read), must_exist = wanted->must_exist](Turn& turn) mutable {
        const bool exists = turn.registry.find(change.service, change.id) != nullptr;
        if (must_exist && !exists) {
          return call->refuse(
              precondition_failed("If-Match: * replaces only what exists, and this instance does not"));
        }
        if (!exists && !has_room(*call, turn)) return;
        apply_and_grant(call, turn, std::move(change));
      });
}

void put_instance(CallPtr call) {
  if (auto fault = check_names(call->capture(0), call->capture(1))) return call->refuse(std::move(*fault));
  Named named{call->capture(0), call->capture(1)};
  auto read = read_registration(call->request.body, call->read_context(), std::move(named));
  register_instance(std::move(call), std::move(read));
}

void post_instance(CallPtr call) {
  if (auto fault = check_service(call->capture(0))) return call->refuse(std::move(*fault));
  auto read = read_registration(call->request.body, call->read_context(), {call->capture(0), ""});
  register_instance(std::move(call), std::move(read));
}

void post_heartbeat(CallPtr call) {
  if (auto fault = check_names(call->capture(0), call->capture(1))) return call->refuse(std::move(*fault));
  auto read = read_heartbeat(call->request.body, call->read_context(), {call->capture(0), call->capture(1)});
  if (!read) return call->refuse(read.error());
  on_control_briefly(call, [call, beat = std::move(*read)](Turn& turn) mutable {
    apply_and_grant(call, turn, std::move(beat));
  });
}

// ---- removal

struct Removed {
  bool existed = false;
  std::uint64_t revision = 0;
  std::optional<WallTime> safe_stop;
  WallTime now{};
};

std::string removed_json(const Removed& removed) {
  std::string out = "{\"existed\":";
  append_bool(out, removed.existed);
  out += ",\"revision\":";
  append_number(out, removed.revision);
  append_safe_stop(out, removed.safe_stop, removed.now);
  return out.append("}");
}

// Before the removal: afterwards nothing is left to ask about.
std::optional<WallTime> safe_stop_of(Turn& turn, const std::string& service, const std::string& id) {
  if (!turn.registry.find(service, id)) return std::nullopt;
  return turn.registry.safe_stop_of(service, id, turn.now);
}

void remove_now(const CallPtr& call, Turn& turn, const Removal& removal) {
  if (!has_room(*call, turn)) return;
  const auto safe_stop = safe_stop_of(turn, removal.service, removal.id);
  auto outcome = turn.registry.apply(removal, turn.now);
  if (!outcome) return call->refuse(api_error(outcome.error()));
  const Removed removed{outcome->existed, outcome->revision, safe_stop, turn.now.wall};
  const int status = removal.drain_first && outcome->existed ? 202 : 200;
  acknowledge(call, turn, *outcome,
              [=](bool durable) { call->send(status, removed_json(removed), durability_header(durable)); });
}

void delete_instance(CallPtr call) {
  auto generation = query_number(call->request, "generation", 1, kMaxGeneration);
  if (!generation) return call->refuse(generation.error());
  auto drain = query_flag(call->request, "drain");
  if (!drain) return call->refuse(drain.error());
  Removal removal;
  removal.service = call->capture(0);
  removal.id = call->capture(1);
  removal.generation = *generation;
  removal.drain_first = drain->value_or(false);
  removal.by = call->request.caller.shown();
  on_control_briefly(call,
                     [call, removal = std::move(removal)](Turn& turn) { remove_now(call, turn, removal); });
}

}  // namespace

void add_instance_routes(http::Router& router, const std::shared_ptr<Context>& context) {
  constexpr std::string_view kInstance = "/api/v1/services/{service}/instances/{id}";
  constexpr std::string_view kInstances = "/api/v1/services/{service}/instances";
  constexpr std::string_view kHeartbeat = "/api/v1/services/{service}/instances/{id}/heartbeat";
  add_route(router, context, {"PUT", kInstance, Scope::write, put_instance});
  add_route(router, context, {"POST", kInstances, Scope::write, post_instance});
  add_route(router, context, {"POST", kHeartbeat, Scope::write, post_heartbeat});
  add_route(router, context, {"DELETE", kInstance, Scope::write, delete_instance, {"generation", "drain"}});
}

}  // namespace muster::registry::api
