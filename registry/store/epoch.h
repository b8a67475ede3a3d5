// The epoch: the identity of one store, a random UUID (RFC 4122 §4.4). Revisions are comparable within it
// only.
#pragma once

#include <string>

namespace muster::registry {

std::string new_epoch();

}  // namespace muster::registry
