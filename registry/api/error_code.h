// The stable codes of the native API's errors. What each means for HTTP is decided in errors.cc alone.
#pragma once

#include <cstdint>
#include <string_view>

namespace muster::registry::api {

enum class ErrorCode : std::uint8_t {
  bad_request,
  bad_json,
  bad_form,
  invalid_field,
  unknown_field,
  address_type_not_publishable,
  bad_name,
  unauthorized,
  forbidden,
  unknown_service,
  unknown_instance,
  not_found,
  method_not_allowed,
  not_acceptable,
  request_timeout,
  stale_generation,
  listed_by_source,
  zone_has_updates,
  deregistered,
  compacted,
  precondition_failed,
  body_too_large,
  batch_too_long,
  target_too_long,
  unsupported_media_type,
  rate_limited,
  too_many_instances,
  too_many_services,
  too_many_claims,
  too_many_hosts,
  too_many_watchers,
  header_too_large,
  internal_error,
  out_of_capacity,
  starting,
  no_quorum,
  deadline_exceeded,
};
inline constexpr ErrorCode kLastErrorCode = ErrorCode::deadline_exceeded;

std::string_view to_string(ErrorCode code);  // "invalid_field"

}  // namespace muster::registry::api
