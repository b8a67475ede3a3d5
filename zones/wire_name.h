// Names as bare octets, for readers of many of them: a name is read into a place on the stack, and names that
// lie in somebody's buffer are walked and compared without becoming a Name. Nothing here allocates.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "zones/name.h"

namespace muster::zones {

constexpr std::size_t kNameMax = 255;
constexpr std::size_t kLabelMax = 63;

struct WireName {
  std::array<char, kNameMax> octets;  // not initialised: only the first `size` mean anything
  std::size_t size = 0;
  std::string_view view() const { return {octets.data(), size}; }
};

// Presentation form to wire form; `origin` is a wire name. nullopt: read.
std::optional<NameError> read_name(std::string_view text, std::string_view origin, WireName& name);

// The name without its first label. Precondition: a wire name that is not the root.
inline std::string_view parent_of(std::string_view wire) {
  return wire.substr(1 + static_cast<unsigned char>(wire[0]));
}
inline bool is_wildcard(std::string_view wire) { return wire.size() > 1 && wire[0] == 1 && wire[1] == '*'; }
bool is_at_or_below(std::string_view name, std::string_view ancestor);
std::size_t label_count(std::string_view wire);

// How many octets the uncompressed name at the front of `octets` has; nullopt: there is none (rdata in the
// form of RFC 3597 may hold anything, also in types whose names we know). Inline: the query path asks it.
inline std::optional<std::size_t> name_length(std::string_view octets) {
  for (std::size_t at = 0; at < octets.size() && at < kNameMax;) {
    const auto length = static_cast<unsigned char>(octets[at]);
    if (length == 0) return at + 1;
    if (length > kLabelMax) return std::nullopt;
    at += 1 + length;
  }
  return std::nullopt;
}

}  // namespace muster::zones
