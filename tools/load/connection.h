// A kept TCP connection to a server, with many requests outstanding: HTTP/1.1 with Content-Length, or DNS
// with the message's length in front (RFC 7766). It never blocks but in the constructor: the owner polls fd()
// and calls write() and read().
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace muster::load {

class Connection {
 public:
  // Throws std::runtime_error when nobody listens.
  Connection(const std::string& address, int port);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  int fd() const { return fd_; }
  bool wants_to_write() const { return written_ < output_.size(); }
  void queue(std::string_view octets) { output_ += octets; }
  void write();
  // Takes what has arrived; throws std::runtime_error when the server closed.
  void read();

 protected:
  // What was read and not taken yet.
  std::string_view rest() const { return std::string_view(input_).substr(taken_); }
  void take(std::size_t octets) { taken_ += octets; }

 private:
  int fd_;
  std::string output_;
  std::size_t written_ = 0;
  std::string input_;
  std::size_t taken_ = 0;
};

struct HttpReply {
  int status = 0;
  std::string_view head;
  std::string_view body;
};

class HttpConnection : public Connection {
 public:
  using Connection::Connection;
  // The next whole reply among what was read; its views live until the next read().
  std::optional<HttpReply> next();
};

class DnsConnection : public Connection {
 public:
  using Connection::Connection;
  void ask(std::span<const std::uint8_t> message);
  // The next whole message, likewise.
  std::optional<std::span<const std::uint8_t>> next();
};

}  // namespace muster::load
