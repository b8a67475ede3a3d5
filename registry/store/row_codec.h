// A claim's body as the store keeps it: one line of JSON. Opaque parts (meta, the Lyft tags) are kept as
// strings of JSON text, so that what was given comes back octet for octet. Reading is strict: the file may
// have been damaged, and a body that is not exactly what we write is reported and left out rather than half
// believed.
#pragma once

#include <string>
#include <string_view>

#include "registry/model.h"
#include "registry/net/result.h"

namespace muster::registry {

// In the order of the checks.
enum class BodyError : std::uint8_t {
  not_json,
  not_an_object,
  unknown_member,
  wrong_type,
  out_of_range,
  bad_address,
  bad_opaque,
  bad_checks,
  bad_url,
};
std::string_view to_string(BodyError error);

void append_body(std::string& out, const InstanceBody& body);
net::Result<BodyPtr, BodyError> read_body(std::string_view text);
// The same without the quick way (plain_body.h): slower, and equal for every text.
net::Result<BodyPtr, BodyError> read_any_body(std::string_view text);

}  // namespace muster::registry
