// Looks up the host names in the URLs of instances: takes those that are due from the registry, asks DNS on
// the I/O thread, and gives back what it found. No query and no registration waits for it. Names that this
// server answers of its instances are never asked for: their addresses would come from themselves.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "registry/control.h"
#include "registry/net/resolver.h"
#include "tools/config/config.h"

namespace muster::tools {

struct HostLookupCounters {
  std::atomic<std::uint64_t> found{0};
  std::atomic<std::uint64_t> failed{0};
};

// Whether the name of a host, in any case and with or without its final dot, is in a generated zone or one of
// the names that services have in file zones.
bool is_own_name(std::string_view host, const config::Config& config);

class UrlHosts {
 public:
  // The configuration of now; asked at once, and then on the control thread.
  using Running = std::function<std::shared_ptr<const config::Config>()>;
  UrlHosts(boost::asio::io_context& io, registry::Control& control, Running running);

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
  void tell(const Found& one, net::SteadyTime now);
  void found(Found one);
  void take(registry::Registry& registry, net::Instant now);

  registry::Control& control_;
  Running running_;
  net::Strand strand_;
  net::Resolver resolver_;  // of the strand
  std::mutex mutex_;
  std::vector<Found> found_;  // and not yet taken
  bool is_asked_ = false;     // a job that takes them is on its way
  HostLookupCounters counters_;
  net::SteadyTime told_{};  // when a failure was last logged
};

}  // namespace muster::tools
