// A TCP or TLS server on 127.0.0.1 that does with each connection what a test tells it, on a thread of its
// own with blocking calls. Every wait gives up after ten seconds, so that a client that hangs is a failed
// test.
#pragma once

#include <atomic>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "tests/registry/support/certificates.h"

struct ssl_st;
struct ssl_ctx_st;

namespace muster::test {

// One connection.
class Visitor {
 public:
  Visitor(int fd, int number, ssl_st* session) : fd_(fd), number_(number), session_(session) {}

  int number() const { return number_; }  // of the connection, from 1
  // Up to and with the empty line; "" when the client has gone before.
  std::string read_head();
  std::string read(std::size_t size);
  void send(std::string_view octets);
  // One octet a segment.
  void drip(std::string_view octets);
  void finish();                    // FIN; close_notify before it when TLS
  void finish_rudely();             // TLS: FIN without close_notify
  void reset();                     // RST
  bool wait_for_end();              // until the client has closed; false: it did not
  std::string server_name() const;  // TLS: what the client announced

 private:
  bool fill();

  const int fd_;
  const int number_;
  ssl_st* const session_;
  std::string pending_;
};

class ScriptedServer {
 public:
  using Script = std::function<void(Visitor&)>;

  // `authority`: TLS asks the client for a certificate that this one signed.
  explicit ScriptedServer(Script script, std::optional<Certificate> tls = {},
                          const std::string& authority = {});
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  std::uint16_t port() const { return port_; }
  int visits() const { return visits_; }

 private:
  struct Visit {
    int fd;
    std::thread thread;
  };
  void accept_all();
  void serve(int fd, int number);

  const Script script_;
  ssl_ctx_st* context_ = nullptr;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<int> visits_{0};
  std::list<Visit> open_;
  std::thread thread_;
};

// A port of 127.0.0.1 where nobody listens.
std::uint16_t dead_port();

}  // namespace muster::test
