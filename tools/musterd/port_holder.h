// Who holds a port that could not be bound: for the sentence that says what to do.
#pragma once

#include <cstdint>
#include <string>

namespace muster::tools {

// The name of the process that holds the port, as far as /proc shows it to this user: the sockets of other users'
// processes are hidden from all but root, so one of them counts if its name is that of a DNS server. "": nobody is seen.
std::string holder_of_port(std::uint16_t port);

}  // namespace muster::tools
