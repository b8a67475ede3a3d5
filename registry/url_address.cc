#include "registry/url_address.h"

#include <algorithm>
#include <array>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include "registry/label.h"
#include "registry/limits.h"
#include "registry/model.h"

namespace muster::registry {

namespace urls = boost::urls;

namespace {

using Fault = std::optional<std::string>;

// IANA's ports of what services are told by, sorted by scheme.
constexpr std::array kSchemePorts = {
    SchemePort{"amqp", 5672, false},       SchemePort{"amqps", 5671, false},
    SchemePort{"coap", 5683, true},        SchemePort{"coaps", 5684, true},
    SchemePort{"ftp", 21, false},          SchemePort{"ftps", 990, false},
    SchemePort{"http", 80, false},         SchemePort{"https", 443, false},
    SchemePort{"imap", 143, false},        SchemePort{"imaps", 993, false},
    SchemePort{"ldap", 389, false},        SchemePort{"ldaps", 636, false},
    SchemePort{"mongodb", 27017, false},   SchemePort{"mqtt", 1883, false},
    SchemePort{"mqtts", 8883, false},      SchemePort{"mysql", 3306, false},
    SchemePort{"nats", 4222, false},       SchemePort{"postgres", 5432, false},
    SchemePort{"postgresql", 5432, false}, SchemePort{"redis", 6379, false},
    SchemePort{"rediss", 6379, false},     SchemePort{"rtsp", 554, false},
    SchemePort{"sftp", 22, false},         SchemePort{"smtp", 25, false},
    SchemePort{"ssh", 22, false},          SchemePort{"stomp", 61613, false},
    SchemePort{"tftp", 69, true},          SchemePort{"ws", 80, false},
    SchemePort{"wss", 443, false},
};
static_assert(std::is_sorted(kSchemePorts.begin(), kSchemePorts.end(),
                             [](const SchemePort& a, const SchemePort& b) { return a.scheme < b.scheme; }));

bool is_host_octet(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

// Labels of 1 to 63 octets, perhaps with the final dot; what is digits and dots alone would be an address and
// is none.
bool is_dns_name(std::string_view host) {
  if (host.size() > kMaxHostName || !std::ranges::all_of(host, is_host_octet)) return false;
  if (host.find_first_not_of("0123456789.") == host.npos) return false;
  if (host.ends_with('.')) host.remove_suffix(1);
  for (;;) {
    const std::size_t end = std::min(host.find('.'), host.size());
    if (end == 0 || end > kMaxLabel) return false;
    if (end == host.size()) return true;
    host.remove_prefix(end + 1);
  }
}

Fault fault_of_literal(const IpAddress& address) {
  if (address.is_unspecified()) return "has the unspecified address: give one that clients can connect to";
  if (address.is_multicast()) return "has a multicast address: an instance needs one of its own";
  if (address.is_broadcast()) return "has the broadcast address: an instance needs one of its own";
  return std::nullopt;
}

Fault take_literal(std::string_view text, std::vector<IpAddress>& addresses) {
  const auto address = net::parse_ip(text);
  if (!address) return "has a host that is neither a name nor an IPv4 or IPv6 address";
  if (Fault fault = fault_of_literal(*address)) return fault;
  addresses.push_back(*address);
  return std::nullopt;
}

Fault take_host(const urls::url_view& url, UrlAddress& address, std::vector<IpAddress>& addresses) {
  const std::string host(url.encoded_host().data(), url.encoded_host().size());
  switch (url.host_type()) {
    case urls::host_type::ipv4: return take_literal(host, addresses);
    case urls::host_type::ipv6:
      return take_literal(std::string_view(host).substr(1, host.size() - 2), addresses);
    case urls::host_type::name: break;
    default: return "has a host that is neither a name nor an IPv4 or IPv6 address";
  }
  address.host = ascii_lower(host);
  if (!is_dns_name(address.host))
    return "has a host name that DNS cannot have: at most 253 octets of letters, digits, - _ and .";
  return std::nullopt;
}

// The scheme where it makes a label (`http`), else none (`soap.beep`).
std::string port_name(const std::string& scheme) {
  const auto good = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  const bool is_label =
      scheme.size() <= kMaxPortName && scheme.back() != '-' && std::ranges::all_of(scheme, good);
  return is_label ? scheme : std::string();
}

Fault take_port(const urls::url_view& url, const std::string& scheme, UrlAddress& address,
                std::vector<Port>& ports) {
  const SchemePort* known = known_scheme(scheme);
  Port port;
  if (url.has_port() && !url.port().empty()) {
    port.number = url.port_number();
    if (port.number == 0) return "has a port that is none: 1 to 65535";
  } else if (known != nullptr) {
    port.number = known->port;
  } else {
    return "needs a port: that of the scheme " + scheme + " is not known here";
  }
  port.name = port_name(scheme);
  if (known != nullptr && known->is_udp) port.protocol = Protocol::udp;
  address.port = port.number;
  ports.push_back(std::move(port));
  return std::nullopt;
}

// Of a URL inside one without a host: "jdbc:mysql://user:secret@db/x" has its own after the second colon.
bool has_inner_user(std::string_view text) {
  for (std::size_t at = text.find("://"); at != text.npos; at = text.find("://", at)) {
    at += 3;
    if (text.substr(at, text.find_first_of("/?", at) - at).find('@') != text.npos) return true;
  }
  return false;
}

Fault fault_of_form(std::string_view text) {
  if (text.empty()) return "is empty: give an absolute URL, as http://10.0.0.7:8080/path";
  if (text.size() > kMaxUrl) return "is too long: at most 2048 octets";
  if (!std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; }))
    return "must be printable ASCII without spaces: write other octets as %XX";
  return std::nullopt;
}

}  // namespace

