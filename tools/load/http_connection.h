// A kept-alive HTTP/1.1 connection to a server that answers with Content-Length, for many requests
// outstanding. It never blocks but in the constructor: the owner polls fd() and calls write() and read().
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace muster::load {

struct HttpReply {
  int status = 0;
  std::string_view head;
  std::string_view body;
};

class HttpConnection {
 public:
  // Throws std::runtime_error when nobody listens.
  HttpConnection(const std::string& address, int port);
  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  int fd() const { return fd_; }
  bool wants_to_write() const { return written_ < output_.size(); }
  void queue(std::string_view request) { output_ += request; }
  void write();
  // Takes what has arrived; throws std::runtime_error when the server closed.
  void read();
  // The next whole reply among what was read; its views live until the next read().
  std::optional<HttpReply> next();

 private:
  int fd_;
  std::string output_;
  std::size_t written_ = 0;
  std::string input_;
  std::size_t taken_ = 0;
};

}  // namespace muster::load
