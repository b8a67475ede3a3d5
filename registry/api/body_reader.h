// Request bodies of the native API: JSON text into changes. Strict: unknown members, wrong types, nesting
// over 32 and every bound of registry/limits.h are refused with what is wrong, where (a JSON pointer) and how
// to mend it. Pure: no clock, no socket; the fuzzer calls these functions with whatever it likes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/api/error_code.h"
#include "registry/change.h"
#include "registry/net/result.h"

namespace muster::registry::api {

struct ReadError {
  ErrorCode code = ErrorCode::bad_json;
  std::string message;
  std::string field;  // JSON pointer (RFC 6901); "": the body as a whole
};
template <class T>
using ReadResult = net::Result<T, ReadError>;

// What a body may refer to without saying it.
struct ReadContext {
  IpAddress caller;  // the address that "auto" stands for
  WallTime now{};    // what "expires_in" counts from
  std::string by;    // who is asking
};

// The path's own words; a body may repeat them but not contradict them. "" when the path does not say.
struct Named {
  std::string service;
  std::string id;
};

// A batch's element; `error` tells why it is refused, and then `value` holds at most its service and id.
template <class T>
struct Element {
  T value;
  std::optional<ReadError> error;
};
template <class T>
using Elements = std::vector<Element<T>>;

// Without an id in path or body, the id is `<address>-<port>`, so that a repeat is the same instance.
ReadResult<Registration> read_registration(std::string_view text, const ReadContext& context, Named named);
ReadResult<Elements<Registration>> read_registrations(std::string_view text, const ReadContext& context);

// An empty text is an empty heartbeat: renew, nothing else.
ReadResult<Heartbeat> read_heartbeat(std::string_view text, const ReadContext& context, Named named);
ReadResult<Elements<Heartbeat>> read_heartbeats(std::string_view text, const ReadContext& context);

ReadResult<OverlayEntry> read_overlay_entry(std::string_view text, const ReadContext& context);
ReadResult<std::vector<OverlayEntry>> read_overlay(std::string_view text, const ReadContext& context);

// PUT …/admin: an entry without match, which the path gives.
ReadResult<OverlayEntry> read_admin(std::string_view text, const ReadContext& context);

// {"reason":"…"} or nothing.
ReadResult<std::string> read_drain(std::string_view text);

// {"discard":["example.test."]} or nothing: the zones whose stored updates may be dropped.
ReadResult<std::vector<std::string>> read_reload(std::string_view text);

// What is wrong with names that came in a path.
std::optional<ReadError> check_names(std::string_view service, std::string_view id);
std::optional<ReadError> check_service(std::string_view service);

}  // namespace muster::registry::api
