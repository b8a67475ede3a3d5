#include "registry/http/server.h"

#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <mutex>
#include <unordered_set>

#include "registry/http/connection.h"
#include "registry/http/core.h"
#include "registry/net/tls_stream.h"

namespace muster::registry::http {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, net::Strand>;

constexpr net::Millis kNoDescriptorWait{100};
constexpr std::size_t kMaxRefused = 64;  // connections that are being told 503 at one time

Acceptor listen_on(const net::Strand& strand, const net::Endpoint& endpoint) {
  Acceptor acceptor(strand);
  const auto fail_on = [&](const error_code& error) {
    if (!error) return;
    throw ServerRefused("cannot listen on " + net::to_string(endpoint) + ": " + error.message() +
                        "; stop what listens there or change http.listen");
  };
  error_code error;
  const auto address = net::to_asio(endpoint);
  acceptor.open(address.protocol(), error);
  fail_on(error);
  acceptor.set_option(Acceptor::reuse_address(true), error);
  if (endpoint.address.family == net::Family::v6) acceptor.set_option(asio::ip::v6_only(true), error);
  acceptor.bind(address, error);
  fail_on(error);
  acceptor.listen(Acceptor::max_listen_connections, error);
  fail_on(error);
  return acceptor;
}

bool is_out_of_descriptors(const error_code& error) {
  return error == asio::error::no_descriptors ||
         error == boost::system::errc::too_many_files_open_in_system || error == asio::error::no_memory ||
         error == asio::error::no_buffer_space;
}

using Timer = asio::steady_timer;

struct Listener {
  Listener(const net::Strand& strand, const net::Endpoint& endpoint)
      : acceptor(listen_on(strand, endpoint)), retry(strand) {}
  Acceptor acceptor;
  Timer retry;  // when no descriptor was left
};

}  // namespace

class Server::Impl : public std::enable_shared_from_this<Server::Impl> {
 public:
  Impl(asio::io_context& io, ServerConfig config, const Router& router, Hooks hooks);

  void start();
  void stop(net::Millis grace, std::function<void()> done);
  void accept(Listener& listener);
  void set_tls(std::unique_ptr<net::TlsContext> tls);

  const std::shared_ptr<Core> core;
  std::vector<net::Endpoint> bound;

 private:
  using Connections = std::unordered_set<std::shared_ptr<Connection>>;

  void on_accept(Listener& listener, error_code error, net::Socket socket);
  void take(net::Socket socket);
  std::shared_ptr<net::TlsContext> tls();
  void sweep();
  void forget(const std::shared_ptr<Connection>& connection);
  void finish_stop();
  Connections connections();

  asio::io_context& io_;
  const net::Strand strand_;
  std::deque<Listener> listeners_;
  Timer sweep_timer_;
  bool stopping_ = false;  // on the strand
  net::SteadyTime stop_by_{};
  std::function<void()> stopped_;

  std::mutex mutex_;
  std::shared_ptr<net::TlsContext> tls_;  // guarded by mutex_; null: plain
  Connections connections_;               // guarded by mutex_
  std::size_t refused_ = 0;               // guarded by mutex_
};

Server::Impl::Impl(asio::io_context& io, ServerConfig config, const Router& router, Hooks hooks)
    : core(std::make_shared<Core>(std::move(config), router, std::move(hooks))),
      io_(io),
      strand_(asio::make_strand(io)),
      sweep_timer_(strand_) {
  if (core->config.tls) {
    try {
      tls_ = std::make_unique<net::TlsContext>(core->config.tls->certificate, core->config.tls->key,
                                               core->config.tls->client_ca);
    } catch (const std::runtime_error& error) {
      throw ServerRefused(error.what());
    }
  }
  for (const net::Endpoint& endpoint : core->config.listen) {
    const Listener& listener = listeners_.emplace_back(strand_, endpoint);
    bound.push_back(net::from_asio(listener.acceptor.local_endpoint()));
  }
}

void Server::Impl::start() {
  for (Listener& listener : listeners_) accept(listener);
  asio::post(strand_, [self = shared_from_this()] { self->sweep(); });
}

// Each accepted socket gets a strand of its own.
void Server::Impl::accept(Listener& listener) {
  listener.acceptor.async_accept(
      asio::make_strand(io_), [self = shared_from_this(), &listener](error_code error, net::Socket socket) {
        self->on_accept(listener, error, std::move(socket));
      });
}

void Server::Impl::on_accept(Listener& listener, error_code error, net::Socket socket) {
  if (error == asio::error::operation_aborted || stopping_) return;
  if (!error) take(std::move(socket));
  if (!is_out_of_descriptors(error)) return accept(listener);
  // Without the wait accept() would fail again at once, and again.
  core->counters.reached(Limit::open_files);
  listener.retry.expires_after(kNoDescriptorWait);
  listener.retry.async_wait([self = shared_from_this(), &listener](error_code ended) {
    if (!ended && !self->stopping_) self->accept(listener);
  });
}

