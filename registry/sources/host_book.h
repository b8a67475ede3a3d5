// The hosts that a source speaks of, and their addresses: asked for in the background, kept fresh, forgotten
// when nobody asks for them any more. A host that cannot be resolved keeps the addresses that it had.
//
// Thread safety: all of it on the resolver's strand.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "registry/net/clock.h"
#include "registry/net/resolver.h"
#include "registry/sources/host_lines.h"

namespace muster::registry::sources {

class HostBook {
 public:
  // The resolver outlives it.
  HostBook(net::Resolver& resolver, std::function<net::SteadyTime()> now);
  ~HostBook();  // what was asked for is not heard of any more

  // As far as they are known; asks for them when they are not fresh.
  std::vector<net::IpAddress> addresses_of(const std::string& host);
  // Whether addresses have changed since the last call, or are so old that all should be asked for again.
  bool wants_look();
  // All that counts has been asked for since the last call; the others are forgotten.
  void forget_unused();

  // Whether a host is being asked for of which nothing has ever been heard: neither addresses, nor that there
  // are none; for at most so long, since there first was one. When it is over, wants_look() is true.
  bool awaits_first(net::Millis most) const;
  // Those with addresses; and what was known in an earlier life, which counts until a look-up says otherwise.
  KnownHosts known() const;
  void remember(KnownHosts hosts);

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace muster::registry::sources
