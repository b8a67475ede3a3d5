#include "registry/net/http_client.h"

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/error.hpp>
#include <cassert>
#include <cstring>
#include <utility>
#include <vector>

#include "registry/net/deadline.h"
#include "registry/net/dialer.h"
#include "registry/net/http_response_reader.h"

namespace muster::net {

namespace asio = boost::asio;
using boost::system::error_code;
using Step = HttpResponseReader::Step;

namespace {

constexpr std::size_t kLeastRoom = std::size_t{64} * 1024;  // for octets that came in and were not taken yet
constexpr std::size_t kRoomOverHead = 1024;                 // so that too long a head is seen as one
// After so many pieces others have their turn: a little gzip can hold a lot of octets.
constexpr int kPiecesInATurn = 16;

// A connection with its buffers: they live until the last read or write of it has told that it ended.
struct Link {
  HttpOrigin origin;
  Endpoint peer;
  std::unique_ptr<ByteStream> stream;
  std::vector<char> room;
  std::size_t begin = 0;  // what was read and not taken: room[begin, end)
  std::size_t end = 0;
  std::string output;
  bool reading = false;
  bool writing = false;
  bool was_used = false;            // an exchange has ended well on it
  std::optional<error_code> ended;  // the peer's side; set once

  std::string_view input() const { return {room.data() + begin, end - begin}; }
};
using LinkPtr = std::shared_ptr<Link>;

struct Exchange {
  Exchange(HttpOrigin to, HttpRequest what, const HttpLimits& within, HttpReceiver who)
      : origin(std::move(to)),
        request(std::move(what)),
        limits(within),
        receiver(std::move(who)),
        reader({limits.max_head, limits.max_body}, request.method == "HEAD") {}
  const HttpOrigin origin;
  const HttpRequest request;
  HttpLimits limits;
  HttpReceiver receiver;
  HttpResponseReader reader;
  bool has_octets = false;  // of an answer
  bool paused = false;
};
using ExchangePtr = std::shared_ptr<Exchange>;

bool is_clean_end(const error_code& error) { return error == asio::error::eof; }
bool is_end(const error_code& error) {
  return is_clean_end(error) || error == asio::ssl::error::stream_truncated;
}

HttpFault fault_of(const error_code& error) {
  return error.category() == asio::error::get_ssl_category() ? HttpFault::tls : HttpFault::reset;
}

std::string shown(Millis span) { return std::to_string(span.count()) + " ms"; }

}  // namespace

class HttpClient::Impl final : public std::enable_shared_from_this<Impl> {
 public:
  Impl(Strand strand, Resolver& resolver, HttpClientConfig config)
      : config_(std::move(config)),
        strand_(std::move(strand)),
        dialer_(strand_, resolver, config_.tls),
        step_(strand_),
        whole_(strand_) {}

  void shut() {
    exchange_.reset();
    is_shut_ = true;
    dialer_.cancel();
    step_.clear();
    whole_.clear();
    drop_link();
  }

  void ask(const HttpOrigin& origin, HttpRequest request, const HttpLimits& limits, HttpReceiver receiver) {
    assert(!exchange_ && "one exchange at a time");
    exchange_ = std::make_shared<Exchange>(origin, std::move(request), limits, std::move(receiver));
    auto octets = write_request(origin, exchange_->request);
    if (!octets) return end_later(HttpError{HttpFault::parse, "a request that no line can hold"});
    output_ = std::move(*octets);
    step_.clear();
    limit_whole(limits.whole);
    if (link_ && link_->origin == origin) return send();
    dial();
  }

  bool is_busy() const { return exchange_ != nullptr; }

  void resume() {
    if (!exchange_ || !exchange_->paused) return;
    exchange_->paused = false;
    pump_later();
  }

  void cancel() {
    if (exchange_) end_later(HttpError{HttpFault::cancelled, "cancelled"});
  }

