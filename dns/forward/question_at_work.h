// A question that upstreams are asked, and who waits for its answer.
#pragma once

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "dns/desk.h"
#include "dns/forward/alias_reply.h"
#include "dns/forward/cache.h"
#include "dns/forward/upstreams.h"

namespace muster::dns {

// Who waits. With a chain, an alias of ours has led him to the name that is asked.
struct Waiter {
  Handed handed;
  std::shared_ptr<const AliasChain> chain;
};

struct QuestionAtWork {
  struct Attempt {
    UpstreamRef at;
    Octets packet;  // as it was sent, in its letters
    std::chrono::steady_clock::time_point sent{};
    Upstream::Way way = Upstream::Way::udp;
    bool has_opt = true;
    bool is_open = true;
  };

  std::uint64_t id = 0;
  std::string name;  // wire form, lower case
  zones::RrType type{};
  bool dnssec_ok = false;
  bool checking_disabled = false;

  std::vector<Waiter> waiters;     // none: it is asked for the cache's sake
  std::vector<UpstreamRef> order;  // those who may be asked, the best first
  std::size_t next = 0;            // of `order`, and then once more from its beginning
  std::vector<Attempt> attempts;
  std::uint64_t generation = 0;  // of what may be kept, as it was when it began
  net::SteadyTime deadline{};
  net::SteadyTime wakes{};  // when it is looked at next
  // What went wrong so far.
  bool met_silence = false;
  bool met_network_error = false;
  bool met_refusal = false;

  CacheKey key() const { return {name, type, dnssec_ok, checking_disabled}; }
  bool has_open() const {
    return std::any_of(attempts.begin(), attempts.end(), [](const Attempt& one) { return one.is_open; });
  }
};

}  // namespace muster::dns
