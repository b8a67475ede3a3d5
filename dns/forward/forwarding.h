// Which names outside our zones are looked up elsewhere, and for whom: what the answer function needs to know
// of it.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "registry/net/ip_address.h"

namespace muster::dns {

struct Forwarding {
  std::vector<net::IpPrefix> allow;  // who may ask
  std::vector<std::string> zones;    // that have servers of their own: wire form, lower case
  std::size_t max_pending = 10'000;  // queries that wait for an upstream, of all clients
  std::shared_ptr<const std::atomic<std::size_t>> pending;  // how many do

  bool permits(const net::IpAddress& address) const;
  // Whether the configuration names servers for it that are nearer than `apex`, one of its ends.
  bool has_own_servers(std::string_view folded, std::string_view apex) const;
  bool is_full() const { return pending->load(std::memory_order_relaxed) >= max_pending; }
};

}  // namespace muster::dns
