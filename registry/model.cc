#include "registry/model.h"

#include "registry/change.h"

namespace muster::registry {

std::string_view to_string(State state) {
  switch (state) {
    case State::starting: return "STARTING";
    case State::active: return "ACTIVE";
    case State::timedout: return "TIMEDOUT";
    case State::suspended: return "SUSPENDED";
    case State::off: return "OFF";
  }
  return "";
}

std::string_view to_string(LeaseState state) {
  switch (state) {
    case LeaseState::live: return "live";
    case LeaseState::recovered: return "recovered";
    case LeaseState::suspect: return "suspect";
  }
  return "";
}

std::string_view to_string(AdminMode mode) {
  switch (mode) {
    case AdminMode::automatic: return "auto";
    case AdminMode::up: return "up";
    case AdminMode::down: return "down";
    case AdminMode::drain: return "drain";
  }
  return "";
}

std::string_view to_string(Protocol protocol) { return protocol == Protocol::tcp ? "tcp" : "udp"; }

std::string_view to_string(Reason reason) {
  switch (reason) {
    case Reason::ok: return "ok";
    case Reason::service_name_not_a_label: return "service_name_not_a_label";
    case Reason::service_label_taken: return "service_label_taken";
    case Reason::reserved_label: return "reserved_label";
    case Reason::no_address: return "no_address";
    case Reason::unresolved: return "unresolved";
    case Reason::bad_port: return "bad_port";
    case Reason::admin_down: return "admin_down";
    case Reason::draining: return "draining";
    case Reason::forced_up: return "forced_up";
    case Reason::lease_suspect: return "lease_suspect";
    case Reason::starting: return "starting";
    case Reason::suspended_report: return "suspended:report";
    case Reason::suspended: return "suspended";
    case Reason::timedout: return "timedout";
    case Reason::timedout_hidden: return "timedout_hidden";
    case Reason::capped: return "capped";
    case Reason::not_routable_unhealthy: return "not_routable:unhealthy";
    case Reason::not_routable_no_result: return "not_routable:no_result";
    case Reason::not_routable_not_ready: return "not_routable:not_ready";
    case Reason::not_routable_unreachable: return "not_routable:unreachable";
    case Reason::unreachable: return "unreachable";
    case Reason::held: return "held";
    case Reason::weight_zero: return "weight_zero";
    case Reason::lower_tier: return "lower_tier";
    case Reason::overloaded: return "overloaded";
    case Reason::task_ended: return "task_ended";
  }
  return "";
}

std::string_view to_string(Cause cause) {
  switch (cause) {
    case Cause::none: return "";
    case Cause::deregistered: return "deregistered";
    case Cause::expired: return "expired";
    case Cause::task_ended: return "task_ended";
    case Cause::confirmed: return "confirmed";
    case Cause::held_out: return "held_out";
    case Cause::replaced: return "replaced";
    case Cause::source_gone: return "source_gone";
  }
  return "";
}

std::string reason_text(Reason reason, const Instance& instance) {
  std::string text(to_string(reason));
  if (reason == Reason::suspended || reason == Reason::timedout)
    text += ":" + health::class_text(instance.failure, instance.http_status);
  return text;
}

Reason reason_among(const Instance& instance, std::optional<std::uint16_t> best_tier) {
  const bool is_lower = best_tier && instance.body->priority_or_default() > *best_tier;
  return instance.reason == Reason::ok && is_lower ? Reason::lower_tier : instance.reason;
}

std::string_view to_string(RefusalCode code) {
  switch (code) {
    case RefusalCode::bad_name: return "bad_name";
    case RefusalCode::invalid_field: return "invalid_field";
    case RefusalCode::unknown_service: return "unknown_service";
    case RefusalCode::unknown_instance: return "unknown_instance";
    case RefusalCode::stale_generation: return "stale_generation";
    case RefusalCode::listed_by_source: return "listed_by_source";
    case RefusalCode::forbidden: return "forbidden";
    case RefusalCode::deregistered: return "deregistered";
    case RefusalCode::precondition_failed: return "precondition_failed";
    case RefusalCode::batch_too_long: return "batch_too_long";
    case RefusalCode::too_many_instances: return "too_many_instances";
    case RefusalCode::too_many_services: return "too_many_services";
    case RefusalCode::too_many_claims: return "too_many_claims";
    case RefusalCode::too_many_hosts: return "too_many_hosts";
    case RefusalCode::rate_limited: return "rate_limited";
    case RefusalCode::out_of_capacity: return "out_of_capacity";
  }
  return "";
}

}  // namespace muster::registry
