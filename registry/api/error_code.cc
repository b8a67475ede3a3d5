#include "registry/api/error_code.h"

namespace muster::registry::api {

std::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::bad_request: return "bad_request";
    case ErrorCode::bad_json: return "bad_json";
    case ErrorCode::bad_form: return "bad_form";
    case ErrorCode::invalid_field: return "invalid_field";
    case ErrorCode::unknown_field: return "unknown_field";
    case ErrorCode::address_type_not_publishable: return "address_type_not_publishable";
    case ErrorCode::bad_name: return "bad_name";
    case ErrorCode::unauthorized: return "unauthorized";
    case ErrorCode::forbidden: return "forbidden";
    case ErrorCode::unknown_service: return "unknown_service";
    case ErrorCode::unknown_instance: return "unknown_instance";
    case ErrorCode::not_found: return "not_found";
    case ErrorCode::method_not_allowed: return "method_not_allowed";
    case ErrorCode::not_acceptable: return "not_acceptable";
    case ErrorCode::request_timeout: return "request_timeout";
    case ErrorCode::stale_generation: return "stale_generation";
    case ErrorCode::listed_by_source: return "listed_by_source";
    case ErrorCode::zone_has_updates: return "zone_has_updates";
    case ErrorCode::deregistered: return "deregistered";
    case ErrorCode::compacted: return "compacted";
    case ErrorCode::precondition_failed: return "precondition_failed";
    case ErrorCode::body_too_large: return "body_too_large";
    case ErrorCode::batch_too_long: return "batch_too_long";
    case ErrorCode::target_too_long: return "target_too_long";
    case ErrorCode::unsupported_media_type: return "unsupported_media_type";
    case ErrorCode::rate_limited: return "rate_limited";
    case ErrorCode::too_many_instances: return "too_many_instances";
    case ErrorCode::too_many_services: return "too_many_services";
    case ErrorCode::too_many_claims: return "too_many_claims";
    case ErrorCode::too_many_hosts: return "too_many_hosts";
    case ErrorCode::too_many_watchers: return "too_many_watchers";
    case ErrorCode::header_too_large: return "header_too_large";
    case ErrorCode::internal_error: return "internal_error";
    case ErrorCode::out_of_capacity: return "out_of_capacity";
    case ErrorCode::starting: return "starting";
    case ErrorCode::no_quorum: return "no_quorum";
    case ErrorCode::deadline_exceeded: return "deadline_exceeded";
  }
  return "";
}

}  // namespace muster::registry::api
