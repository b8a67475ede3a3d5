#include "dns/cookies.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <cstring>

#include "dns/octets.h"

namespace muster::dns {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kTimeAt = kClientCookie + 4;
constexpr std::size_t kHashAt = kClientCookie + 8;

// The cookie's first 16 octets as they stand, a received one's reserved octets included, and the address.
std::array<std::uint8_t, 8> hash_of(const Cookie& cookie, const net::IpAddress& client,
                                    const zones::SipKey& secret) {
  std::array<std::uint8_t, kHashAt + 16> octets;
  std::memcpy(octets.data(), cookie.data(), kHashAt);
  std::memcpy(octets.data() + kHashAt, client.octets.data(), client.size());
  return zones::siphash<>(secret, {octets.data(), kHashAt + client.size()});
}

bool is_of(const Cookie& cookie, const net::IpAddress& client, const zones::SipKey& secret) {
  const auto hash = hash_of(cookie, client, secret);
  return CRYPTO_memcmp(hash.data(), cookie.data() + kHashAt, hash.size()) == 0;
}

// Judges a cookie of our size; its time with serial arithmetic (RFC 1982).
CookieCheck check(const Cookie& cookie, const net::IpAddress& client, std::uint32_t now,
                  const CookieSecrets& secrets) {
  if (cookie[kClientCookie] != kVersion) return CookieCheck::invalid;
  const auto age = static_cast<std::int32_t>(now - read_u32(cookie.data() + kTimeAt));
  if (age > kCookieAgeMost || age < -kCookieAheadMost) return CookieCheck::invalid;
  if (is_of(cookie, client, secrets.current)) {
    return age > kCookieAgeRenewed ? CookieCheck::renewed : CookieCheck::valid;
  }
  const bool previous = secrets.previous && is_of(cookie, client, *secrets.previous);
  return previous ? CookieCheck::renewed : CookieCheck::invalid;
}

void make(const net::IpAddress& client, std::uint32_t now, const zones::SipKey& secret, Cookie& cookie) {
  std::uint8_t* at = cookie.data() + kClientCookie;
  std::fill_n(at, 4, std::uint8_t{0});
  at[0] = kVersion;
  write_u32(cookie.data() + kTimeAt, now);
  const auto hash = hash_of(cookie, client, secret);
  std::memcpy(cookie.data() + kHashAt, hash.data(), hash.size());
}

}  // namespace

CookieCheck answer_cookie(std::span<const std::uint8_t> received, const net::IpAddress& client,
                          std::uint32_t now, const CookieSecrets& secrets, Cookie& reply) {
  CookieCheck result = received.size() == kClientCookie ? CookieCheck::client_only : CookieCheck::invalid;
  std::memcpy(reply.data(), received.data(), std::min(received.size(), reply.size()));
  if (received.size() == reply.size()) result = check(reply, client, now, secrets);
  if (result != CookieCheck::valid) make(client, now, secrets.current, reply);
  return result;
}

}  // namespace muster::dns
