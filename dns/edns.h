// EDNS(0) as read from a query (RFC 6891): the OPT record's fields and the options that we act on. Options
// unknown to us are walked and ignored.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace muster::dns {

// What every OPT takes without options: root owner, type, class, TTL, length.
inline constexpr std::size_t kOptSize = 11;
inline constexpr std::size_t kOptionHeader = 4;
inline constexpr std::size_t kExtendedErrorFixed = kOptionHeader + 2;

enum class EdnsOption : std::uint16_t {
  update_lease = 2,
  nsid = 3,
  client_subnet = 8,
  expire = 9,
  cookie = 10,
  keepalive = 11,
  extended_error = 15,
};

struct Edns {
  bool present = false;
  std::uint8_t version = 0;
  bool dnssec_ok = false;
  std::uint16_t udp_size = 0;                   // as offered
  bool nsid = false;                            // RFC 5001 asked
  bool expire = false;                          // RFC 7314
  bool keepalive = false;                       // RFC 7828
  std::span<const std::uint8_t> cookie;         // RFC 7873, the first, 8 or 16..40 octets; empty: none
  std::span<const std::uint8_t> client_subnet;  // RFC 7871, option body; empty: none
  std::span<const std::uint8_t> update_lease;   // RFC 9664, of any length; empty: none
};

// Extended errors (RFC 8914) that musterd sends.
enum class ExtendedError : std::uint16_t {
  other = 0,
  stale_answer = 3,
  not_ready = 14,
  prohibited = 18,
  not_authoritative = 20,
  not_supported = 21,
  no_reachable_authority = 22,
  network_error = 23,
  invalid_data = 24,
  invalid_query_type = 30,
};

// What a reply says in its OPT.
struct ReplyEdns {
  bool present = false;
  std::uint8_t rcode_high = 0;  // the upper eight bits
  bool dnssec_ok = false;
  std::uint16_t udp_size = 0;
  std::span<const std::uint8_t> cookie;  // client's and server's; empty: none
  std::string_view nsid;
  std::optional<std::uint32_t> expire;     // seconds
  std::optional<std::uint16_t> keepalive;  // in 100 ms
  std::optional<std::uint32_t> lease;      // seconds, as granted (RFC 9664)
  std::span<const std::uint8_t> client_subnet;  // as the query had it; empty: none
  std::uint8_t subnet_scope = 0;                // bits of it that decided (RFC 7871 §7.2.1)
  std::optional<ExtendedError> error;
  std::string_view error_text;  // UTF-8
};

// Octets that write_opt() needs, without the extended error.
std::size_t opt_size(const ReplyEdns& edns);
// Writes the record. The extended error goes in if `room` allows it, without its text if need be. Returns the
// octets written. Precondition: opt_size(edns) <= room.
std::size_t write_opt(const ReplyEdns& edns, std::uint8_t* to, std::size_t room);

// Walks the rdata of an OPT record. False: an option runs out of it, or a cookie or client subnet is
// malformed.
bool read_options(std::span<const std::uint8_t> rdata, Edns& edns);

}  // namespace muster::dns
