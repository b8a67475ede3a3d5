// What is asked of an HTTP server, the head of what it answers, and how an exchange fails: values (RFC 9110).
// Free of Asio.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "registry/net/http_url.h"

namespace muster::net {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method = "GET";
  std::string target = "/";  // path and query
  HttpHeaders headers{};     // but Host, Content-Length and Accept-Encoding, which are written from the rest
  std::string body{};
  bool accept_gzip = false;
  // Asking it twice does no harm (RFC 9110 §9.2.2): it is sent again, once, when a connection that was kept
  // open turns out to be closed before an octet of the answer came.
  bool may_repeat = true;
};

struct HttpHead {
  int status = 0;
  HttpHeaders headers{};
  // The first of that name, in upper or lower case.
  std::optional<std::string_view> find(std::string_view name) const;
};

enum class HttpFault : std::uint8_t {
  resolve,     // the host name has no address
  connect,     // unreachable, or no socket of our own
  refused,     // nobody listens there
  timeout,     // a limit of time has passed; the message names it
  reset,       // the peer dropped the connection, or closed it without an answer
  short_body,  // the answer ends early
  tls,         // the handshake failed, or the certificate; the message has the reason
  parse,       // not HTTP/1.x, an unknown coding, broken gzip; or a request that cannot be written
  limit,       // more octets than may come
  cancelled,
};
std::string_view to_string(HttpFault fault);

struct HttpError {
  HttpFault kind = HttpFault::connect;
  std::string message{};
};

// The request as it is sent to `origin`. Nothing: the method, the target or a header holds an octet that
// would end its line or part.
std::optional<std::string> write_request(const HttpOrigin& origin, const HttpRequest& request);

}  // namespace muster::net
