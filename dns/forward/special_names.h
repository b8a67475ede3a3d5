// Names outside our zones that must not leave this node: what they are is agreed on, or only this node knows
// (RFC 6303, 6761, 6762, 7686, 7793, 8375).
#pragma once

#include <cstdint>
#include <string_view>

namespace muster::dns {

enum class SpecialKind : std::uint8_t {
  none,
  localhost,     // and what is below: the loopback addresses (RFC 6761 §6.3)
  never,         // there is no such name: invalid., local., onion.
  private_zone,  // a zone with nothing in it, but that the loopback addresses are called localhost
};

struct SpecialName {
  SpecialKind kind = SpecialKind::none;
  std::string_view apex;  // the end of the name that is special: of the zone that is answered for
};

// `folded`: a wire name in lower case. The result points into it.
SpecialName special_name(std::string_view folded);

// The address's own name: "1.0.0.127.in-addr.arpa." and that of ::1.
bool is_loopback_pointer(std::string_view folded);
// An empty non-terminal above it.
bool is_above_loopback(std::string_view folded);

}  // namespace muster::dns
