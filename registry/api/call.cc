#include "registry/api/call.h"

#include <algorithm>

#include "registry/api/json_text.h"
#include "registry/net/blanks.h"

namespace muster::registry::api {
namespace {

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

// The media type of a header's element, without its parameters.
std::string_view media_type(std::string_view element) {
  return net::trimmed(element.substr(0, element.find(';')));
}

bool is_json(std::string_view content_type) {
  return equal_ignoring_case(media_type(content_type), "application/json");
}

// RFC 9110 §12.4.2: a quality of nothing means "not this".
bool is_excluded(std::string_view element) {
  const std::size_t q = element.find("q=0");
  if (q == std::string_view::npos) return false;
  return element.find_first_not_of("0. ", q + 2) == std::string_view::npos;
}

bool takes_json(std::string_view accept) {
  if (net::trimmed(accept).empty()) return true;
  while (!accept.empty()) {
    const std::size_t comma = accept.find(',');
    const std::string_view element = accept.substr(0, comma);
    const std::string_view type = media_type(element);
    const bool json = is_json(type) || type == "*/*" || equal_ignoring_case(type, "application/*");
    if (json && !is_excluded(element)) return true;
    accept.remove_prefix(comma == std::string_view::npos ? accept.size() : comma + 1);
  }
  return false;
}

std::optional<ApiError> fault_of_query(const http::Request& request,
                                       const std::vector<std::string_view>& known) {
  for (const auto& [name, value] : request.query) {
    if (std::ranges::find(known, name) != known.end()) continue;
    std::string message = "unknown query parameter \"" + name + "\"; known here:";
    for (const std::string_view each : known) message.append(" ").append(each);
    if (known.empty()) message += " none";
    return ApiError{ErrorCode::unknown_field, std::move(message), "?" + name};
  }
  return std::nullopt;
}

std::optional<ApiError> fault_of_media(const http::Request& request, bool json_only) {
  const std::string_view content_type = request.header("Content-Type");
  if (!request.body.empty() && !content_type.empty() && !is_json(content_type)) {
    return ApiError{ErrorCode::unsupported_media_type,
                    "send the body as Content-Type: application/json (curl --json)"};
  }
  if (json_only && !takes_json(request.header("Accept"))) {
    return ApiError{ErrorCode::not_acceptable,
                    "replies are application/json: leave Accept out or include it"};
  }
  return std::nullopt;
}

net::UniqueFunction<void(Turn&)> minding_revision(CallPtr call, net::UniqueFunction<void(Turn&)> work) {
  return [call = std::move(call), work = std::move(work)](Turn& turn) mutable {
    call->revision.store(turn.registry.revision(), std::memory_order_relaxed);
    work(turn);
    const std::uint64_t revision = turn.registry.revision();
    call->revision.store(revision, std::memory_order_relaxed);
    call->context->revision.store(revision, std::memory_order_relaxed);
  };
}

int service_capture_of(const NativeRoute& route) {
  return route.pattern.find("{service}") == std::string_view::npos ? -1 : 0;
}

}  // namespace

ReadContext Call::read_context() const {
  return {request.caller.peer.address, request.received.wall, request.caller.shown()};
}

void Call::finish(http::Response response) {
  const std::uint64_t seen = revision.load(std::memory_order_relaxed);
  const std::uint64_t shown = seen != 0 ? seen : context->revision.load(std::memory_order_relaxed);
  http::add_header(response.headers, "Muster-Epoch", context->epoch);
  http::add_header(response.headers, "Muster-Revision", std::to_string(shown));
  reply.send(std::move(response));
}

void Call::send_as(int status, std::string_view content_type, std::string body, http::Headers more) {
  http::Response response;
  response.status = status;
  if (!content_type.empty()) http::add_header(response.headers, "Content-Type", std::string(content_type));
  for (auto& header : more) response.headers.push_back(std::move(header));
  response.body = std::move(body);
  finish(std::move(response));
}

void Call::send(int status, std::string json, http::Headers more) {
  send_as(status, "application/json", std::move(json), std::move(more));
}

void Call::refuse(const ApiError& error) { finish(error_response(error)); }

void Call::refuse_late(bool applied) {
  if (applied && what_stands) return refuse(what_stands());
  refuse({.code = ErrorCode::deadline_exceeded,
          .message = std::string(applied ? kLateAfter : kLateBefore),
          .applied = applied});
}

void Call::refuse_full_queue() {
  refuse({ErrorCode::out_of_capacity, "the registry's queue is full: try again in a moment"});
}

void on_control(CallPtr call, net::UniqueFunction<void(Turn&)> work) {
  run_in_time(call, call->context->outside.submit, minding_revision(call, std::move(work)));
}

void on_control_briefly(CallPtr call, net::UniqueFunction<void(Turn&)> work) {
  const auto& captures = call->request.captures;
  const BriefHints hints{.subject = captures.size() < 2 ? Key{} : Key{captures[0], captures[1]},
                         .is_last = call->request.is_last};
  const Submit submit = [&](Job job) { return call->context->outside.submit_brief(std::move(job), hints); };
  run_in_time(call, submit, minding_revision(call, std::move(work)));
}

ApiError missing_instance(const Registry& registry, std::string_view service) {
  if (!registry.is_known(service))
    return {ErrorCode::unknown_service, "no such service: see GET /api/v1/services"};
  return {ErrorCode::unknown_instance, "no such instance: see GET /api/v1/services/{service}"};
}

ApiError no_room() {
  return {ErrorCode::out_of_capacity, "too many changes wait for the store: try again in a moment"};
}

bool has_room(Call& call, Turn& turn) {
  if (turn.accepts_writes) return true;
  ++turn.refused_writes;
  call.refuse(no_room());
  return false;
}

bool is_complete(const Outside& outside) {
  if (outside.loaded && !outside.loaded()) return false;
  const auto missing = outside.missing ? outside.missing() : std::vector<Missing>();
  return std::ranges::none_of(missing, [](const Missing& one) { return one.what == "source"; });
}

ApiError not_complete() {
  return {ErrorCode::starting, "not everything is known yet (GET /readyz says what): keep what you have"};
}

void acknowledge(const CallPtr& call, Turn& turn, const Grant& grant,
                 net::UniqueFunction<void(bool)> respond) {
  acknowledge_in_time(call, turn, grant.durable_needed, std::move(respond));
}

http::Headers durability_header(bool durable) {
  http::Headers headers;
  if (!durable) http::add_header(headers, "Muster-Durable", "false");
  return headers;
}

void add_route(http::Router& router, const std::shared_ptr<Context>& context, const NativeRoute& route) {
  http::Route added;
  added.method = route.method;
  added.pattern = route.pattern;
  added.scope = route.scope;
  added.service_capture = service_capture_of(route);
  added.charges_itself = route.charges_itself;
  added.handler = [context, handle = route.handle, query = std::vector(route.query), json = route.json_only](
                      http::Request&& request, http::Reply&& reply) {
    auto call = std::make_shared<Call>(context, std::move(request), std::move(reply));
    if (const auto fault = fault_of_query(call->request, query)) return call->refuse(*fault);
    if (const auto fault = fault_of_media(call->request, json)) return call->refuse(*fault);
    handle(std::move(call));
  };
  router.add(std::move(added));
}

}  // namespace muster::registry::api