std::shared_ptr<net::TlsContext> Server::Impl::tls() {
  const std::lock_guard lock(mutex_);
  return tls_;
}

void Server::Impl::set_tls(std::unique_ptr<net::TlsContext> tls) {
  const std::lock_guard lock(mutex_);
  tls_ = std::move(tls);
}

void Server::Impl::take(net::Socket socket) {
  error_code error;
  const auto remote = socket.remote_endpoint(error);
  if (error) return;  // gone already
  socket.set_option(asio::ip::tcp::no_delay(true), error);
  const net::Strand strand = socket.get_executor();
  core->counters.connections_accepted.fetch_add(1, std::memory_order_relaxed);
  const auto tls_now = tls();
  auto stream = tls_now ? tls_now->make_stream(std::move(socket)) : net::make_plain_stream(std::move(socket));

  const std::lock_guard lock(mutex_);
  const bool full = connections_.size() - refused_ >= core->config.limits.max_connections;
  if (full) core->counters.reached(Limit::connections);
  if (full && (tls_now || refused_ >= kMaxRefused)) return stream->close();
  auto connection = std::make_shared<Connection>(
      std::move(stream), strand, net::from_asio(remote), core,
      [self = shared_from_this(), full](const std::shared_ptr<Connection>& gone) {
        if (full) {
          const std::lock_guard inner(self->mutex_);
          --self->refused_;
        }
        self->forget(gone);
      });
  connections_.insert(connection);
  core->counters.open_connections.store(connections_.size(), std::memory_order_relaxed);
  if (!full) return connection->start();
  ++refused_;
  connection->start_refused({.status = 503,
                             .error = "out_of_capacity",
                             .message = "http.max_connections is reached; try again soon",
                             .field = {},
                             .retry_after = net::Millis(1000)});
}

Server::Impl::Connections Server::Impl::connections() {
  const std::lock_guard lock(mutex_);
  return connections_;
}

void Server::Impl::sweep() {
  const auto now = core->hooks.now().steady;
  const bool out_of_patience = stopping_ && now >= stop_by_;
  for (const auto& connection : connections()) {
    if (out_of_patience) {
      connection->abort();
    } else if (connection->overdue(now)) {
      connection->expire();
    }
  }
  if (stopping_) finish_stop();
  if (stopping_ && !stopped_) return;
  sweep_timer_.expires_after(core->config.limits.sweep);
  sweep_timer_.async_wait([self = shared_from_this()](error_code error) {
    if (!error) self->sweep();
  });
}

void Server::Impl::forget(const std::shared_ptr<Connection>& connection) {
  {
    const std::lock_guard lock(mutex_);
    connections_.erase(connection);
    core->counters.open_connections.store(connections_.size(), std::memory_order_relaxed);
  }
  asio::post(strand_, [self = shared_from_this()] {
    if (self->stopping_) self->finish_stop();
  });
}

void Server::Impl::stop(net::Millis grace, std::function<void()> done) {
  asio::post(strand_, [self = shared_from_this(), grace, done = std::move(done)]() mutable {
    if (self->stopping_) return;
    self->stopping_ = true;
    self->stop_by_ = self->core->hooks.now().steady + grace;
    self->stopped_ = done ? std::move(done) : [] {};
    error_code ignored;
    for (Listener& listener : self->listeners_) {
      listener.acceptor.close(ignored);
      listener.retry.cancel();
    }
    for (const auto& connection : self->connections()) connection->stop();
    self->finish_stop();
  });
}

void Server::Impl::finish_stop() {
  if (!stopped_ || !connections().empty()) return;
  sweep_timer_.cancel();
  std::exchange(stopped_, nullptr)();
}

Server::Server(asio::io_context& io, ServerConfig config, const Router& router, Hooks hooks)
    : impl_(std::make_shared<Impl>(io, std::move(config), router, std::move(hooks))) {}

Server::~Server() { impl_->stop(net::Millis(0), {}); }

void Server::start() { impl_->start(); }
void Server::stop(std::function<void()> done) {
  impl_->stop(impl_->core->config.limits.stop_grace, std::move(done));
}
std::optional<std::string> Server::set_tls(const TlsFiles& files) {
  try {
    impl_->set_tls(std::make_unique<net::TlsContext>(files.certificate, files.key, files.client_ca));
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return std::nullopt;
}

const std::vector<net::Endpoint>& Server::bound() const { return impl_->bound; }
const Counters& Server::counters() const { return impl_->core->counters; }

std::optional<TokenError> Server::set_tokens(const std::vector<Token>& tokens) {
  auto access = Access::make(tokens);
  if (!access) return access.error();
  impl_->core->set_access(std::move(*access));
  return std::nullopt;
}

}  // namespace muster::registry::http
