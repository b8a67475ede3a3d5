// The HTTP/1.1 server: listens, accepts, keeps its limits and hands whole requests to the routes. Everything
// it refuses by itself (limits, malformed input, missing rights) it also answers by itself.
//
// Thread safety: construct, start() and stop() from any one thread; bound(), counters(), set_tokens() and
// set_tls() from any. The io_context may be run by any number of threads: each connection is a strand. The
// router must outlive the last connection: destroy it after the io_context has run out or been destroyed.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "registry/http/auth.h"
#include "registry/http/counters.h"
#include "registry/http/request_parser.h"
#include "registry/http/router.h"
#include "registry/http/throttle.h"

namespace muster::registry::http {

struct Limits {
  ParseLimits parse;
  std::size_t max_connections = 1000;
  std::size_t max_in_flight = 256;       // requests with a handler; parked polls and streams do not count
  std::size_t max_waiting = 500;         // parked polls and streams
  std::size_t max_pipelined = 128;       // of one connection; beyond it the connection is not read
  std::size_t max_unsent = 1024 * 1024;  // octets of replies waiting for one peer; beyond it it is not read
  net::Millis header_timeout{10'000};    // TLS handshake, too
  net::Millis body_timeout{10'000};
  net::Millis idle_timeout{60'000};
  net::Millis write_timeout{30'000};  // without any progress
  net::Millis stop_grace{10'000};     // stop(): how long requests in flight may still take
  net::Millis sweep{100};             // how often deadlines are looked at
};

struct TlsFiles {
  std::string certificate;  // a path, or PEM text
  std::string key;
  std::string client_ca{};  // a path: clients may show certificates of these authorities; "": they may not
};

struct ServerConfig {
  std::vector<net::Endpoint> listen;
  std::optional<TlsFiles> tls;
  Limits limits;
  std::vector<Token> tokens;
  std::shared_ptr<Throttle> throttle;  // null: none; handlers of batches may share it
};

// One answered request, for the log. The views live as long as the call.
struct RequestLog {
  std::string_view method;
  std::string_view target;
  std::string_view route;  // "none" when no route fits
  int status = 0;
  std::chrono::microseconds took{0};
  net::Endpoint peer;
  std::string_view token_name;
  const Trace* trace = nullptr;
};

struct Hooks {
  std::function<void(const RequestLog&)> log;  // null: no log; called on I/O threads
  std::function<net::Instant()> now = net::machine_now;
  std::function<std::chrono::steady_clock::time_point()> stopwatch = std::chrono::steady_clock::now;
  std::uint64_t seed = 0;  // of span ids
  // What every native reply carries, the server's own too, unless its route has set it.
  std::vector<LiveHeader> position;
};

// A listen address cannot be used, or TLS or tokens are wrong; what() says which and how to mend it.
class ServerRefused : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class Core;

class Server {
 public:
  // Binds all addresses; throws ServerRefused. Nothing is accepted before start().
  Server(boost::asio::io_context& io, ServerConfig config, const Router& router, Hooks hooks = {});
  ~Server();  // as stop() with no grace
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  void start();
  // Accepts no more, finishes what is in flight, closes; then runs `done` once, on an I/O thread.
  void stop(std::function<void()> done = {});
  const std::vector<net::Endpoint>& bound() const;
  const Counters& counters() const;
  // Reload. An error: the list is wrong and the old one stays.
  [[nodiscard]] std::optional<TokenError> set_tokens(const std::vector<Token>& tokens);
  // Reload of a server that speaks TLS: new connections get this certificate. What is wrong, naming the file:
  // the old one stays.
  [[nodiscard]] std::optional<std::string> set_tls(const TlsFiles& files);

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace muster::registry::http
