#include "registry/http/connection.h"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <cstring>
#include <limits>

#include "registry/http/response_writer.h"

namespace muster::registry::http {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr std::size_t kInputFirst = 4 * 1024;
constexpr std::size_t kInputMost = 64 * 1024;  // above max_header, so that the parser names the fault
constexpr std::size_t kWriteSlice = 256 * 1024;
constexpr net::Millis kDrain{1'000};
constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

bool is_waiting(const Exchange& exchange) {
  return exchange.phase == Exchange::Phase::parked ||
         (exchange.phase == Exchange::Phase::streaming && !exchange.finished);
}

Limit limit_of(ParseFault fault, bool& known) {
  known = true;
  if (fault == ParseFault::header_too_large) return Limit::header;
  if (fault == ParseFault::target_too_long) return Limit::target;
  if (fault == ParseFault::body_too_large) return Limit::body;
  known = false;
  return Limit::header;
}

}  // namespace

Connection::Connection(std::unique_ptr<net::ByteStream> stream, net::Strand strand, net::Endpoint peer,
                       std::shared_ptr<Core> core, Gone gone)
    : stream_(std::move(stream)),
      strand_(std::move(strand)),
      peer_(peer),
      core_(std::move(core)),
      gone_(std::move(gone)),
      parser_(core_->config.limits.parse),
      now_(core_->hooks.now()),
      idle_since_(now_.steady),
      deadline_ms_((now_.steady + core_->config.limits.header_timeout).time_since_epoch().count()) {}

Connection::~Connection() {
  if (mailbox_) mailbox_->close();
}

void Connection::start() {
  make_mailbox();
  stream_->handshake([self = shared_from_this()](error_code error, std::size_t) {
    if (self->mode_ == Mode::closed) return;
    if (error) {
      self->core_->counters.handshakes_failed.fetch_add(1, std::memory_order_relaxed);
      return self->close();
    }
    if (auto names = self->stream_->peer_names(); !names.empty())
      self->certified_ = std::make_shared<const std::vector<std::string>>(std::move(names));
    self->now_ = self->core_->hooks.now();
    self->idle_since_ = self->now_.steady;
    self->pump();
  });
}

void Connection::start_refused(const Problem& problem) {
  make_mailbox();
  asio::post(strand_, [self = shared_from_this(), problem] {
    self->refuse(problem);
    self->pump();
  });
}

void Connection::make_mailbox() {
  mailbox_ = std::make_shared<Mailbox>(strand_.get_inner_executor(), [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->wake();
  });
}

void Connection::stop() {
  asio::post(strand_, [self = shared_from_this()] {
    const bool idle = self->mode_ == Mode::open && self->exchanges_.empty() && !self->writing_ &&
                      self->output_.empty() && !self->parser_.begun();
    if (idle) return self->close();  // no reply is on its way that a reset could eat
    if (self->mode_ == Mode::open) self->mode_ = Mode::last;
    self->give_up_waits();
    self->pump();
  });
}

void Connection::abort() {
  asio::post(strand_, [self = shared_from_this()] { self->close(); });
}

// Events.

void Connection::wake() {
  // Inside the strand pump() looks again by itself; a post that finds nothing would be waste.
  if (strand_.running_in_this_thread() && pumping_) return;
  asio::post(strand_, [self = shared_from_this()] { self->pump(); });
}

void Connection::take_events() {
  mailbox_->take(events_);
  for (Event& event : events_) apply(event);
  events_.clear();
}

void Connection::apply(Event& event) {
  Exchange& exchange = *event.exchange;
  const bool over = mode_ == Mode::closed || exchange.phase == Exchange::Phase::abandoned;
  switch (event.kind) {
    case Event::Kind::answer:
      if (over) break;
      exchange.response = std::move(event.response);
      exchange.phase = Exchange::Phase::answered;
      if (auto gone = std::exchange(exchange.gone, {}); gone && exchange.wait_was_refused()) gone();
      break;
    case Event::Kind::stream:
      if (over) break;
      exchange.response = std::move(event.response);
      exchange.phase = Exchange::Phase::streaming;
      break;
    case Event::Kind::park:
      if (over || exchange.phase != Exchange::Phase::open) break;
      exchange.phase = Exchange::Phase::parked;
      break;
    case Event::Kind::piece:
      if (over || exchange.stream_ended) {
        exchange.sent(event.piece->size());
      } else {
        exchange.pieces.push_back(std::move(event.piece));
      }
      break;
    case Event::Kind::end: exchange.stream_ended = true; break;
    case Event::Kind::on_late:
      exchange.deadline = event.deadline;
      exchange.late = std::move(event.late);
      break;
    case Event::Kind::on_gone:
      exchange.gone = std::move(event.gone);
      if (over || exchange.finished || exchange.wait_was_refused()) std::exchange(exchange.gone, {})();
      break;
  }
  if (waits_over_ && is_waiting(exchange)) abandon(exchange);
  if (exchange.phase != Exchange::Phase::open) forget_deadline(exchange);
}

void Connection::forget_deadline(Exchange& exchange) {
  exchange.deadline = net::SteadyTime::max();
  exchange.late = {};
}

// Everything that can move is moved; every callback ends here.
void Connection::pump() {
  if (pumping_) return;
  pumping_ = true;
  bool moved = true;
  while (moved) {
    take_events();
    moved = mode_ != Mode::closed && flush();
    moved = parse() || moved || mailbox_->has_events();
  }
  pumping_ = false;
  if (mode_ == Mode::closed) return;
  start_write();
  end_if_done();
  start_read();
  set_deadline();
}

// Input.

bool Connection::may_take() const {
  const Limits& limits = core_->config.limits;
  return mode_ == Mode::open && exchanges_.size() < limits.max_pipelined &&
         output_.size() < limits.max_unsent;
}

bool Connection::parse() {
  bool any = false;
  while (input_fresh_ && may_take() && input_begin_ < input_end_) {
    const bool had_header = parser_.header_done();
    if (!parser_.begun()) header_began_ = now_.steady;
    const auto progress = parser_.feed(input());
    input_begin_ += progress.consumed;
    if (progress.step == RequestParser::Step::complete) {
      any = true;
      take_request();
    } else if (progress.step == RequestParser::Step::refused) {
      bool known = false;
      const Limit limit = limit_of(parser_.fault(), known);
      if (known) core_->counters.reached(limit);
      const Problem problem = problem_for(parser_.fault());
      Request begun = parser_.take();
      refuse(problem, core_->router.match(begun).dialect);
      return true;
    } else {
      input_fresh_ = false;
      if (parser_.header_done() && !had_header) body_began_ = now_.steady;
      if (parser_.awaits_continue() && !had_header) continue_due_ = any = true;
    }
  }
  return any;
}

void Connection::take_request() {
  auto exchange = std::make_shared<Exchange>(mailbox_, core_);
  exchange->keep_alive = parser_.keep_alive();
  exchange->http10 = parser_.is_http10();
  Request request = parser_.take();
  request.received = now_;
  request.is_last = input_begin_ == input_end_;
  continue_due_ = false;
  exchange->method = request.method;
  if (core_->hooks.log) exchange->target = request.target;
  exchange->began = core_->hooks.stopwatch();
  exchange->peer = peer_;
  exchange->certified = certified_;
  if (!exchange->keep_alive) mode_ = Mode::last;
  exchanges_.push_back(exchange);
  core_->dispatch(std::move(request), exchange);
}

// An answer of our own, in its turn; the stream of requests ends with it.
void Connection::refuse(const Problem& problem, Dialect dialect) {
  auto exchange = std::make_shared<Exchange>(mailbox_, core_);
  exchange->method = "-";
  exchange->route_index = core_->router.size();
  exchange->began = core_->hooks.stopwatch();
  exchange->peer = peer_;
  exchange->keep_alive = false;
  exchange->phase = Exchange::Phase::answered;
  exchange->dialect = dialect;
  exchange->response = problem_response(dialect, problem);
  exchanges_.push_back(std::move(exchange));
  mode_ = Mode::last;
  continue_due_ = false;
}

std::span<char> Connection::make_room() {
  if (input_begin_ == input_end_) input_begin_ = input_end_ = 0;
  if (input_end_ == input_.size() && input_begin_ > 0) {
    std::memmove(input_.data(), input_.data() + input_begin_, input_end_ - input_begin_);
    input_end_ -= input_begin_;
    input_begin_ = 0;
  }
  if (input_end_ == input_.size() && input_.size() < kInputMost) {
    input_.resize(std::max(kInputFirst, input_.size() * 2));
  }
  return {input_.data() + input_end_, input_.size() - input_end_};
}

void Connection::start_read() {
  if (reading_ || peer_ended_ || mode_ == Mode::closed) return;
  if (mode_ != Mode::open) input_begin_ = input_end_ = 0;  // read on only to see the peer's end
  if (mode_ == Mode::open && input_fresh_ && input_begin_ < input_end_) return;  // paused at a limit
  const auto room = make_room();
  if (room.empty()) {
    core_->counters.reached(Limit::header);
    refuse(problem_for(ParseFault::header_too_large));
    asio::post(strand_, [self = shared_from_this()] { self->pump(); });
    return;
  }
  reading_ = true;
  stream_->read_some(
      room, [self = shared_from_this()](error_code error, std::size_t size) { self->on_read(error, size); });
}

void Connection::on_read(error_code error, std::size_t size) {
  reading_ = false;
  if (mode_ == Mode::closed) return;
  now_ = core_->hooks.now();
  if (error) {
    if (error != asio::error::eof) return close();
    on_end_of_input();
  } else {
    input_end_ += size;
    input_fresh_ = true;
  }
  pump();
}

// The peer may have closed only its sending side and still want the answers to what it sent; but a wait or a
// stream may take forever, and a peer that left looks the same, so those are given up.
void Connection::on_end_of_input() {
  peer_ended_ = true;
  if (mode_ == Mode::draining) return close();
  if (mode_ == Mode::open) mode_ = Mode::last;
  give_up_waits();
}

void Connection::give_up_waits() {
  waits_over_ = true;
  for (const auto& exchange : exchanges_) {
    if (is_waiting(*exchange)) abandon(*exchange);
  }
}

void Connection::abandon(Exchange& exchange) {
  exchange.phase = Exchange::Phase::abandoned;
  exchange.cut();
  for (const auto& piece : exchange.pieces) exchange.sent(piece->size());
  exchange.pieces.clear();
  core_->counters.abandoned.fetch_add(1, std::memory_order_relaxed);
  if (exchange.gone) std::exchange(exchange.gone, {})();
}

// Output.

bool Connection::flush() {
  bool moved = false;
  while (!exchanges_.empty()) {
    Exchange& front = *exchanges_.front();
    if (front.phase == Exchange::Phase::answered) {
      flush_answer(front);
    } else if (front.phase == Exchange::Phase::abandoned) {
      // Nothing can follow an answer that will never come: whoever waits behind it goes, too.
      for (const auto& exchange : exchanges_) {
        if (exchange->phase != Exchange::Phase::abandoned) abandon(*exchange);
      }
      exchanges_.clear();
      mode_ = Mode::last;
      return true;
    } else if (front.phase != Exchange::Phase::streaming || !flush_stream(front)) {
      break;
    }
    exchanges_.pop_front();
    idle_since_ = now_.steady;
    moved = true;
  }
  if (continue_due_ && exchanges_.empty()) {
    output_.text() += kContinue;
    continue_due_ = false;
  }
  return moved;
}

void Connection::flush_answer(Exchange& exchange) {
  Response& response = exchange.response;
  if (exchange.dialect == Dialect::native) core_->add_position(response);
  const bool close_after = !exchange.keep_alive || (mode_ != Mode::open && exchanges_.size() == 1);
  append_head(output_.text(), response, {.framing = Framing::sized, .close = close_after, .date = date()});
  if (exchange.method != "HEAD" && has_body(response.status)) output_.own(std::move(response.body));
  complete(exchange, response.status);
}

// True: the stream is over.
bool Connection::flush_stream(Exchange& exchange) {
  const bool head_only = exchange.method == "HEAD";
  if (!exchange.head_written) {
    exchange.head_written = true;
    if (exchange.http10) exchange.keep_alive = false;
    if (exchange.dialect == Dialect::native) core_->add_position(exchange.response);
    append_head(output_.text(), exchange.response,
                {.framing = exchange.http10 ? Framing::until_end : Framing::chunked,
                 .close = !exchange.keep_alive,
                 .date = date()});
  }
  for (const auto& piece : exchange.pieces) {
    if (head_only) {
      exchange.sent(piece->size());
      continue;
    }
    if (!exchange.http10) output_.text() += chunk_head(piece->size());
    output_.share(piece, exchange.shared_from_this());
    if (!exchange.http10) output_.text() += "\r\n";
  }
  exchange.pieces.clear();
  if (head_only) exchange.close();
  if (!exchange.stream_ended && !head_only) return false;
  if (!head_only && !exchange.http10) output_.text() += kLastChunk;
  complete(exchange, exchange.response.status);
  if (exchange.gone) std::exchange(exchange.gone, {})();
  return true;
}

void Connection::complete(Exchange& exchange, int status) {
  const auto took =
      std::chrono::duration_cast<std::chrono::microseconds>(core_->hooks.stopwatch() - exchange.began);
  exchange.finished = true;
  core_->counters.answered(exchange.route_index, status, took);
  if (!exchange.keep_alive && mode_ == Mode::open) mode_ = Mode::last;
  if (!core_->hooks.log) return;
  const bool routed = exchange.route_index < core_->router.size();
  core_->hooks.log(
      {.method = exchange.method,
       .target = exchange.target,
       .route = routed ? std::string_view(core_->router.route(exchange.route_index).name) : "none",
       .status = status,
       .took = took,
       .peer = peer_,
       .token_name = exchange.caller.token_name,
       .trace = &exchange.trace});
}

void Connection::start_write() {
  if (writing_ || output_.empty()) return;
  std::swap(output_, in_write_);
  unwritten_ = in_write_.views();
  first_unwritten_ = 0;
  write_progress_ = now_.steady;
  written(stream_->write_now(unwritten_));
  if (unwritten_.empty()) return in_write_.settle();
  writing_ = true;
  write_slice();
}

// Slices, so that a slow reader that makes progress is told from one that makes none.
void Connection::write_slice() {
  std::vector<std::string_view> slice;
  std::size_t room = kWriteSlice;
  for (std::size_t i = first_unwritten_; i < unwritten_.size() && room > 0; ++i) {
    slice.push_back(unwritten_[i].substr(0, room));
    room -= slice.back().size();
  }
  stream_->write(slice, [self = shared_from_this()](error_code error, std::size_t size) {
    self->on_written(error, size);
  });
}

void Connection::written(std::size_t size) {
  while (first_unwritten_ < unwritten_.size() && unwritten_[first_unwritten_].size() <= size) {
    size -= unwritten_[first_unwritten_++].size();
  }
  if (first_unwritten_ == unwritten_.size()) return unwritten_.clear();
  unwritten_[first_unwritten_].remove_prefix(size);
}

void Connection::on_written(error_code error, std::size_t size) {
  if (error || mode_ == Mode::closed) {
    in_write_.settle();
    return close();
  }
  now_ = core_->hooks.now();
  write_progress_ = idle_since_ = now_.steady;
  written(size);
  if (!unwritten_.empty()) {
    write_slice();
    return set_deadline();
  }
  writing_ = false;
  in_write_.settle();
  pump();
}

void Connection::end_if_done() {
  if (mode_ != Mode::last || !exchanges_.empty() || writing_ || !output_.empty()) return;
  if (peer_ended_) return close();
  mode_ = Mode::draining;
  idle_since_ = now_.steady;
  stream_->finish();
}

void Connection::close() {
  if (mode_ == Mode::closed) return;
  mode_ = Mode::closed;
  stream_->close();
  mailbox_->close();
  output_.settle();
  while (!exchanges_.empty()) {
    if (exchanges_.front()->phase != Exchange::Phase::abandoned) abandon(*exchanges_.front());
    exchanges_.pop_front();
  }
  deadline_ms_.store(kNever, std::memory_order_relaxed);
  if (gone_) std::exchange(gone_, {})(shared_from_this());
}

// Deadlines.

bool Connection::overdue(net::SteadyTime now) const {
  return now.time_since_epoch().count() >= deadline_ms_.load(std::memory_order_relaxed);
}

void Connection::arm(Deadline kind, net::SteadyTime at) {
  const auto ms = at.time_since_epoch().count();
  if (ms >= deadline_ms_.load(std::memory_order_relaxed)) return;
  deadline_kind_ = kind;
  deadline_ms_.store(ms, std::memory_order_relaxed);
}

void Connection::set_deadline() {
  const Limits& limits = core_->config.limits;
  deadline_kind_ = Deadline::none;
  deadline_ms_.store(kNever, std::memory_order_relaxed);
  if (mode_ == Mode::draining) return arm(Deadline::drain, idle_since_ + kDrain);
  if (writing_) arm(Deadline::write, write_progress_ + limits.write_timeout);
  for (const auto& exchange : exchanges_)
    if (exchange->late) arm(Deadline::answer, exchange->deadline);
  if (mode_ != Mode::open || !reading_) return;
  if (parser_.header_done()) {
    arm(Deadline::body, body_began_ + limits.body_timeout);
  } else if (parser_.begun() || input_begin_ < input_end_) {
    arm(Deadline::header, header_began_ + limits.header_timeout);
  } else if (exchanges_.empty() && !writing_) {
    arm(Deadline::idle, idle_since_ + limits.idle_timeout);
  }
}

void Connection::expire() {
  asio::post(strand_, [self = shared_from_this()] {
    self->now_ = self->core_->hooks.now();
    if (self->mode_ == Mode::closed || !self->overdue(self->now_.steady)) return;
    switch (self->deadline_kind_) {
      case Deadline::none: return;
      case Deadline::header:
      case Deadline::body: return self->refuse_late();
      case Deadline::idle: self->core_->counters.reached(Limit::idle); break;
      case Deadline::write: self->core_->counters.reached(Limit::slow_reader); break;
      case Deadline::handshake:
        self->core_->counters.handshakes_failed.fetch_add(1, std::memory_order_relaxed);
        break;
      case Deadline::answer: return self->tell_late();
      case Deadline::drain: break;
    }
    self->close();
  });
}

// The handler answers, unless it is just doing so.
void Connection::tell_late() {
  for (const auto& exchange : exchanges_) {
    if (!exchange->late || exchange->deadline > now_.steady) continue;
    exchange->deadline = now_.steady + core_->config.limits.sweep;
    if (exchange->late()) forget_deadline(*exchange);
  }
  pump();
}

void Connection::refuse_late() {
  core_->counters.reached(Limit::slow_request);
  refuse({.status = 408,
          .error = "request_timeout",
          .message = "the request did not arrive in time; send it whole",
          .field = {},
          .retry_after = {}});
  pump();
}

std::string_view Connection::date() {
  const std::int64_t second = now_.wall.time_since_epoch().count() / 1000;
  if (second != date_second_) {
    date_second_ = second;
    date_ = http_date(now_.wall);
  }
  return date_;
}

}  // namespace muster::registry::http
