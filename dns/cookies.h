// DNS cookies (RFC 7873) with the server cookie of RFC 9018: a client that sends back what we gave to its
// address is who it says it is, without any memory of ours. Servers that share an address share the secret.
//
//   server cookie = version 1, 3 reserved octets, 4 of time, 8 of SipHash-2-4(client cookie, version,
//   reserved,
//                   time, client's address)
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "registry/net/ip_address.h"
#include "zones/siphash.h"

namespace muster::dns {

inline constexpr std::size_t kClientCookie = 8;
inline constexpr std::size_t kServerCookie = 16;
using Cookie = std::array<std::uint8_t, kClientCookie + kServerCookie>;

// In seconds (RFC 9018 §4.3).
inline constexpr std::int32_t kCookieAgeMost = 3600;
inline constexpr std::int32_t kCookieAgeRenewed = 1800;
inline constexpr std::int32_t kCookieAheadMost = 300;

struct CookieSecrets {
  zones::SipKey current{};
  std::optional<zones::SipKey> previous;  // its cookies are valid, none is made with it

  bool operator==(const CookieSecrets&) const = default;
};

enum class CookieCheck : std::uint8_t {
  client_only,  // no server cookie
  valid,
  renewed,  // valid, but old or made with the previous secret
  invalid,
};
inline constexpr std::array<std::string_view, 4> kCookieCheckNames = {"client_only", "valid", "renewed",
                                                                      "invalid"};

// Judges the option's body (8, or 16 to 40 octets) and makes the body for the reply: the same cookie while it
// is valid and young, else a fresh one. `now` is in Unix seconds and may wrap.
CookieCheck answer_cookie(std::span<const std::uint8_t> received, const net::IpAddress& client,
                          std::uint32_t now, const CookieSecrets& secrets, Cookie& reply);

}  // namespace muster::dns
