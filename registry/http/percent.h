// Percent-decoding (RFC 3986 §2.1) and the UTF-8 check that goes with it. Strict: a `%` without two hex
// digits is an error, never passed through, so that one octet sequence has one meaning.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace muster::registry::http {

enum class Plus : bool { literal, space };  // forms and queries write a space as `+`

std::optional<std::string> percent_decode(std::string_view text, Plus plus = Plus::literal);

// Well-formed UTF-8 (RFC 3629): no surrogates, no overlong forms, nothing above U+10FFFF.
bool is_utf8(std::string_view text);

}  // namespace muster::registry::http
