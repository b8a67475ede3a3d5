#include "registry/net/dialer.h"

#include <netinet/tcp.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <utility>

#include "registry/net/deadline.h"

namespace muster::net {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr std::size_t kMostTried =
    8;  // addresses of one name, so that a share of the limit is worth something

// A peer that has vanished is noticed after a minute even when nothing is to be sent or awaited.
constexpr int kSilentBeforeProbe = 30;  // seconds
constexpr int kBetweenProbes = 10;      // seconds
constexpr int kMostProbes = 3;

void prepare(Socket& socket) {
  using IdleTime = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_KEEPIDLE>;
  using Interval = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_KEEPINTVL>;
  using Probes = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_KEEPCNT>;
  error_code ignored;
  socket.set_option(asio::ip::tcp::no_delay(true), ignored);
  socket.set_option(asio::socket_base::keep_alive(true), ignored);
  socket.set_option(IdleTime(kSilentBeforeProbe), ignored);
  socket.set_option(Interval(kBetweenProbes), ignored);
  socket.set_option(Probes(kMostProbes), ignored);
}

HttpFault fault_of(const error_code& error) {
  return error == asio::error::connection_refused ? HttpFault::refused : HttpFault::connect;
}

}  // namespace

class Dialer::Attempt final : public std::enable_shared_from_this<Attempt> {
 public:
  Attempt(const Dialer& dialer, HttpOrigin origin, std::optional<Millis> limit, Done done)
      : resolver_(dialer.resolver_),
        tls_(dialer.tls_),
        origin_(std::move(origin)),
        limit_(limit),
        done_(std::move(done)),
        socket_(dialer.strand_),
        deadline_(dialer.strand_) {}

  void start() {
    ticket_ = resolver_.resolve(origin_.host, [self = shared_from_this()](ResolveResult result) {
      if (self->is_over()) return;
      if (!result)
        return self->fail(HttpFault::resolve,
                          self->origin_.host + ": " + std::string(to_string(result.error())));
      self->addresses_ = std::move(result->addresses);
      if (self->addresses_.size() > kMostTried) self->addresses_.resize(kMostTried);
      self->connect();
    });
  }

  void cancel() {
    done_ = {};
    resolver_.cancel(ticket_);
    stop();
  }

 private:
  bool is_over() const { return !done_; }

  void connect() {
    const Endpoint peer{addresses_[tried_++], origin_.port};
    error_code ignored;
    socket_.close(ignored);
    if (limit_) {
      deadline_.set(*limit_ / static_cast<int>(addresses_.size()),
                    [self = shared_from_this(), peer] { self->on_connected(peer, asio::error::timed_out); });
    }
    const std::size_t attempt = tried_;
    socket_.async_connect(to_asio(peer), [self = shared_from_this(), peer, attempt](error_code error) {
      if (!self->is_over() && attempt == self->tried_ && !self->stream_) self->on_connected(peer, error);
    });
  }

  void on_connected(const Endpoint& peer, error_code error) {
    deadline_.clear();
    if (!error) return shake_hands(peer);
    if (tried_ < addresses_.size()) return connect();
    if (error == asio::error::timed_out) return fail(HttpFault::timeout, to_string(peer) + ": no connection");
    fail(fault_of(error), to_string(peer) + ": " + error.message());
  }

  void shake_hands(const Endpoint& peer) {
    prepare(socket_);
    if (origin_.scheme == HttpScheme::http) {
      stream_ = make_plain_stream(std::move(socket_));
      return finish(Dialed{std::move(stream_), peer});
    }
    if (tls_) stream_ = tls_->make_stream(std::move(socket_), origin_.host);
    if (!stream_)
      return fail(HttpFault::tls,
                  origin_.host + (tls_ ? ": not a name that a certificate can have" : ": no TLS set up"));
    deadline_.set(limit_, [self = shared_from_this(), peer] {
      self->fail(HttpFault::timeout, to_string(peer) + ": no TLS handshake");
    });
    stream_->handshake([self = shared_from_this(), peer](error_code error, std::size_t) {
      if (self->is_over()) return;
      if (error) return self->fail(HttpFault::tls, to_string(peer) + ": " + error.message());
      self->finish(Dialed{std::move(self->stream_), peer});
    });
  }

  void fail(HttpFault kind, std::string message) { finish(HttpError{kind, std::move(message)}); }

  void finish(Result<Dialed, HttpError> result) {
    auto done = std::exchange(done_, {});
    stop();
    done(std::move(result));
  }

  // The stream, when there is one, lives until its handshake has told that it ended.
  void stop() {
    deadline_.clear();
    error_code ignored;
    socket_.close(ignored);
    if (stream_) stream_->close();
  }

  Resolver& resolver_;
  const std::shared_ptr<const TlsClientContext> tls_;
  const HttpOrigin origin_;
  const std::optional<Millis> limit_;
  Done done_;
  Resolver::Ticket ticket_ = 0;
  Socket socket_;
  Deadline deadline_;
  std::vector<IpAddress> addresses_;
  std::size_t tried_ = 0;
  std::unique_ptr<ByteStream> stream_;
};

Dialer::Dialer(Strand strand, Resolver& resolver, std::shared_ptr<const TlsClientContext> tls)
    : strand_(std::move(strand)), resolver_(resolver), tls_(std::move(tls)) {}
Dialer::~Dialer() { cancel(); }

void Dialer::dial(const HttpOrigin& origin, std::optional<Millis> limit, Done done) {
  cancel();
  attempt_ = std::make_shared<Attempt>(*this, origin, limit, std::move(done));
  attempt_->start();
}

void Dialer::cancel() {
  if (const auto attempt = std::exchange(attempt_, nullptr)) attempt->cancel();
}

}  // namespace muster::net
