// A blocking HTTP client on a plain or TLS socket, just clever enough for tests: it sends octets as told and
// reads whole responses, framing included. Every read gives up after five seconds, so a hanging server is a
// failed test.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "registry/net/ip_address.h"

struct ssl_st;
struct ssl_ctx_st;

namespace muster::test {

struct HttpResponse {
  int status = 0;
  std::map<std::string, std::string> headers;  // lower-case names
  std::string body;

  std::string header(const std::string& lower_name) const;
};

class HttpClient {
 public:
  explicit HttpClient(const net::Endpoint& to, bool tls = false, std::optional<net::IpAddress> from = {});
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  void send(std::string_view octets);
  void half_close();
  void reset();  // close with RST
  // nullopt: the connection ended (or five seconds passed) before a whole response was there.
  std::optional<HttpResponse> read_response(bool to_head_request = false);
  std::optional<HttpResponse> ask(std::string_view octets);
  // The next octets, whatever they are; "" at the end.
  std::string read_some();
  bool at_end();  // the server has closed, within five seconds
  std::string certificate() const;  // of a TLS server, DER

 private:
  bool fill();

  int fd_ = -1;
  ssl_ctx_st* context_ = nullptr;
  ssl_st* ssl_ = nullptr;
  std::string pending_;
};

// "GET /x HTTP/1.1" with Host, and a Content-Length when there is a body.
std::string request(std::string_view method, std::string_view target, std::string_view body = {},
                    std::string_view extra_headers = {});

}  // namespace muster::test
