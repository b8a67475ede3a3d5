// One request on its way through the native API: a TimedCall, and what every reply carries.
#pragma once

#include <atomic>
#include <concepts>
#include <functional>
#include <initializer_list>
#include <string_view>

#include "registry/api/errors.h"
#include "registry/api/native.h"
#include "registry/api/timed_call.h"

namespace muster::registry::api {

// What all calls share; once the first has come immutable but for the revision.
class Context {
 public:
  Context(Outside wiring, std::vector<HealthCheck> checks) : outside(std::move(wiring)), health(std::move(checks)) {}
  std::string epoch;
  const Outside outside;
  HealthBoard health;
  std::atomic<std::uint64_t> revision{0};  // the registry's, as the last job saw it
};

class Call final : public TimedCall {
 public:
  Call(std::shared_ptr<Context> shared, http::Request&& incoming, http::Reply&& answer)
      : TimedCall(std::move(incoming), std::move(answer)), context(std::move(shared)) {}

  const std::shared_ptr<Context> context;
  std::atomic<std::uint64_t> revision{0};  // the registry's when this call's job ran; 0: none has
  // A batch's own words for a deadline that passes once it was applied; empty: a single write's.
  std::function<ApiError()> what_stands;

  const std::string& capture(std::size_t index) const { return request.captures[index]; }
  ReadContext read_context() const;
  bool late() const override { return late_at(context->outside.now().steady); }
  void refuse_late(bool applied) override;
  void refuse_full_queue() override;

  void send(int status, std::string json, http::Headers more = {});
  void send_as(int status, std::string_view content_type, std::string body, http::Headers more = {});
  void refuse(const ApiError& error);
  void refuse(std::same_as<ReadError> auto error) { refuse(api_error(std::move(error))); }

 private:
  void finish(http::Response response);
};
using CallPtr = std::shared_ptr<Call>;

// Runs `work(turn)` on the control thread; called again from within a turn, it goes on with the same call
// later. Refuses for the caller when the queue is full (503) or the deadline has passed before the work began
// (504, not applied).
void on_control(CallPtr call, net::UniqueFunction<void(Turn&)> work);
// The same for work on one instance (Control::submit_brief): the one that the route's first two captures
// name, or one that has no name yet.
void on_control_briefly(CallPtr call, net::UniqueFunction<void(Turn&)> work);

// Refuses (and returns false) while too many rows wait for the store. Heartbeats and renewals do not ask: a
// stalled disk must not cost anybody a lease.
bool has_room(Call& call, Turn& turn);
ApiError no_room();

// False while the store is not read, or a scheduler that may have all the instances has never spoken. Who
// asks for a list and knows one already should keep it then: 503. (A zone that is not loaded has no
// instances.)
bool is_complete(const Outside& outside);
ApiError not_complete();

// 404 unknown_service or unknown_instance, whichever is true.
ApiError missing_instance(const Registry& registry, std::string_view service);

// Answers a write: `respond(durable)` runs once the change is visible, and stored if it wrote rows.
void acknowledge(const CallPtr& call, Turn& turn, const Grant& grant,
                 net::UniqueFunction<void(bool durable)> respond);

// The header that says a change lives in memory only.
http::Headers durability_header(bool durable);

struct NativeRoute {
  std::string_view method;
  std::string_view pattern;
  http::Scope scope = http::Scope::read;
  void (*handle)(CallPtr call) = nullptr;
  std::initializer_list<std::string_view> query{};  // the parameters it knows; any other is refused
  bool json_only = true;  // its reply is JSON whatever happens: 406 if that is not acceptable
  bool charges_itself = false;
};

// Adds one route: query names, Content-Type and Accept are checked before `handle` runs. A pattern with
// {service} has it as its first capture.
void add_route(http::Router& router, const std::shared_ptr<Context>& context, const NativeRoute& route);

void add_instance_routes(http::Router& router, const std::shared_ptr<Context>& context);
void add_batch_routes(http::Router& router, const std::shared_ptr<Context>& context);
void add_drain_routes(http::Router& router, const std::shared_ptr<Context>& context);
void add_service_routes(http::Router& router, const std::shared_ptr<Context>& context);
void add_health_routes(http::Router& router, const std::shared_ptr<Context>& context);
void add_explain_routes(http::Router& router, const std::shared_ptr<Context>& context);
void add_overlay_routes(http::Router& router, const std::shared_ptr<Context>& context);
void add_operation_routes(http::Router& router, const std::shared_ptr<Context>& context);
void add_source_routes(http::Router& router, const std::shared_ptr<Context>& context);
void add_status_routes(http::Router& router, const std::shared_ptr<Context>& context);
void add_answers_route(http::Router& router, const std::shared_ptr<Context>& context);
void add_endpoints_route(http::Router& router, const std::shared_ptr<Context>& context);
void add_http_sd_route(http::Router& router, const std::shared_ptr<Context>& context);

}  // namespace muster::registry::api
