// The services as the server has them, fetched once and then kept by its change feed: a change costs the
// services that it touches, and those that fall back to them.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tools/muster/client.h"
#include "tools/muster/haproxy/service.h"

namespace muster::haproxy {

class Picture {
 public:
  Picture(const cli::Client& client, std::string glob) : client_(client), glob_(std::move(glob)) {}

  // Fetches everything, or what has changed since. Not ok(): nothing has changed here.
  cli::Reply update();
  // Waits for changes for at most `wait`. `lost`: what has changed is not known, the next update() fetches
  // everything.
  enum class Waited : std::uint8_t { nothing, changed, lost };
  Waited wait(std::chrono::milliseconds wait);
  // Everything, not just what has changed, with the next update().
  void forget() { is_known_ = false; }
  std::vector<Service> services() const;

 private:
  cli::Reply fetch(const std::string& glob, std::map<std::string, Service>& into, Answers& first) const;
  cli::Reply fetch_all();
  cli::Reply fetch_changed();

  const cli::Client& client_;
  const std::string glob_;
  bool is_known_ = false;
  std::string epoch_;
  std::uint64_t revision_ = 0;
  std::map<std::string, Service> services_;
  std::set<std::string> changed_;  // and not fetched yet
};

}  // namespace muster::haproxy
