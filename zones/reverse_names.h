// The names of the reverse zones: which names each address leads back to, whoever says so. Control thread
// only.
//
// Registered instances are told here one by one, and are shown in the order of their registration, the first
// 1,000 of them. What is dirty is put, or goes, with the next flush(); an address outside the zones costs
// nothing.
#pragma once

#include <set>
#include <vector>

#include "registry/net/ip_address.h"
#include "zones/domain_sets.h"
#include "zones/name_sink.h"
#include "zones/publish_config.h"
#include "zones/publish_counters.h"

namespace muster::zones {

class ReverseNames {
 public:
  // All three outlive this. The zones of the configuration stay; when the rest changes, mark() says what for.
  ReverseNames(const PublishConfig& config, PublishCounters& counters, NameSink& sink)
      : config_(config), counters_(counters), sink_(sink) {}

  bool covers(const net::IpAddress& address) const;

  void add(const net::IpAddress& address, const Place& place);
  void remove(const net::IpAddress& address, const Place& place);
  // What is said of the instances there is said anew.
  void mark(const net::IpAddress& address);

  void flush();

 private:
  void show(const net::IpAddress& address);
  std::vector<Name> targets_at(const InstanceSet& instances) const;

  const PublishConfig& config_;
  PublishCounters& counters_;
  NameSink& sink_;
  DomainSets<net::IpAddress> instances_;  // only at addresses of our zones
  std::set<net::IpAddress> dirty_;
};

}  // namespace muster::zones
