// The clients whose queries wait for other servers: who may, and what they are told in the end.
//
// There is room for a number of queries. While half of it is free, anybody may wait; from then on a client of
// the network that has a quarter of all may not wait with more, so that one cannot keep everybody out. The
// machine itself is exempt: its programs all ask from one address.
//
// Thread safety: admit() and refuse() from any thread; everything else is the forwarder's thread's.
#pragma once

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "dns/client.h"
#include "dns/desk.h"
#include "dns/forward/question_at_work.h"
#include "dns/live_config.h"
#include "dns/udp_outbox.h"

namespace muster::dns {

class WaitingClients {
 public:
  struct Wiring {
    std::shared_ptr<const LiveConfig> config;
    Clock clock;
    boost::asio::any_io_executor tcp;  // where the outlets of TCP connections belong
    // Queries that wait, from when they are admitted until they are answered or let go.
    std::shared_ptr<std::atomic<std::size_t>> pending;
    std::size_t most_pending = 10'000;
  };

  explicit WaitingClients(Wiring wiring);

  // False: all places are taken, or its client has its share.
  bool admit(const Handed& handed);
  void answer(Waiter waiter, const CachedReply& reply);
  void answer(Handed handed, Octets message);
  void let_go(Handed handed);  // without an answer
  // Sends the answers, those over UDP many at a time. How many of these the system did not take.
  std::size_t flush() { return outbox_.flush(); }

  // SERVFAIL for those that were not admitted. As flush().
  std::size_t refuse(std::vector<Handed> all) const;

 private:
  static net::IpAddress client_of(const Handed& handed);
  void leave(const Handed& handed);
  void send_by_tcp(std::shared_ptr<Outlet> outlet, Octets message,
                   std::shared_ptr<std::atomic<std::size_t>> counted) const;

  const Wiring wiring_;
  AnswerConfig config_;
  std::uint64_t generation_ = 0;
  std::mutex mutex_;  // guards by_client_
  std::map<net::IpAddress, std::size_t> by_client_;
  UdpOutbox outbox_;
};

}  // namespace muster::dns
