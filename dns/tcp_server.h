// TCP (RFC 7766): connections stay open, queries pipeline without a count limit and are answered once each.
// One peer costs bounded memory and never makes another wait: input pauses while too much is unsent, a turn
// ends after a number of queries, and when the table is full the connection that was silent longest makes
// room.
//
// Thread safety: one thread, the one that runs the executor's context; the destructor may run elsewhere once
// the context has stopped. The counters are read by anybody.
#pragma once

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <vector>

#include "dns/answering.h"
#include "dns/desk.h"
#include "dns/socket.h"
#include "dns/timing.h"

namespace muster::dns {

struct TcpConfig {
  std::chrono::milliseconds idle{
      10'000};                     // from the last whole query, or from the last octet read of its answer
  std::size_t connections = 1000;  // at least 1
};

struct TcpCounters {
  std::atomic<std::uint64_t> accepted{0};
  std::atomic<std::uint64_t> queries{0};
  std::atomic<std::uint64_t> handed_on{0};  // of these, to the desk
  BatchSizes batch_sizes;  // queries answered in one turn of a connection
  AnswerTimes answer_times;
  std::atomic<std::int64_t> open{0};
  std::atomic<std::uint64_t> closed_idle{0};
  std::atomic<std::uint64_t> closed_full{0};    // made room for a newer connection
  std::atomic<std::uint64_t> desk_full{
      0};  // turns that ended because a desk has many queries of the connection
  std::atomic<std::uint64_t> closed_unread{0};  // did not read its answers
  std::atomic<std::uint64_t> closed_error{0};   // reset, or sent what is no query
};

class TcpServer {
 public:
  // The desk, null for none, works on the executor's thread and lives as long as the server listens.
  TcpServer(boost::asio::any_io_executor executor, TcpConfig config, std::unique_ptr<Answering> answering,
            Desk* desk = nullptr);
  ~TcpServer();                                   // stops; before the name table goes
  void listen(std::vector<Listener>& listeners);  // takes their TCP sockets
  void stop();  // accepts no more and closes what is open; on the executor's thread
  const TcpCounters& counters() const;
  const Counters& answered() const;

 private:
  class Core;
  std::shared_ptr<Core> core_;
};

}  // namespace muster::dns
