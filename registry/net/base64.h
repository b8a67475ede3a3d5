// Base64 (RFC 4648 §4), as secrets come in: HTTP Basic and TSIG keys.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace muster::net {

// The padding may be missing. nullopt: another character, or a number of them that no octets have.
std::optional<std::string> base64_decode(std::string_view text);
std::string base64_encode(std::string_view octets);  // padded, in one line

}  // namespace muster::net
