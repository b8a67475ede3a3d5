#include "tools/config/config.h"

#include <algorithm>

#include "registry/glob.h"

namespace muster::config {

bool listens_at(const std::vector<net::Endpoint>& listen, const net::Endpoint& server) {
  return std::any_of(listen.begin(), listen.end(), [&](const net::Endpoint& at) {
    return at == server || (at.address.is_unspecified() && at.port == server.port &&
                            at.address.family == server.address.family && server.address.is_loopback());
  });
}

const Service* Config::service(std::string_view name) const {
  const Service* best = nullptr;
  std::size_t best_literals = 0;
  for (const auto& [pattern, service] : services) {
    if (pattern == name) return &service;
    const auto wild =
        std::count_if(pattern.begin(), pattern.end(), [](char c) { return c == '*' || c == '?'; });
    const std::size_t literals = pattern.size() - static_cast<std::size_t>(wild);
    if (wild == 0 || !registry::glob_matches(pattern, name)) continue;
    if (best == nullptr || literals > best_literals) {
      best = &service;
      best_literals = literals;
    }
  }
  return best;
}

}  // namespace muster::config
