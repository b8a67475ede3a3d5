#include "registry/net/http_url.h"

#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>
#include <boost/url/url_view.hpp>

#include "registry/net/ip_address.h"

namespace muster::net {

namespace urls = boost::urls;

namespace {

std::uint16_t own_port(HttpScheme scheme) { return scheme == HttpScheme::https ? 443 : 80; }

std::optional<HttpScheme> scheme_of(const urls::url_view& url) {
  if (url.scheme_id() == urls::scheme::http) return HttpScheme::http;
  if (url.scheme_id() == urls::scheme::https) return HttpScheme::https;
  return std::nullopt;
}

std::optional<std::string> host_of(const urls::url_view& url) {
  std::string host;
  switch (url.host_type()) {
    case urls::host_type::ipv4: return std::string(url.encoded_host());
    case urls::host_type::ipv6: {
      const auto encoded = url.encoded_host();
      host.assign(encoded.data() + 1, encoded.size() - 2);  // without the brackets
      const auto address = parse_ip(host);
      if (!address) return std::nullopt;
      return to_string(*address);
    }
    case urls::host_type::name: break;
    default: return std::nullopt;
  }
  host = url.host();
  for (char& c : host) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
    const auto octet = static_cast<unsigned char>(c);
    if (octet <= ' ' || octet >= 0x7f || c == '/' || c == '@' || c == ':') return std::nullopt;
  }
  if (host.empty()) return std::nullopt;
  return host;
}

std::optional<std::uint16_t> port_of(const urls::url_view& url, HttpScheme scheme) {
  if (!url.has_port() || url.port().empty()) return own_port(scheme);
  if (url.port_number() == 0) return std::nullopt;
  return url.port_number();
}

std::optional<HttpUrl> read(const urls::url_view& url) {
  const auto scheme = scheme_of(url);
  if (!scheme || !url.has_authority() || url.has_userinfo()) return std::nullopt;
  auto host = host_of(url);
  const auto port = port_of(url, *scheme);
  if (!host || !port) return std::nullopt;
  // Boost.URL 1.81 takes "http://m:50x" for the port 50 and the path "x" (RFC 3986 §3.3: it begins with a
  // slash).
  if (!url.encoded_path().empty() && url.encoded_path().front() != '/') return std::nullopt;
  HttpUrl read{{*scheme, std::move(*host), *port}, std::string(url.encoded_path())};
  if (read.target.empty()) read.target = "/";
  if (url.has_query()) read.target += "?" + std::string(url.encoded_query());
  return read;
}

}  // namespace

std::optional<HttpUrl> parse_url(std::string_view text) {
  const auto url = urls::parse_uri({text.data(), text.size()});
  if (!url) return std::nullopt;
  return read(*url);
}

std::optional<HttpOrigin> parse_origin(std::string_view text) {
  const auto url = parse_url(text);
  if (!url || url->target != "/") return std::nullopt;
  return url->origin;
}

std::optional<HttpUrl> follow(const HttpUrl& from, std::string_view location) {
  const std::string base_text = to_string(from);
  const auto base = urls::parse_uri(base_text);
  const auto reference = urls::parse_uri_reference({location.data(), location.size()});
  if (!base || !reference) return std::nullopt;
  urls::url target;
  if (!urls::resolve(*base, *reference, target)) return std::nullopt;
  return read(target);
}

std::string authority_of(const HttpOrigin& origin) {
  const bool is_v6 = origin.host.find(':') != origin.host.npos;
  std::string text = is_v6 ? "[" + origin.host + "]" : origin.host;
  if (origin.port != own_port(origin.scheme)) text += ":" + std::to_string(origin.port);
  return text;
}

std::string to_string(const HttpOrigin& origin) {
  return (origin.scheme == HttpScheme::https ? "https://" : "http://") + authority_of(origin);
}

std::string to_string(const HttpUrl& url) { return to_string(url.origin) + url.target; }

}  // namespace muster::net
