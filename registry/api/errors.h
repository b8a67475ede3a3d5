// From what can go wrong to what HTTP says: the only place where a code gets its status, its Retry-After and
// its body {"error","message","field","retry_after_ms"}.
#pragma once

#include <optional>
#include <string>

#include "registry/api/body_reader.h"
#include "registry/api/error_code.h"
#include "registry/http/message.h"

namespace muster::registry::api {

struct ApiError {
  ErrorCode code = ErrorCode::internal_error;
  std::string message;
  std::string field{};  // JSON pointer into the body, or "?name" for the query
  std::optional<Millis> retry_after{};
  std::optional<bool> applied{};  // deadline_exceeded: whether the change stands
  std::string more{};             // further members, each as ,"name":value
};

int http_status_for(ErrorCode code);
ErrorCode error_code_for(RefusalCode code);

ApiError api_error(ReadError error);
ApiError api_error(Refusal refusal);

std::string error_json(const ApiError& error);
http::Response error_response(const ApiError& error);

}  // namespace muster::registry::api
