#include "registry/http/core.h"

#include <algorithm>

#include "registry/http/deadline.h"
#include "registry/http/trace.h"

namespace muster::registry::http {

namespace {

constexpr net::Millis kInFlightRetry{1'000};

Problem plain_problem(int status, std::string_view error, std::string message) {
  return {.status = status, .error = error, .message = std::move(message), .field = {}, .retry_after = {}};
}

Problem no_route(int status, Dialect dialect) {
  if (status == 405 && dialect == Dialect::plain)
    return plain_problem(405, "method_not_allowed", "405: Method Not Allowed");
  if (status == 405)
    return plain_problem(405, "method_not_allowed", "this method is not known here; see the Allow header");
  if (status == 404 && dialect == Dialect::plain)
    return plain_problem(404, "not_found", "404: Page Not Found");
  if (status == 404) return plain_problem(404, "not_found", "nothing lives at this path");
  return plain_problem(400, "bad_name", "path and query must be percent-encoded UTF-8");
}

std::optional<net::SteadyTime> deadline_of(const Request& request) {
  auto patience = read_grpc_timeout(request.header("grpc-timeout"));
  if (!patience) patience = read_envoy_timeout(request.header("x-envoy-expected-rq-timeout-ms"));
  if (!patience) return std::nullopt;
  return request.received.steady + *patience;
}

bool enter(std::atomic<std::size_t>& gauge, std::size_t most) {
  if (gauge.fetch_add(1, std::memory_order_relaxed) < most) return true;
  gauge.fetch_sub(1, std::memory_order_relaxed);
  return false;
}

std::shared_ptr<const Access> make_access(const std::vector<Token>& tokens) {
  auto access = Access::make(tokens);
  if (!access) throw ServerRefused("http.token: " + std::string(to_string(access.error())));
  return std::make_shared<const Access>(std::move(*access));
}

}  // namespace

Core::Core(ServerConfig server_config, const Router& routes, Hooks server_hooks)
    : config(std::move(server_config)),
      router(routes),
      hooks(std::move(server_hooks)),
      counters(routes),
      access_(make_access(config.tokens)),
      seed_(hooks.seed) {}

// SplitMix64's finaliser: neighbouring counts become unlike ids.
std::uint64_t Core::mix(std::uint64_t value) {
  value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9u;
  value = (value ^ value >> 27) * 0x94d049bb133111ebu;
  return value ^ value >> 31;
}

bool Core::enter_in_flight() {
  if (enter(counters.in_flight, config.limits.max_in_flight)) return true;
  counters.reached(Limit::in_flight);
  return false;
}

bool Core::enter_waiting() {
  if (enter(counters.waiting, config.limits.max_waiting)) return true;
  counters.reached(Limit::waiting);
  return false;
}

void Core::add_position(Response& response) const {
  const auto is_set = [&](const std::string& name) {
    return std::any_of(response.headers.begin(), response.headers.end(),
                       [&](const auto& header) { return header.first == name; });
  };
  for (const LiveHeader& header : hooks.position)
    if (!is_set(header.name)) response.headers.emplace_back(header.name, header.value());
}

void Core::set_access(Access access) {
  auto fresh = std::make_shared<const Access>(std::move(access));
  const std::lock_guard lock(access_mutex_);
  access_ = std::move(fresh);
}

std::shared_ptr<const Access> Core::access() const {
  const std::lock_guard lock(access_mutex_);
  return access_;
}

void Core::dispatch(Request&& request, const std::shared_ptr<Exchange>& exchange) {
  if (!route(request, *exchange) || !authorize(request, *exchange) || !admit(request, *exchange)) return;
  request.trace = read_traceparent(request.header("traceparent"), next_random());
  request.deadline = deadline_of(request);
  exchange->trace = request.trace;
  const Handler& handler = router.route(exchange->route_index).handler;
  // A handler that throws has a defect; its Reply, destroyed on the way out, answers 500.
  try {
    handler(std::move(request), Reply(exchange));
  } catch (const std::exception&) {
    counters.handler_errors.fetch_add(1, std::memory_order_relaxed);
  }
}

bool Core::route(Request& request, Exchange& exchange) const {
  const Router::Match match = router.match(request);
  exchange.dialect = match.dialect;
  exchange.route_index = match.route ? match.index : router.size();
  if (match.route) return true;
  Response response;
  if (match.status != 200) response = problem_response(match.dialect, no_route(match.status, match.dialect));
  if (!match.allow.empty()) response.headers.emplace_back("Allow", match.allow);
  exchange.send(std::move(response));
  return false;
}

bool Core::authorize(Request& request, Exchange& exchange) const {
  const Route& route = router.route(exchange.route_index);
  const auto rights = access();
  auto caller = rights->identify(request, exchange.peer, exchange.certified.get());
  // A wrong token is refused even where none was needed only if the route is not open: probes stay simple.
  const Denial denial = route.scope == Scope::open ? Denial::none
                        : caller                   ? rights->check(route, request, *caller)
                                                   : Denial::unauthorized;
  request.caller = caller ? std::move(*caller) : Caller{};
  request.caller.peer = exchange.peer;
  exchange.caller = request.caller;
  if (denial == Denial::none) return true;
  Response response;
  if (denial == Denial::unauthorized) {
    response = problem_response(
        exchange.dialect,
        plain_problem(401, "unauthorized", "send a known token as Bearer, or as Basic password"));
    response.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"muster\"");
  } else {
    response = problem_response(
        exchange.dialect,
        plain_problem(
            403, "forbidden",
            rights->has_tokens()
                ? "the token does not allow this"
                : "without tokens only this machine may write: from loopback, to an IP literal or localhost, "
                  "without Origin or X-Forwarded-For; configure [[http.token]] for others"));
  }
  exchange.send(std::move(response));
  return false;
}

bool Core::admit(const Request& request, Exchange& exchange) {
  const Route& route = router.route(exchange.route_index);
  // Open routes are liveness probes; refusing them when busy would have the busy server killed.
  if (route.scope != Scope::open) {
    if (!enter_in_flight()) {
      exchange.answer_problem({.status = 503,
                               .error = "out_of_capacity",
                               .message = "too many requests are in flight; try again in a second",
                               .field = {},
                               .retry_after = kInFlightRetry});
      return false;
    }
    exchange.count_in_flight();
  }
  if (route.scope != Scope::write || route.charges_itself) return true;
  const std::string_view service =
      route.service_capture < 0
          ? std::string_view{}
          : std::string_view(request.captures[static_cast<std::size_t>(route.service_capture)]);
  return charge(exchange, service, 1);
}

bool Core::charge(Exchange& exchange, std::string_view service, double cost) {
  if (!config.throttle) return true;
  const auto verdict = config.throttle->admit(exchange.caller, service, cost, hooks.now().steady);
  if (verdict.held) exchange.hold_throttle(std::string(service));
  if (verdict.admitted) return true;
  counters.reached(Limit::throttled);
  exchange.answer_problem(config.throttle->problem(verdict));
  return false;
}

}  // namespace muster::registry::http
