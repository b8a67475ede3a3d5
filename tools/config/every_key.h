// Every key of musterd.toml, so that a key in the wrong section can be told where it belongs.
#pragma once

#include <set>
#include <string>

namespace muster::config {

// As "dns.listen"; those of a service as "service.X.ttl".
const std::set<std::string>& every_key();

}  // namespace muster::config
