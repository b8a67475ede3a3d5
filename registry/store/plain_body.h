// The quick way to read a stored body: one pass, no tree of values. A start reads every body there is, and nearly all
// are written plainly: members in the order of append_body(), keys sorted, text of printable ASCII without escapes.
#pragma once

#include <string_view>

#include "registry/model.h"

namespace muster::registry {

// False: not such a body, nor need it be a bad one; `body` then holds nothing of use.
[[nodiscard]] bool read_plain_body(std::string_view text, InstanceBody& body);

}  // namespace muster::registry
