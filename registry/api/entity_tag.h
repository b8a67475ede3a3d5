// Entity tags (RFC 9110 §8.8.3) of services, instances and the overlay: "<epoch>-<revision>", so that a tag
// of another store never matches.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "registry/net/result.h"

namespace muster::registry::api {

std::string entity_tag(std::string_view epoch, std::uint64_t revision);

// If-None-Match: "*" or a list; weak comparison.
bool matches_any(std::string_view if_none_match, std::string_view tag);

// If-Match of a write: one tag. `other_store`: well formed, but it cannot match here.
enum class TagError : std::uint8_t { malformed, other_store };
using TagResult = net::Result<std::uint64_t, TagError>;
TagResult revision_of(std::string_view if_match, std::string_view epoch);

}  // namespace muster::registry::api
