// After the sockets are bound, musterd needs no root.
#pragma once

#include <string>

namespace muster::tools {

// "" when this process now runs as `user`, else what went wrong and how to mend it. Call it before threads start.
std::string drop_privileges(const std::string& user);

}  // namespace muster::tools
