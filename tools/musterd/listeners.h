// Opens the DNS addresses of the configuration, and says who holds a taken one, as far as it can be told.
#pragma once

#include <string>
#include <vector>

#include "dns/socket.h"
#include "tools/config/config.h"

namespace muster::tools {

struct Listeners {
  std::vector<dns::Listener> open;
  std::string error;  // "" when all are open
  std::vector<net::Endpoint> bound() const;
};

Listeners open_listeners(const config::Dns& dns);

}  // namespace muster::tools
