// A running http::Server on 127.0.0.1 port 0 with its own I/O thread, and the routes a test gives it.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <mutex>
#include <thread>
#include <vector>

#include "registry/http/server.h"
#include "tests/registry/support/http_client.h"

namespace muster::test {

class HttpHouse {
 public:
  explicit HttpHouse(registry::http::ServerConfig config = {}, registry::http::Hooks hooks = {}) {
    if (config.listen.empty()) config.listen.push_back({*net::parse_ip("127.0.0.1"), 0});
    config_ = std::move(config);
    hooks_ = std::move(hooks);
  }
  ~HttpHouse() { stop(); }

  void add(std::string method, std::string pattern, registry::http::Handler handler,
           registry::http::Scope scope = registry::http::Scope::read, int service_capture = -1,
           registry::http::Dialect dialect = registry::http::Dialect::native) {
    router.add(
        {std::move(method), std::move(pattern), "", scope, dialect, service_capture, std::move(handler)});
  }

  void start() {
    server = std::make_unique<registry::http::Server>(io, config_, router, hooks_);
    server->start();
    thread_ = std::thread([this] { io.run(); });
  }

  void stop() {
    if (!thread_.joinable()) return;
    server->stop();
    thread_.join();
    server.reset();
  }

  net::Endpoint at() const { return server->bound().front(); }
  HttpClient connect(bool tls = false) const { return HttpClient(at(), tls); }
  const registry::http::Counters& counters() const { return server->counters(); }
  std::uint64_t count(registry::http::Limit limit) const { return counters().count(limit); }

  registry::http::Router router;
  boost::asio::io_context io;
  std::unique_ptr<registry::http::Server> server;

 private:
  registry::http::ServerConfig config_;
  registry::http::Hooks hooks_;
  std::thread thread_;
};

inline void echo(registry::http::Request request, registry::http::Reply reply) {
  reply.send(
      {200, {{"Content-Type", "text/plain"}}, request.method + " " + request.target + " " + request.body});
}

}  // namespace muster::test