  void limit_idle(std::optional<Millis> span) {
    if (!exchange_) return;
    exchange_->limits.idle = span;
    if (exchange_->reader.has_head() && link_ && link_->reading) arm_idle();
  }

  void limit_whole(std::optional<Millis> span) {
    if (!exchange_) return;
    whole_.set(span, [self = shared_from_this(), span] {
      self->fail(HttpFault::timeout, "not done within " + shown(*span));
    });
  }

  void drop() {
    if (!exchange_) drop_link();
  }

  std::optional<Endpoint> peer() const {
    if (!link_) return std::nullopt;
    return link_->peer;
  }

 private:
  void dial() {
    drop_link();
    dialer_.dial(exchange_->origin, exchange_->limits.connect,
                 [self = shared_from_this()](Result<Dialed, HttpError> result) {
                   if (!self->exchange_) return;
                   if (!result) return self->end(result.error());
                   self->on_dialed(std::move(*result));
                 });
  }

  void on_dialed(Dialed dialed) {
    link_ = std::make_shared<Link>();
    link_->origin = exchange_->origin;
    link_->peer = dialed.peer;
    link_->stream = std::move(dialed.stream);
    link_->room.resize(std::max(exchange_->limits.max_head + kRoomOverHead, kLeastRoom));
    send();
  }

  void send() {
    const LinkPtr link = link_;
    link->output = output_;
    link->writing = true;
    const std::string_view piece = link->output;
    // An error is no matter here: an answer may have come before it, and if not the read that is under way
    // ends.
    link->stream->write({&piece, 1}, [link](error_code, std::size_t) { link->writing = false; });
    read();
    const auto limit = exchange_->limits.head;
    step_.set(limit, [self = shared_from_this(), limit] {
      self->fail(HttpFault::timeout, "no answer within " + shown(*limit));
    });
  }

  void read() {
    const LinkPtr link = link_;
    if (link->reading) return;
    if (link->begin > 0) {
      std::memmove(link->room.data(), link->room.data() + link->begin, link->end - link->begin);
      link->end -= link->begin;
      link->begin = 0;
    }
    link->reading = true;
    link->stream->read_some({link->room.data() + link->end, link->room.size() - link->end},
                            [self = shared_from_this(), link](error_code error, std::size_t size) {
                              link->reading = false;
                              if (link == self->link_) self->on_read(error, size);
                            });
  }

  void on_read(error_code error, std::size_t size) {
    // Nothing may come on a connection that waits for the next request, not even its end.
    if (!exchange_) return drop_link();
    link_->end += size;
    if (size > 0) exchange_->has_octets = true;
    if (error) return on_ended(error);
    pump();
  }

  void on_ended(error_code error) {
    link_->ended = error;
    // A fresh connection was not used, so this happens once.
    const bool may_repeat = link_->was_used && !exchange_->has_octets && exchange_->request.may_repeat;
    if (may_repeat) {
      step_.clear();
      return dial();
    }
    pump();
  }

  // Tells what is there, then reads on.
  void pump() {
    const ExchangePtr mine = exchange_;
    const LinkPtr link = link_;
    for (int told = 0; mine == exchange_ && !mine->paused; ++told) {
      if (told == kPiecesInATurn) return pump_later();
      std::string_view input = link->input();
      const Step step = mine->reader.next(input);
      link->begin = link->end - input.size();
      if (mine->reader.has_head()) step_.clear();
      if (step == Step::need_more) return want_more(link);
      if (!take(mine, step)) return;
    }
  }

  // False: the exchange has ended.
  bool take(ExchangePtr mine, Step step) {
    HttpFlow flow = HttpFlow::go_on;
    switch (step) {
      case Step::need_more: return true;
      case Step::head: flow = mine->receiver.head(mine->reader.head()); break;
      case Step::body: flow = mine->receiver.body(mine->reader.piece()); break;
      case Step::end: end({}); return false;
      case Step::fault: end(mine->reader.error()); return false;
    }
    if (mine != exchange_) return false;
    if (flow == HttpFlow::stop) {
      fail(HttpFault::cancelled, "stopped by its receiver");
      return false;
    }
    mine->paused = flow == HttpFlow::pause;
    return true;
  }

