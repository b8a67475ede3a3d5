// An IPv4 or IPv6 address as a plain 17-octet value. A v4-mapped IPv6 literal becomes IPv4 when read, so
// that two spellings of one address compare equal.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace muster::net {

enum class Family : std::uint8_t { v4, v6 };

struct IpAddress {
  Family family = Family::v4;
  std::array<std::uint8_t, 16> octets{};  // IPv4 uses the first four

  std::size_t size() const { return family == Family::v4 ? 4 : 16; }
  std::string_view bytes() const { return {reinterpret_cast<const char*>(octets.data()), size()}; }
  auto operator<=>(const IpAddress&) const = default;

  bool is_unspecified() const;
  bool is_loopback() const;
  bool is_multicast() const;
  bool is_link_local() const;
  bool is_broadcast() const;  // 255.255.255.255
};

// A dotted quad without leading zeros, or an IPv6 literal without zone id; nothing else.
std::optional<IpAddress> parse_ip(std::string_view text);
std::string to_string(const IpAddress& address);

// "10.0.0.0/8"; a bare address is a prefix of its full length.
struct IpPrefix {
  IpAddress address;
  std::uint8_t length = 0;
  bool contains(const IpAddress& other) const;
  bool operator==(const IpPrefix&) const = default;
};
std::optional<IpPrefix> parse_prefix(std::string_view text);

// "127.0.0.1:5300", "[::1]:5300".
struct Endpoint {
  IpAddress address;
  std::uint16_t port = 0;
  auto operator<=>(const Endpoint&) const = default;
};
std::optional<Endpoint> parse_endpoint(std::string_view text);
std::string to_string(const Endpoint& endpoint);

}  // namespace muster::net
