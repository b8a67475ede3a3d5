// What differs between the running configuration and the next one, key by key. One list of the keys says which of them
// wait for a restart, so that no key can change unseen.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "tools/config/config.h"

namespace muster::config {

// Keys as "dns.listen". A service counts as one key ("service.web"), and so does each list of tables ("http.token").
struct Changes {
  std::vector<std::string> taken_over;
  std::vector<std::string> needs_restart;
};
Changes changes_between(const Config& running, const Config& next);

// `next`, but for the keys that wait for a restart: they keep their running values, so that the next reload
// names them again.
Config taken_over(const Config& running, Config next);

// Every key that changes_between() compares; all services are "service".
std::set<std::string> compared_keys();

}  // namespace muster::config
