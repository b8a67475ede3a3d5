// One request on one connection, from the parser to the last octet of its reply. It is the far side of Reply
// and of Stream: any thread may answer, and everything crosses to the connection's strand as an Event, in
// order.
//
// Thread safety: what Reply::Sink and the stream methods touch is atomic; the rest belongs to the strand.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "registry/http/message.h"
#include "registry/http/router.h"

namespace muster::registry::http {

class Core;
class Mailbox;

class Exchange final : public Reply::Sink, public std::enable_shared_from_this<Exchange> {
 public:
  enum class Phase : std::uint8_t { open, parked, streaming, answered, abandoned };
  using Piece = std::shared_ptr<const std::string>;

  Exchange(std::shared_ptr<Mailbox> mailbox, std::shared_ptr<Core> core);
  ~Exchange() override;

  void send(Response response) override;
  std::shared_ptr<Stream> stream(Response head) override;
  void parked(bool parked) override;
  void on_abandoned(net::UniqueFunction<void()> gone) override;
  void on_late(net::SteadyTime deadline, net::UniqueFunction<bool()> late) override;
  bool charge(double cost) override;

  void answer_problem(const Problem& problem);
  void count_in_flight() { in_flight_.store(true, std::memory_order_relaxed); }
  // Concurrency strategy: the place is given back when the answer is there.
  void hold_throttle(std::string service);

  bool wait_was_refused() const { return wait_refused_.load(std::memory_order_relaxed); }

  // Of the stream.
  std::size_t write(Piece piece);
  std::size_t pending() const { return pending_.load(std::memory_order_relaxed); }
  void close();
  void on_closed(net::UniqueFunction<void()> gone);
  void sent(std::size_t octets) { pending_.fetch_sub(octets, std::memory_order_relaxed); }
  // The peer has gone: nothing more is queued.
  void cut() { ended_.store(true, std::memory_order_relaxed); }

  // The strand's: what the request was, and how far its reply is.
  std::string method;
  std::string target;  // kept for the log only
  std::size_t route_index = 0;
  Dialect dialect = Dialect::native;
  std::chrono::steady_clock::time_point began{};
  net::Endpoint peer;
  CertifiedNames certified;
  Caller caller;
  Trace trace;
  bool http10 = false;
  bool keep_alive = true;

  Phase phase = Phase::open;
  Response response;
  bool head_written = false;
  bool stream_ended = false;
  bool finished = false;  // its last octet is on its way
  std::vector<Piece> pieces;  // a std::deque asks for memory before anything is in it
  net::UniqueFunction<void()> gone;
  net::SteadyTime deadline = net::SteadyTime::max();  // when `late` is to be asked
  net::UniqueFunction<bool()> late;

 private:
  bool begin_waiting();
  void stop_counting();
  void refuse_waiting();

  std::shared_ptr<Mailbox> mailbox_;
  std::shared_ptr<Core> core_;
  std::string throttled_service_;  // written before the request leaves the strand
  std::atomic<bool> holds_throttle_{false};
  std::atomic<bool> in_flight_{false};
  std::atomic<bool> waiting_{false};
  std::atomic<bool> streaming_{false};
  std::atomic<bool> answered_{false};
  std::atomic<bool> wait_refused_{false};
  std::atomic<bool> ended_{false};
  std::atomic<std::size_t> pending_{0};
};

// What happened to an exchange, on its way to the strand.
struct Event {
  enum class Kind : std::uint8_t { answer, stream, park, piece, end, on_gone, on_late } kind;
  std::shared_ptr<Exchange> exchange;
  Response response{};
  Exchange::Piece piece{};
  net::UniqueFunction<void()> gone{};
  net::SteadyTime deadline{};
  net::UniqueFunction<bool()> late{};
};

}  // namespace muster::registry::http
