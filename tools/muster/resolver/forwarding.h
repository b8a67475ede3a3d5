// Does a name server answer for the whole world? Asked of it, before a node asks it for everything.
#pragma once

#include <cstdint>

#include "registry/net/ip_address.h"

namespace muster::resolver {

enum class Forwarding : std::uint8_t { yes, no, silent };

// One question over UDP, for what every resolver knows: the root's name servers. Takes 2 s at most.
Forwarding ask_forwarding(const net::Endpoint& server);

}  // namespace muster::resolver
