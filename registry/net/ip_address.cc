#include "registry/net/ip_address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace muster::net {

namespace {

std::optional<unsigned> parse_number(std::string_view text, unsigned most) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size() || value > most) {
    return std::nullopt;
  }
  if (text.size() > 1 && text.front() == '0') return std::nullopt;
  return value;
}

bool is_v4_mapped(const std::array<std::uint8_t, 16>& o) {
  return std::all_of(o.begin(), o.begin() + 10, [](auto b) { return b == 0; }) && o[10] == 0xff &&
         o[11] == 0xff;
}

}  // namespace

bool IpAddress::is_unspecified() const {
  return std::all_of(octets.begin(), octets.end(), [](auto b) { return b == 0; });
}

bool IpAddress::is_loopback() const {
  if (family == Family::v4) return octets[0] == 127;
  return octets[15] == 1 && std::all_of(octets.begin(), octets.end() - 1, [](auto b) { return b == 0; });
}

bool IpAddress::is_multicast() const {
  return family == Family::v4 ? (octets[0] & 0xf0) == 0xe0 : octets[0] == 0xff;
}

bool IpAddress::is_link_local() const {
  return family == Family::v4 ? octets[0] == 169 && octets[1] == 254
                              : octets[0] == 0xfe && (octets[1] & 0xc0) == 0x80;
}

bool IpAddress::is_broadcast() const {
  return family == Family::v4 &&
         std::all_of(octets.begin(), octets.begin() + 4, [](auto b) { return b == 255; });
}

std::optional<IpAddress> parse_ip(std::string_view text) {
  std::array<char, INET6_ADDRSTRLEN> literal{};
  if (text.empty() || text.size() >= literal.size() || text.find('\0') != text.npos) return std::nullopt;
  std::copy(text.begin(), text.end(), literal.begin());
  IpAddress address;
  if (inet_pton(AF_INET, literal.data(), address.octets.data()) == 1) return address;
  if (inet_pton(AF_INET6, literal.data(), address.octets.data()) != 1) return std::nullopt;
  if (is_v4_mapped(address.octets)) {
    std::copy(address.octets.begin() + 12, address.octets.end(), address.octets.begin());
    std::fill(address.octets.begin() + 4, address.octets.end(), std::uint8_t{0});
    return address;
  }
  address.family = Family::v6;
  return address;
}

// RFC 5952; dotted by hand, because inet_ntop() goes through printf there and each write of the API asks.
std::string to_string(const IpAddress& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.family == Family::v6) {
    inet_ntop(AF_INET6, address.octets.data(), text.data(), text.size());
    return text.data();
  }
  char* at = text.data();
  for (std::size_t i = 0; i < 4; ++i) {
    if (i > 0) *at++ = '.';
    at = std::to_chars(at, text.data() + text.size(), unsigned{address.octets[i]}).ptr;
  }
  return {text.data(), at};
}

bool IpPrefix::contains(const IpAddress& other) const {
  if (other.family != address.family) return false;
  const std::size_t whole = length / 8;
  if (std::memcmp(address.octets.data(), other.octets.data(), whole) != 0) return false;
  const unsigned rest = length % 8;
  if (rest == 0) return true;
  const auto mask = static_cast<std::uint8_t>(0xff << (8 - rest));
  return (address.octets[whole] & mask) == (other.octets[whole] & mask);
}

std::optional<IpPrefix> parse_prefix(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = parse_ip(text.substr(0, slash));
  if (!address) return std::nullopt;
  const auto most = static_cast<unsigned>(address->size() * 8);
  if (slash == text.npos) return IpPrefix{*address, static_cast<std::uint8_t>(most)};
  const auto length = parse_number(text.substr(slash + 1), most);
  if (!length) return std::nullopt;
  return IpPrefix{*address, static_cast<std::uint8_t>(*length)};
}

std::optional<Endpoint> parse_endpoint(std::string_view text) {
  std::string_view host;
  const auto colon = text.rfind(':');
  if (colon == text.npos) return std::nullopt;
  if (text.starts_with('[')) {
    if (colon < 2 || text[colon - 1] != ']') return std::nullopt;
    host = text.substr(1, colon - 2);
  } else {
    host = text.substr(0, colon);
    if (host.find(':') != host.npos) return std::nullopt;  // IPv6 needs brackets
  }
  const auto address = parse_ip(host);
  const auto port = parse_number(text.substr(colon + 1), 65535);
  if (!address || !port) return std::nullopt;
  return Endpoint{*address, static_cast<std::uint16_t>(*port)};
}

std::string to_string(const Endpoint& endpoint) {
  const std::string host = to_string(endpoint.address);
  const std::string port = std::to_string(endpoint.port);
  return endpoint.address.family == Family::v4 ? host + ":" + port : "[" + host + "]:" + port;
}

}  // namespace muster::net
