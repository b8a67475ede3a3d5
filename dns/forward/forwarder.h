// Looks names up for clients at other servers: a desk for the queries that the cache could not answer.
//
// Clients that ask the same thing wait for one question. A question goes to the best of its servers; when
// that one is slow, to the next as well (a hedged query); at once when it fails. The first good answer is for
// all who wait, and for the cache. When all fail, an answer that is out of date is given (RFC 8767), or else
// SERVFAIL, which is kept for a moment too (RFC 9520).
//
// Thread safety: take(), take_all(), counters() and set_servers() from any thread; everything else happens on
// the forwarder's own.
#pragma once

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "dns/client.h"
#include "dns/desk.h"
#include "dns/forward/cache.h"
#include "dns/forward/upstreams.h"
#include "dns/live_config.h"

namespace muster::dns {

struct ForwardCounters {
  std::atomic<std::uint64_t> refused{0};  // queries that found no room, or whose client has its share
  std::atomic<std::uint64_t> joined{0};   // that waited for a question that was under way
  std::atomic<std::uint64_t> hedged{0};   // questions that went to a second server because the first was slow
  std::atomic<std::uint64_t> failed{0};   // questions that nobody answered
  std::atomic<std::uint64_t> refreshed{0};  // asked anew before their end
  std::atomic<std::uint64_t> loops{0};      // questions of ours that came back
  std::atomic<std::uint64_t> tcp_full{0};   // questions by TCP for which a server had too many connections
  std::atomic<std::uint64_t> unsent{0};     // replies over UDP that the system did not take
};

class Forwarder final : public Desk {
 public:
  struct Wiring {
    std::shared_ptr<const LiveConfig> config;
    Cache* cache = nullptr;  // null: nothing is kept
    Clock clock;
    std::function<std::chrono::steady_clock::time_point()> steady;
    // Whether a name (folded wire form) is in a zone of ours: nobody else's word counts for it.
    std::function<bool(std::string_view folded)> is_ours;
    // Our own answer, without looking further than our zones.
    std::function<Octets(const Octets& query, const Client& client)> answer_here;
    // Where the outlets of TCP connections belong.
    boost::asio::any_io_executor tcp;
    std::shared_ptr<std::atomic<std::size_t>> pending;  // queries that wait; read by Forwarding::is_full()
    std::size_t most_pending = 10'000;
  };

  Forwarder(Wiring wiring, ForwardServers servers);
  ~Forwarder() override;  // stops; what waits is not answered

  void start();
  void stop();
  bool take(Handed handed) override;
  void take_all(std::vector<Handed>& all) override;
  // What is asked from now on goes to these.
  void set_servers(ForwardServers servers);
  // What is kept of the name and below it, "": of everything. `done` is told how much it was, on the
  // forwarder's thread.
  void flush(std::string folded, std::function<void(std::size_t)> done);

  const ForwardCounters& counters() const;
  std::vector<std::shared_ptr<const UpstreamCounters>> upstreams() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace muster::dns
