// Asks DNS for the addresses of a host, A and AAAA side by side, by c-ares on the executor's thread: its
// sockets and time-outs are Asio's. It keeps nothing; the resolver does.
//
// Thread safety: all of it on its strand.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "registry/net/clock.h"
#include "registry/net/ip_address.h"
#include "registry/net/resolver.h"

namespace muster::net {

class HostLookup {
 public:
  using Done = UniqueFunction<void(Result<HostAddresses, ResolveFault>)>;

  // `servers`, `search` and `resend` as in ResolverConfig.
  HostLookup(Strand strand, const ResolverConfig& config);
  ~HostLookup();  // what was not told yet is never told
  HostLookup(const HostLookup&) = delete;
  HostLookup& operator=(const HostLookup&) = delete;

  // Calls `done` once, never inside this call. When one family has been answered and the other has not at the
  // end of the limit, the one will do.
  void ask(const std::string& name, Millis limit, Done done);

 private:
  class Channel;
  class Query;
  std::shared_ptr<Channel> channel();

  const Strand strand_;
  const ResolverConfig config_;
  std::vector<std::shared_ptr<Channel>> channels_;  // the last is asked; others wait for their last answers
};

}  // namespace muster::net
