// Where an HTTP server is: scheme, host and port, and URLs made of them (RFC 3986, RFC 9110 §4). Free of
// Asio.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace muster::net {

enum class HttpScheme : std::uint8_t { http, https };

struct HttpOrigin {
  HttpScheme scheme = HttpScheme::http;
  std::string host;  // a name in lower case or an IP literal, without brackets
  std::uint16_t port = 80;
  auto operator<=>(const HttpOrigin&) const = default;
};

struct HttpUrl {
  HttpOrigin origin;
  std::string target = "/";  // path and query, as a request line has them
  auto operator<=>(const HttpUrl&) const = default;
};

// "http://h", "https://[2001:db8::1]:8443/path?q". Nothing: another scheme, no host, a bad literal, port 0,
// or a user name in front of the host, which belongs elsewhere. A fragment is dropped.
std::optional<HttpUrl> parse_url(std::string_view text);
// The same, of which only the origin is wanted: a path other than "/" or a query is refused.
std::optional<HttpOrigin> parse_origin(std::string_view text);

// Where a Location header leads that came from `from` (RFC 3986 §5): it may lack the scheme
// ("//host:5050/x"), the host
// ("/x"), or both.
std::optional<HttpUrl> follow(const HttpUrl& from, std::string_view location);

// "http://[::1]:5050"; the port is left out when it is the scheme's own.
std::string to_string(const HttpOrigin& origin);
std::string to_string(const HttpUrl& url);
// What the Host header says (RFC 9110 §7.2): "[::1]:5050".
std::string authority_of(const HttpOrigin& origin);

}  // namespace muster::net
