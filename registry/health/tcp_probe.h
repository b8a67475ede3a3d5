// Is somebody there? One TCP connect, with a limit, and what came of it. Asynchronous; on the executor's
// thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>

#include "registry/net/clock.h"
#include "registry/net/ip_address.h"
#include "registry/net/unique_function.h"
#include "registry/registry.h"

namespace muster::registry {

using ProbeDone = net::UniqueFunction<void(ProbeVerdict)>;

// Calls `done` once, within `limit`. Trouble of our own (no descriptor, no local port) counts as timed_out:
// it says nothing against the peer by itself.
void probe_tcp(boost::asio::any_io_executor executor, const net::Endpoint& target, net::Millis limit,
               ProbeDone done);

}  // namespace muster::registry
