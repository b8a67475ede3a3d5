// Where a node's resolver is to ask, and for which names: checked, so that they can stand in its files.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/net/ip_address.h"
#include "registry/net/result.h"

namespace muster::resolver {

struct Target {
  std::vector<std::string>
      domains;  // the services' first, as domain_of() gives them; none where all names go
  net::Endpoint server;
};

// In lower case and without the final dot; nullopt for what is no name of letters, digits, - and _, or is an
// address. Names in DNS may hold any octet, but these are written where a blank, a slash or a new line would
// mean something else.
std::optional<std::string> domain_of(std::string_view text);

// Which of musterd's listeners this node can ask. `host`: where its HTTP API was reached; a wildcard is asked
// there, and loopback is ours only if that is. The error says what to do.
net::Result<net::Endpoint, std::string> choose_listener(const std::vector<net::Endpoint>& listeners,
                                                        std::string_view host, bool port_53);

// The host of a URL, without the brackets of IPv6.
std::string host_of(std::string_view url);

// What is wrong with the address for a file that knows no port, and the cure; "": nothing.
std::string trouble_of_port(const net::Endpoint& server);

}  // namespace muster::resolver
