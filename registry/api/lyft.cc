#include "registry/api/lyft.h"

#include "registry/api/lyft_hosts.h"
#include "registry/api/timed_call.h"
#include "registry/http/ascii.h"

namespace muster::registry::api {

namespace {

constexpr net::Millis kQueueRetry{1'000};

class LyftCall final : public TimedCall {
 public:
  LyftCall(http::Request&& incoming, http::Reply&& answer, std::function<Instant()> clock)
      : TimedCall(std::move(incoming), std::move(answer)), now(std::move(clock)) {}
  const std::function<Instant()> now;
  std::string first;  // captures
  std::string second;

  bool late() const override { return late_at(now().steady); }
  void refuse_late(bool applied) override {
    http::Problem problem;
    problem.status = 504;
    problem.message = applied ? kLateAfter : kLateBefore;
    problem.more = applied ? ",\"applied\":true" : ",\"applied\":false";
    reply.send(http::problem_response(http::Dialect::lyft, problem));
  }
  void refuse_full_queue() override {
    problem(503, "too many changes are waiting; try again in a second", kQueueRetry);
  }
  void json(int status, std::string body) {
    reply.send({status, {{"Content-Type", "application/json"}}, std::move(body)});
  }
  void fail(LyftError error) { json(status_of(error), std::string(body_of(error))); }
  void problem(int status, std::string message, std::optional<net::Millis> retry_after = {}) {
    reply.send(http::problem_response(http::Dialect::lyft, {.status = status,
                                                            .error = {},
                                                            .message = std::move(message),
                                                            .field = {},
                                                            .retry_after = retry_after}));
  }
};
using LyftCallPtr = std::shared_ptr<LyftCall>;

class LyftRoutes : public std::enable_shared_from_this<LyftRoutes> {
 public:
  LyftRoutes(LyftConfig config, std::function<bool(Job)> submit, std::function<Instant()> now)
      : config_(std::move(config)), submit_(std::move(submit)), now_(std::move(now)) {}

  void add_to(http::Router& router);

 private:
  using Handle = void (LyftRoutes::*)(const LyftCallPtr&);
  void add(http::Router& router, const char* method, const char* pattern, http::Scope scope, Handle handle);

  void list_service(const LyftCallPtr& call);
  void list_repo(const LyftCallPtr& call);
  void register_host(const LyftCallPtr& call);
  void remove_host(const LyftCallPtr& call);
  void set_host_weight(const LyftCallPtr& call);
  void set_service_weight(const LyftCallPtr& call);
  void set_weight(const LyftCallPtr& call, std::string id, std::uint16_t weight, bool must_exist);

  void run(const LyftCallPtr& call, net::UniqueFunction<void(Turn&)> work);
  void show(const LyftCallPtr& call, Turn& turn, const char* what, std::vector<LyftHost> hosts);
  static http::FormFields fields_of(const http::Request& request);

  const LyftConfig config_;
  const std::function<bool(Job)> submit_;
  const std::function<Instant()> now_;
};

std::string_view last_forwarded_for(const http::Request& request) {
  std::string_view last;
  for (const auto& [name, value] : request.headers) {
    if (http::ascii_iequals(name, "x-forwarded-for")) last = value;
  }
  return last;
}

// What a refused write becomes; only the limits are not the sender's fault.
void refuse(LyftCall& call, const Refusal& refusal) {
  switch (refusal.code) {
    case RefusalCode::too_many_instances:
    case RefusalCode::too_many_services:
    case RefusalCode::too_many_claims: return call.problem(429, refusal.message, refusal.retry_after);
    case RefusalCode::forbidden: return call.problem(403, refusal.message, refusal.retry_after);
    case RefusalCode::out_of_capacity: return call.problem(503, refusal.message, refusal.retry_after);
    default: return call.fail(LyftError::bad_parameters);
  }
}

// Refuses (and returns false) while too many rows wait for the store.
bool has_room(LyftCall& call, Turn& turn) {
  if (turn.accepts_writes) return true;
  ++turn.refused_writes;
  call.problem(503, "too many changes wait for the store; try again in a second", kQueueRetry);
  return false;
}

// Answers when the change is visible, and durable if it wrote rows.
void acknowledge(Turn& turn, const Grant& grant, const LyftCallPtr& call, int status, std::string body) {
  acknowledge_in_time(call, turn, grant.durable_needed, [call, status, body = std::move(body)](bool durable) {
    http::Response response{status, {}, body};
    if (!response.body.empty()) response.headers.emplace_back("Content-Type", "application/json");
    if (!durable) response.headers.emplace_back("Muster-Durable", "false");
    call->reply.send(std::move(response));
  });
}

void LyftRoutes::add(http::Router& router, const char* method, const char* pattern, http::Scope scope,
                     Handle handle) {
  http::Route route;
  route.method = method;
  route.pattern = pattern;
  route.scope = scope;
  route.dialect = http::Dialect::lyft;
  route.service_capture = scope == http::Scope::write ? 0 : -1;
  route.handler = [self = shared_from_this(), handle](http::Request&& request, http::Reply&& reply) {
    auto call = std::make_shared<LyftCall>(std::move(request), std::move(reply), self->now_);
    auto& captures = call->request.captures;
    if (!captures.empty()) call->first = captures[0];
    if (captures.size() > 1) call->second = captures[1];
    (self.get()->*handle)(call);
  };
  router.add(std::move(route));
}

void LyftRoutes::add_to(http::Router& router) {
  using http::Scope;
  add(router, "GET", "/v1/registration/{service}", Scope::read, &LyftRoutes::list_service);
  add(router, "GET", "/v1/registration/repo/{repo}", Scope::read, &LyftRoutes::list_repo);
  add(router, "POST", "/v1/registration/{service}", Scope::write, &LyftRoutes::register_host);
  add(router, "DELETE", "/v1/registration/{service}/{ip}", Scope::write, &LyftRoutes::remove_host);
  add(router, "POST", "/v1/loadbalancing/{service}/{ip}", Scope::write, &LyftRoutes::set_host_weight);
  add(router, "POST", "/v1/loadbalancing/{service}", Scope::write, &LyftRoutes::set_service_weight);
  http::Route alive;
  alive.method = "GET";
  alive.pattern = "/healthcheck";
  alive.scope = Scope::open;
  alive.dialect = http::Dialect::lyft;
  alive.handler = [](http::Request, http::Reply reply) {
    reply.send({200, {{"Content-Type", "text/html; charset=utf-8"}}, "OK"});
  };
  router.add(std::move(alive));
}

// A body that is no good form has no parameters.
http::FormFields LyftRoutes::fields_of(const http::Request& request) {
  auto fields = http::read_form(request.header("content-type"), request.body);
  return fields ? std::move(*fields) : http::FormFields{};
}

void LyftRoutes::run(const LyftCallPtr& call, net::UniqueFunction<void(Turn&)> work) {
  run_in_time(call, submit_, std::move(work));
}

// Serialised on the I/O side, from immutable values.
void LyftRoutes::show(const LyftCallPtr& call, Turn& turn, const char* what, std::vector<LyftHost> hosts) {
  turn.after_visible([self = shared_from_this(), call, what, hosts = std::move(hosts)](Durability) mutable {
    call->json(200, write_hosts(what, call->first, std::move(hosts), self->config_));
  });
}

void LyftRoutes::list_service(const LyftCallPtr& call) {
  run(call, [self = shared_from_this(), call](Turn& turn) {
    const ServiceView view = turn.registry.view(call->first, turn.now);
    std::vector<LyftHost> hosts;
    for (std::size_t i = 0; i < view.instances.size(); ++i)
      hosts.push_back({view.instances[i], view.leases[i]});
    self->show(call, turn, "service", std::move(hosts));
  });
}

void LyftRoutes::list_repo(const LyftCallPtr& call) {
  run(call, [self = shared_from_this(), call](Turn& turn) {
    std::vector<LyftHost> hosts;
    for (const InstancePtr& instance : turn.registry.instances_of_repo(call->first)) {
      hosts.push_back({instance, turn.registry.lease_of(instance->service, instance->id, turn.now)});
    }
    self->show(call, turn, "service_repo_name", std::move(hosts));
  });
}

void LyftRoutes::register_host(const LyftCallPtr& call) {
  const LyftSender sender{call->request.caller.peer.address, last_forwarded_for(call->request)};
  auto read = read_lyft_registration(call->first, fields_of(call->request), sender, config_);
  if (!read) return call->fail(read.error());
  read->by = call->request.caller.shown();
  run(call, [call, id = read->id, change = Change(std::move(*read))](Turn& turn) {
    // A host that is there only reports in: a stalled disk must not cost it its lease.
    if (!turn.registry.find(call->first, id) && !has_room(*call, turn)) return;
    const Outcome outcome = turn.registry.apply(change, turn.now);
    if (!outcome) return refuse(*call, outcome.error());
    acknowledge(turn, *outcome, call, 200, "{}");
  });
}

void LyftRoutes::remove_host(const LyftCallPtr& call) {
  auto id = lyft_id(call->second);
  if (!id) return call->fail(LyftError::bad_parameters);
  Removal removal;
  removal.service = call->first;
  removal.id = std::move(*id);
  removal.only_source = SourceKind::lyft;
  removal.by = call->request.caller.shown();
  run(call, [call, change = Change(std::move(removal))](Turn& turn) {
    if (!has_room(*call, turn)) return;
    const Outcome outcome = turn.registry.apply(change, turn.now);
    if (!outcome && outcome.error().code == RefusalCode::forbidden) return refuse(*call, outcome.error());
    if (!outcome || !outcome->existed) return call->fail(LyftError::bad_parameters);
    acknowledge(turn, *outcome, call, 200, "{}");
  });
}

void LyftRoutes::set_weight(const LyftCallPtr& call, std::string id, std::uint16_t weight, bool must_exist) {
  Amendment amendment{call->first,
                      std::move(id),
                      {SourceKind::lyft, "lyft"},
                      set_lyft_weight(weight),
                      call->request.caller.shown()};
  run(call, [call, must_exist, change = Change(std::move(amendment))](Turn& turn) {
    if (!has_room(*call, turn)) return;
    const Outcome outcome = turn.registry.apply(change, turn.now);
    if (!outcome && outcome.error().code == RefusalCode::forbidden) return refuse(*call, outcome.error());
    const bool found = outcome && outcome->touched > 0;
    if (!found && must_exist) return call->fail(LyftError::host_not_found);
    acknowledge(turn, found ? *outcome : Grant{}, call, 204, "");
  });
}

void LyftRoutes::set_host_weight(const LyftCallPtr& call) {
  const auto weight = read_lyft_weight(fields_of(call->request));
  if (!weight) return call->fail(weight.error());
  auto id = lyft_id(call->second);
  if (!id) return call->fail(LyftError::host_not_found);
  set_weight(call, std::move(*id), *weight, true);
}

void LyftRoutes::set_service_weight(const LyftCallPtr& call) {
  const auto weight = read_lyft_weight(fields_of(call->request));
  if (!weight) return call->fail(weight.error());
  set_weight(call, "", *weight, false);
}

}  // namespace

void add_lyft_routes(http::Router& router, LyftConfig config, std::function<bool(Job)> submit,
                     std::function<Instant()> now) {
  std::make_shared<LyftRoutes>(std::move(config), std::move(submit), std::move(now))->add_to(router);
}

}  // namespace muster::registry::api
