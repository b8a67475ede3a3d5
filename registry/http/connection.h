// One kept-alive connection: octets in, requests to the core in order, replies out in order, many in one
// write. It ends in one of two ways: orderly (answer what was taken, FIN, drain what the peer still sends so
// that no RST eats the last reply, close) or at once (the peer has gone, or its time is up).
//
// Thread safety: overdue(), stop() and abort() from any thread; everything else on the strand.
// Invariants:
//  1. exchanges_ holds the unanswered requests in the order of their arrival; only its front is written.
//  2. At most one read and one write are under way.
//  3. Nothing is parsed while exchanges_ or the unsent output are at their limit, nor after the last request.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "registry/http/core.h"
#include "registry/http/exchange.h"
#include "registry/http/mailbox.h"
#include "registry/http/output.h"
#include "registry/http/request_parser.h"
#include "registry/net/socket.h"

namespace muster::registry::http {

class Connection final : public std::enable_shared_from_this<Connection> {
 public:
  using Gone = std::function<void(const std::shared_ptr<Connection>&)>;

  Connection(std::unique_ptr<net::ByteStream> stream, net::Strand strand, net::Endpoint peer,
             std::shared_ptr<Core> core, Gone gone);
  ~Connection();

  void start();
  // One answer without a request, then the orderly end: too many connections.
  void start_refused(const Problem& problem);
  bool overdue(net::SteadyTime now) const;
  void expire();  // its deadline has passed
  void stop();    // answer what is in flight, then end; parked polls and streams are given up
  void abort();

 private:
  // taking requests; answering the last of them; FIN sent, draining; gone
  enum class Mode : std::uint8_t { open, last, draining, closed };
  enum class Deadline : std::uint8_t { none, handshake, header, body, idle, write, answer, drain };

  void on_read(boost::system::error_code error, std::size_t size);
  void on_written(boost::system::error_code error, std::size_t size);
  void on_end_of_input();
  void make_mailbox();
  void wake();
  void take_events();
  void apply(Event& event);

  void pump();
  bool parse();
  void take_request();
  void refuse(const Problem& problem, Dialect dialect = Dialect::native);
  bool flush();
  void flush_answer(Exchange& exchange);
  bool flush_stream(Exchange& exchange);
  void complete(Exchange& exchange, int status);
  void abandon(Exchange& exchange);
  void give_up_waits();
  void start_write();
  void write_slice();
  void written(std::size_t size);
  void start_read();
  void end_if_done();
  void close();

  bool may_take() const;
  void set_deadline();
  void arm(Deadline kind, net::SteadyTime at);
  void refuse_late();
  void tell_late();
  static void forget_deadline(Exchange& exchange);
  std::string_view date();
  std::string_view input() const { return {input_.data() + input_begin_, input_end_ - input_begin_}; }
  std::span<char> make_room();

  const std::unique_ptr<net::ByteStream> stream_;
  const net::Strand strand_;
  const net::Endpoint peer_;
  CertifiedNames certified_;  // after the handshake
  const std::shared_ptr<Core> core_;
  Gone gone_;

  std::shared_ptr<Mailbox> mailbox_;
  std::vector<Event> events_;  // taken from it, being applied

  Mode mode_ = Mode::open;
  RequestParser parser_;
  std::deque<std::shared_ptr<Exchange>> exchanges_;
  std::vector<char> input_;
  std::size_t input_begin_ = 0;
  std::size_t input_end_ = 0;
  bool input_fresh_ = false;  // octets that the parser has not seen
  bool reading_ = false;
  bool peer_ended_ = false;
  bool waits_over_ = false;  // polls and streams are given up: the peer has ended, or we stop
  bool pumping_ = false;
  bool continue_due_ = false;
  Output output_;
  Output in_write_;
  std::vector<std::string_view> unwritten_;  // of in_write_, from first_unwritten_ on
  std::size_t first_unwritten_ = 0;
  bool writing_ = false;

  net::Instant now_{};
  net::SteadyTime header_began_{};
  net::SteadyTime body_began_{};
  net::SteadyTime idle_since_{};
  net::SteadyTime write_progress_{};
  Deadline deadline_kind_ = Deadline::handshake;
  std::atomic<std::int64_t> deadline_ms_;
  std::int64_t date_second_ = -1;
  std::string date_;
};

}  // namespace muster::registry::http
