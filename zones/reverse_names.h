// The names of the reverse zones: which names each address leads back to, whoever says so. Control thread
// only.
//
// Two kinds of writers say so: the registry, of its instances one by one, and Mesos views, of their tasks
// (zones/reverse_view.h).
//
// Invariants:
//  1. What stands at an address is a function of what all writers say of it and the configuration; it goes
//     when nobody says anything of it. First instances in the order of their registration, then what views
//     say in the order of names; a name that several say stands once.
//  2. At most the first 1,000 of each kind are published, and no more of views once there are 1,000 in all:
//     64 KiB hold no more. A change behind them touches nothing.
//  3. Its TTL is the least of those who say so (an RRset has but one, RFC 2181 §5.2).
//  4. An address outside the zones costs nothing, nor do views where none speaks.
// What is dirty is put, or goes, with the next flush().
#pragma once

#include <compare>
#include <cstdint>
#include <map>
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
  enum class ViewId : std::uint32_t {};

  // All three outlive this. The zones of the configuration stay; when the rest changes, mark() says what for.
  ReverseNames(const PublishConfig& config, PublishCounters& counters, NameSink& sink)
      : config_(config), counters_(counters), sink_(sink) {}

  bool covers(const net::IpAddress& address) const;

  void add(const net::IpAddress& address, const Place& place);
  void remove(const net::IpAddress& address, const Place& place);
  // What is said of the instances there is said anew.
  void mark(const net::IpAddress& address);

  ViewId open_view(std::uint32_t ttl);
  void close_view(ViewId view);  // with all that it says
  void set_ttl(ViewId view, std::uint32_t ttl);
  void add(const net::IpAddress& address, ViewId view, const Name& target);
  void remove(const net::IpAddress& address, ViewId view, const Name& target);

  void flush();

 private:
  struct Claim {
    Name target;
    ViewId view;
    auto operator<=>(const Claim&) const = default;
  };
  using Claims = HeadedSet<Claim, std::less<>>;
  struct Content {
    std::vector<Name> targets;
    std::uint32_t ttl = UINT32_MAX;
  };

  void show(const net::IpAddress& address);
  void add_instances(const InstanceSet& instances, Content& to) const;
  void add_claims(const Claims& claims, Content& to) const;

  const PublishConfig& config_;
  PublishCounters& counters_;
  NameSink& sink_;
  DomainSets<net::IpAddress> instances_;     // only at addresses of our zones
  std::map<net::IpAddress, Claims> claims_;  // likewise; none is empty
  std::map<ViewId, std::uint32_t> ttls_;     // of the views that are open
  std::uint32_t views_ = 0;                  // that ever were
  std::set<net::IpAddress> dirty_;
};

}  // namespace muster::zones
