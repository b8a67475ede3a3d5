// Names in none of our zones, where the configuration wants them looked up: the cache and the forwarder,
// wired.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <vector>

#include "dns/answer.h"
#include "dns/forward/forwarder.h"
#include "tools/musterd/dns_config.h"
#include "tools/musterd/names.h"
#include "tools/musterd/settings.h"

namespace muster::tools {

class ForeignNames {
 public:
  // `listen`: where DNS is answered here; a server there is never asked. `io`: where TCP connections are
  // served.
  ForeignNames(const config::Config& config, Names& names, const DnsConfig& dns,
               std::vector<net::Endpoint> listen, boost::asio::any_io_executor io);

  dns::Cache* cache() { return cache_.get(); }  // null: nothing is kept
  dns::Forwarder& forwarder() { return *forwarder_; }
  const dns::Forwarder& forwarder() const { return *forwarder_; }
  const dns::Cache* cache() const { return cache_.get(); }
  void start() { forwarder_->start(); }
  void stop() { forwarder_->stop(); }
  // Servers and time-outs, from any thread, but one at a time. When other zones are ours than before, nothing
  // is kept: an answer may lead to names that are ours now.
  void take_over(const config::Config& config);

 private:
  bool is_ours(std::string_view folded);
  dns::Octets answer_here(const dns::Octets& query, const dns::Client& client);
  dns::ForwardServers servers(const config::Forward& forward) const;
  void log_settings(const config::Forward& forward, const dns::ForwardServers& servers) const;

  std::vector<net::Endpoint> others(std::vector<net::Endpoint> servers) const;

  const std::vector<net::Endpoint> listen_;
  const std::vector<net::IpAddress> own_;  // at which others reach this machine
  const std::shared_ptr<const dns::LiveConfig> live_;
  // The forwarder's thread's.
  zones::NameTable::Reader reader_;
  dns::Answerer answerer_;
  std::uint64_t generation_ = 0;
  std::vector<zones::Name> file_zones_;  // take_over()'s
  std::unique_ptr<dns::Cache> cache_;
  std::unique_ptr<dns::Forwarder> forwarder_;
};

// Prefixes so wide, and of everybody's, that whoever is behind them cannot be known: with one of them a
// server is open.
std::vector<net::IpPrefix> open_prefixes(const std::vector<net::IpPrefix>& allow);

}  // namespace muster::tools
