// What stands in the files: a text for each place, of checked values alone.
#pragma once

#include <string>
#include <vector>

#include "tools/muster/resolver/kind.h"
#include "tools/muster/resolver/node.h"
#include "tools/muster/resolver/target.h"

namespace muster::resolver {

// `base`: the file as it was before us, "" when it was not there; only places that add look at it. Without
// the stamp.
std::string text_for(const Place& place, const Target& target, const Node& node, const std::string& base);

// CoreDNS's block for our domains, alone.
std::string server_block(const Target& target);

}  // namespace muster::resolver
