// Globs of the overlay, of tokens and of listings: `*` is any run of octets (a slash too), `?` one octet,
// everything else stands for itself. Matching is linear in practice and never recursive.
#pragma once

#include <string_view>

namespace muster::registry {

bool glob_matches(std::string_view pattern, std::string_view text);
// No wildcard in it: it matches exactly itself.
bool glob_is_literal(std::string_view pattern);
// What all that it matches begins with: `web-` of `web-*`.
std::string_view glob_prefix(std::string_view pattern);

}  // namespace muster::registry
