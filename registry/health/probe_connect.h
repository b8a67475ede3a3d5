// The first step of a probe over TCP: a connection, or what the kernel says of why there is none. What it
// says is told apart finely, for trouble of our own (no route, no descriptor, no port) is no verdict on
// anybody.
#pragma once

#include <cstdint>
#include <optional>

#include "registry/health/verdict.h"
#include "registry/net/ip_address.h"
#include "registry/net/socket.h"
#include "registry/net/unique_function.h"

namespace muster::registry::health {

// nullopt: connected, and `socket` may be used; else the verdict, without its latency.
using Connected = net::UniqueFunction<void(std::optional<Verdict>)>;

// The caller keeps the socket until `connected` has run, or closes it; then that runs with a verdict, too. It
// never runs inside this call.
void connect_to(net::Socket& socket, const net::Endpoint& target, Connected connected);

// Of an error that a connection ended with after it was there.
Verdict verdict_of_end(const boost::system::error_code& error);

}  // namespace muster::registry::health
