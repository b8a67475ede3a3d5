// Looks up the host names in the URLs of instances: takes those that are due from the registry, asks DNS on
// the I/O thread, and gives back what it found. No query and no registration waits for it.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <mutex>
#include <string>
#include <vector>

#include "registry/control.h"
#include "registry/net/resolver.h"
#include "tools/config/config.h"

namespace muster::tools {

struct HostLookupCounters {
  std::atomic<std::uint64_t> found{0};
  std::atomic<std::uint64_t> failed{0};
};

class UrlHosts {
 public:
  UrlHosts(boost::asio::io_context& io, registry::Control& control, const config::Registry& config);

  // On the control thread, every tick.
  void tick(registry::Registry& registry, net::Instant now);
  const HostLookupCounters& counters() const { return counters_; }

 private:
  struct Found {
    std::string host;
    registry::HostFound what;
    std::string fault;  // "": none
  };
  void ask(const std::string& host);
  void found(Found one);
  void take(registry::Registry& registry, net::Instant now);

  registry::Control& control_;
  net::Strand strand_;
  net::Resolver resolver_;  // of the strand
  std::mutex mutex_;
  std::vector<Found> found_;  // and not yet taken
  bool is_asked_ = false;     // a job that takes them is on its way
  HostLookupCounters counters_;
  net::SteadyTime told_{};  // when a failure was last logged
};

}  // namespace muster::tools