std::string_view to_string(AddressType type) { return type == AddressType::url ? "url" : "prefix"; }

std::optional<AddressType> address_type_from(std::string_view word) {
  if (word == "url") return AddressType::url;
  if (word == "prefix") return AddressType::prefix;
  return std::nullopt;
}

std::optional<std::string> why_not_publishable(std::string_view type) {
  if (type == "default")
    return "address type \"default\" names no address: the destination comes with each message, nothing to "
           "publish in DNS";
  if (type == "response")
    return "address type \"response\" names no address: replies use the caller's own connection, nothing to "
           "publish in DNS";
  return std::nullopt;
}

const SchemePort* known_scheme(std::string_view scheme) {
  const auto at = std::ranges::lower_bound(kSchemePorts, scheme, {}, &SchemePort::scheme);
  return at != kSchemePorts.end() && at->scheme == scheme ? &*at : nullptr;
}

std::optional<std::string> take_url(std::string_view text, AddressType type, InstanceBody& body) {
  if (Fault fault = fault_of_form(text)) return fault;
  const auto parsed = urls::parse_uri({text.data(), text.size()});
  if (!parsed)
    return "is no absolute URL (RFC 3986): scheme, colon and the rest, as http://10.0.0.7:8080/path";
  const urls::url_view url = *parsed;
  if (url.has_fragment()) return "must have no fragment: leave out # and what follows";
  const bool has_host = url.has_authority() && !url.encoded_host().empty();
  if (url.has_userinfo() || (!has_host && has_inner_user(text)))
    return "must have no user name or password: everybody could read it in DNS; leave out what stands before "
           "@";
  const std::string scheme = ascii_lower(std::string(url.scheme().data(), url.scheme().size()));
  UrlAddress address{std::string(text), type, {}, 0};
  std::vector<IpAddress> addresses;
  std::vector<Port> ports;
  if (has_host) {
    // Boost.URL 1.81 takes "http://m:50x" for the port 50 and the path "x" (RFC 3986 §3.3: it begins with a
    // slash).
    if (!url.encoded_path().empty() && url.encoded_path().front() != '/')
      return "has a port that is none: 1 to 65535";
    if (Fault fault = take_host(url, address, addresses)) return fault;
    if (Fault fault = take_port(url, scheme, address, ports)) return fault;
  } else if (known_scheme(scheme) != nullptr) {
    return "needs a host: write " + scheme + "://host/";
  } else if (url.has_port()) {
    return "has a port and no host";
  }
  body.url = std::move(address);
  body.addresses = std::move(addresses);
  body.ports = std::move(ports);
  return std::nullopt;
}

bool is_hostless(const InstanceBody& body) { return body.url && body.url->port == 0; }
bool is_by_host(const InstanceBody& body) { return body.url && !body.url->host.empty(); }
bool is_unresolved(const InstanceBody& body) {
  return is_by_host(body) && body.addresses.empty() && body.host_addresses.empty();
}

}  // namespace muster::registry
