// A JSON object as its top-level members, each value kept as the text it was sent as: what clients of the
// Lyft routes put into tags comes back octet for octet, numbers included.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/net/result.h"

namespace muster::registry::api {

struct RawMember {
  std::string key;    // decoded
  std::string value;  // JSON text without blanks around it
  bool operator==(const RawMember&) const = default;
};
using RawMembers = std::vector<RawMember>;

enum class RawObjectError : std::uint8_t { not_json, not_an_object };
using RawObjectResult = net::Result<RawMembers, RawObjectError>;

// Of equal keys the last value stands, at the place of the first. Nesting over 32 is no JSON here.
RawObjectResult read_raw_object(std::string_view text);
std::string write_raw_object(const RawMembers& members);

const RawMember* find_member(const RawMembers& members, std::string_view key);
// Sets or adds one member.
void set_member(RawMembers& members, std::string_view key, std::string value);

}  // namespace muster::registry::api
