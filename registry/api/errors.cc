#include "registry/api/errors.h"

#include <utility>

namespace muster::registry::api {
namespace {

// 429 and 503 always say when to come back (RFC 9110 §10.2.3).
std::optional<Millis> retry_after_of(const ApiError& error) {
  if (error.retry_after) return error.retry_after;
  const int status = http_status_for(error.code);
  if (status == 429) return Millis{30'000};
  if (status == 503) return Millis{1'000};
  return std::nullopt;
}

http::Problem problem_of(const ApiError& error) {
  std::string more = error.more;
  if (error.applied) more.insert(0, *error.applied ? ",\"applied\":true" : ",\"applied\":false");
  http::Problem problem{http_status_for(error.code), to_string(error.code), error.message, error.field};
  problem.retry_after = retry_after_of(error);
  problem.more = std::move(more);
  return problem;
}

}  // namespace

int http_status_for(ErrorCode code) {
  switch (code) {
    case ErrorCode::bad_request:
    case ErrorCode::bad_json:
    case ErrorCode::bad_form:
    case ErrorCode::invalid_field:
    case ErrorCode::unknown_field:
    case ErrorCode::address_type_not_publishable:
    case ErrorCode::bad_name: return 400;
    case ErrorCode::unauthorized: return 401;
    case ErrorCode::forbidden: return 403;
    case ErrorCode::unknown_service:
    case ErrorCode::unknown_instance:
    case ErrorCode::not_found: return 404;
    case ErrorCode::method_not_allowed: return 405;
    case ErrorCode::not_acceptable: return 406;
    case ErrorCode::request_timeout: return 408;
    case ErrorCode::stale_generation:
    case ErrorCode::listed_by_source:
    case ErrorCode::zone_has_updates: return 409;
    case ErrorCode::deregistered:
    case ErrorCode::compacted: return 410;
    case ErrorCode::precondition_failed: return 412;
    case ErrorCode::body_too_large:
    case ErrorCode::batch_too_long: return 413;
    case ErrorCode::target_too_long: return 414;
    case ErrorCode::unsupported_media_type: return 415;
    case ErrorCode::rate_limited:
    case ErrorCode::too_many_instances:
    case ErrorCode::too_many_services:
    case ErrorCode::too_many_claims:
    case ErrorCode::too_many_hosts:
    case ErrorCode::too_many_watchers: return 429;
    case ErrorCode::header_too_large: return 431;
    case ErrorCode::internal_error: return 500;
    case ErrorCode::out_of_capacity:
    case ErrorCode::starting:
    case ErrorCode::no_quorum: return 503;
    case ErrorCode::deadline_exceeded: return 504;
  }
  return 500;
}

ErrorCode error_code_for(RefusalCode code) {
  switch (code) {
    case RefusalCode::bad_name: return ErrorCode::bad_name;
    case RefusalCode::invalid_field: return ErrorCode::invalid_field;
    case RefusalCode::unknown_service: return ErrorCode::unknown_service;
    case RefusalCode::unknown_instance: return ErrorCode::unknown_instance;
    case RefusalCode::stale_generation: return ErrorCode::stale_generation;
    case RefusalCode::listed_by_source: return ErrorCode::listed_by_source;
    case RefusalCode::forbidden: return ErrorCode::forbidden;
    case RefusalCode::deregistered: return ErrorCode::deregistered;
    case RefusalCode::precondition_failed: return ErrorCode::precondition_failed;
    case RefusalCode::batch_too_long: return ErrorCode::batch_too_long;
    case RefusalCode::too_many_instances: return ErrorCode::too_many_instances;
    case RefusalCode::too_many_services: return ErrorCode::too_many_services;
    case RefusalCode::too_many_claims: return ErrorCode::too_many_claims;
    case RefusalCode::too_many_hosts: return ErrorCode::too_many_hosts;
    case RefusalCode::rate_limited: return ErrorCode::rate_limited;
    case RefusalCode::out_of_capacity: return ErrorCode::out_of_capacity;
  }
  return ErrorCode::internal_error;
}

ApiError api_error(ReadError error) { return {error.code, std::move(error.message), std::move(error.field)}; }

ApiError api_error(Refusal refusal) {
  return {error_code_for(refusal.code), std::move(refusal.message), "", refusal.retry_after};
}

std::string error_json(const ApiError& error) { return http::problem_json(problem_of(error)); }

http::Response error_response(const ApiError& error) {
  return http::problem_response(http::Dialect::native, problem_of(error));
}

}  // namespace muster::registry::api