  void want_more(const LinkPtr& link) {
    if (link->ended) return take_end(*link->ended);
    if (link->input().size() == link->room.size())
      return fail(HttpFault::limit, "a line between chunks that is longer than the head may be");
    read();
    if (exchange_->reader.has_head()) arm_idle();
  }

  void take_end(const error_code& error) {
    HttpResponseReader& reader = exchange_->reader;
    if (!is_end(error)) return fail(fault_of(error), error.message());
    take(exchange_, reader.at_end_of_input(is_clean_end(error)));
  }

  void pump_later() {
    asio::post(strand_, [self = shared_from_this(), mine = exchange_] {
      if (self->exchange_ == mine && mine && self->link_ && !mine->paused && !self->link_->reading)
        self->pump();
    });
  }

  void arm_idle() {
    const auto limit = exchange_->limits.idle;
    step_.set(limit, [self = shared_from_this(), limit] {
      self->fail(HttpFault::timeout, "nothing came for " + shown(*limit));
    });
  }

  void fail(HttpFault kind, std::string message) { end(HttpError{kind, std::move(message)}); }

  void end_later(HttpError error) {
    asio::post(strand_, [self = shared_from_this(), mine = let_go(false), error = std::move(error)] {
      if (!self->is_shut_) mine->receiver.end(error);
    });
  }

  void end(Result<void, HttpError> result) {
    const ExchangePtr mine = let_go(result.has_value());
    mine->receiver.end(std::move(result));
  }

  // Ready for the next exchange, on this connection if it may be.
  ExchangePtr let_go(bool is_well) {
    ExchangePtr mine = std::exchange(exchange_, nullptr);
    step_.clear();
    whole_.clear();
    dialer_.cancel();
    const bool may_keep = is_well && link_ && mine->reader.may_keep() && link_->input().empty() &&
                          !link_->writing && !link_->ended;
    if (!may_keep) {
      drop_link();
    } else {
      link_->was_used = true;
      read();  // to learn that the peer has closed it
      step_.set(config_.keep, [self = shared_from_this()] { self->drop_link(); });
    }
    return mine;
  }

  void drop_link() {
    if (const LinkPtr link = std::exchange(link_, nullptr)) link->stream->close();
    if (!exchange_) step_.clear();
  }

  const HttpClientConfig config_;
  const Strand strand_;
  Dialer dialer_;
  Deadline step_;   // of what is awaited now, or of a connection that is kept
  Deadline whole_;  // of the exchange
  LinkPtr link_;
  ExchangePtr exchange_;
  std::string output_;  // the request of the exchange
  bool is_shut_ = false;
};

HttpClient::HttpClient(Strand strand, Resolver& resolver, HttpClientConfig config)
    : impl_(std::make_shared<Impl>(std::move(strand), resolver, std::move(config))) {}
HttpClient::~HttpClient() { impl_->shut(); }

void HttpClient::ask(const HttpOrigin& origin, HttpRequest request, HttpLimits limits,
                     HttpReceiver receiver) {
  impl_->ask(origin, std::move(request), limits, std::move(receiver));
}
bool HttpClient::is_busy() const { return impl_->is_busy(); }
void HttpClient::resume() { impl_->resume(); }
void HttpClient::cancel() { impl_->cancel(); }
void HttpClient::limit_idle(std::optional<Millis> span) { impl_->limit_idle(span); }
void HttpClient::limit_whole(std::optional<Millis> span) { impl_->limit_whole(span); }
void HttpClient::drop() { impl_->drop(); }
std::optional<Endpoint> HttpClient::peer() const { return impl_->peer(); }

}  // namespace muster::net
