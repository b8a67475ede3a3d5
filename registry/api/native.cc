#include "registry/api/native.h"

#include "registry/api/call.h"

namespace muster::registry::api {

NativeApi::NativeApi(Outside outside, std::vector<HealthCheck> checks)
    : context_(std::make_shared<Context>(std::move(outside), std::move(checks))) {}
NativeApi::~NativeApi() = default;

void NativeApi::add_routes(http::Router& router) {
  add_instance_routes(router, context_);
  add_batch_routes(router, context_);
  add_drain_routes(router, context_);
  add_service_routes(router, context_);
  add_answers_route(router, context_);
  add_health_routes(router, context_);
  add_explain_routes(router, context_);
  add_overlay_routes(router, context_);
  add_operation_routes(router, context_);
  add_source_routes(router, context_);
  add_status_routes(router, context_);
  add_http_sd_route(router, context_);
  add_endpoints_route(router, context_);
}

void NativeApi::set_epoch(std::string epoch) { context_->epoch = std::move(epoch); }

void NativeApi::moved_to(std::uint64_t revision) {
  context_->revision.store(revision, std::memory_order_relaxed);
}

HealthReport NativeApi::health() const { return context_->health.report(context_->outside.now().wall); }

std::vector<http::LiveHeader> NativeApi::position() const {
  return {{"Muster-Epoch", [context = context_] { return context->epoch; }},
          {"Muster-Revision", [context = context_] { return std::to_string(context->revision.load()); }}};
}

}  // namespace muster::registry::api
