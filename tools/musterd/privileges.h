// After the sockets are bound, musterd needs no root.
#pragma once

#include <string>

namespace muster::tools {

// "" when this process now runs as `user`, else what went wrong and how to mend it. Only the log's thread may run by
// then, and perhaps a library's: the kernel gives ids to single threads, glibc gives these to all that run (setxid).
std::string drop_privileges(const std::string& user);

}  // namespace muster::tools
