#include "registry/net/http_message.h"

#include <algorithm>

namespace muster::net {

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

// Tokens and targets: visible ASCII. Enough to keep a request line one line of three parts.
bool is_visible(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

// RFC 9110 §5.5: no control octets but a tab.
bool is_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto octet = static_cast<unsigned char>(c);
    return octet == '\t' || (octet >= ' ' && octet != 0x7f);
  });
}

}  // namespace

std::optional<std::string_view> HttpHead::find(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (same_name(key, name)) return value;
  }
  return std::nullopt;
}

std::string_view to_string(HttpFault fault) {
  switch (fault) {
    case HttpFault::resolve: return "resolve";
    case HttpFault::connect: return "connect";
    case HttpFault::refused: return "refused";
    case HttpFault::timeout: return "timeout";
    case HttpFault::reset: return "reset";
    case HttpFault::short_body: return "short_body";
    case HttpFault::tls: return "tls";
    case HttpFault::parse: return "parse";
    case HttpFault::limit: return "limit";
    case HttpFault::cancelled: return "cancelled";
  }
  return "";
}

std::optional<std::string> write_request(const HttpOrigin& origin, const HttpRequest& request) {
  if (!is_visible(request.method) || !is_visible(request.target)) return std::nullopt;
  std::string text =
      request.method + " " + request.target + " HTTP/1.1\r\nHost: " + authority_of(origin) + "\r\n";
  for (const auto& [name, value] : request.headers) {
    if (!is_visible(name) || name.find(':') != name.npos || !is_value(value)) return std::nullopt;
    text += name + ": " + value + "\r\n";
  }
  if (request.accept_gzip) text += "Accept-Encoding: gzip\r\n";
  // RFC 9110 §8.6: a method that means to send content says how much, even none.
  if (!request.body.empty() || request.method == "POST" || request.method == "PUT")
    text += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  return text + "\r\n" + request.body;
}

}  // namespace muster::net
