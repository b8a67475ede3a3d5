// Types, classes and records. Rdata is wire form with every name uncompressed and its case as written; what the
// types' fields are is told in one table (rdata_fields), which the writer of replies and the text form share.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "registry/net/ip_address.h"
#include "registry/net/result.h"
#include "zones/name.h"

namespace muster::zones {

enum class RrType : std::uint16_t {
  a = 1, ns = 2, md = 3, mf = 4, cname = 5, soa = 6, mb = 7, mg = 8, mr = 9, null = 10, ptr = 12, hinfo = 13,
  minfo = 14, mx = 15, txt = 16, rp = 17, afsdb = 18, x25 = 19, rt = 21, sig = 24, key = 25, px = 26, aaaa = 28,
  loc = 29, srv = 33, naptr = 35, kx = 36, cert = 37, dname = 39, opt = 41, ds = 43, sshfp = 44, ipseckey = 45,
  rrsig = 46, nsec = 47, dnskey = 48, tlsa = 52, zonemd = 63, svcb = 64, https = 65, spf = 99, nid = 104, l32 = 105,
  l64 = 106, lp = 107, eui48 = 108, eui64 = 109, tkey = 249, tsig = 250, ixfr = 251, axfr = 252, mailb = 253,
  maila = 254, any = 255, uri = 256, caa = 257, avc = 258,
};

enum class RrClass : std::uint16_t { in = 1, ch = 3, none = 254, any = 255 };

// "A", "TYPE65280"; and back, case-insensitive (RFC 3597 §5). Types whose text nobody here reads are TYPEnnn, but
// are found by their names, so that whoever writes one is told what to write.
std::string to_string(RrType type);
std::optional<RrType> parse_type(std::string_view text);

struct Soa {
  Name mname;
  Name rname;
  std::uint32_t serial = 0;
  std::uint32_t refresh = 60;
  std::uint32_t retry = 15;
  std::uint32_t expire = 86400;
  std::uint32_t minimum = 2;
};
std::string encode(const Soa& soa);
std::optional<Soa> decode_soa(std::string_view rdata);

std::string encode_address(const net::IpAddress& address);  // A or AAAA by family
net::IpAddress decode_address(std::string_view rdata);       // of an A or AAAA record
struct Srv {
  std::uint16_t priority = 0;
  std::uint16_t weight = 0;
  std::uint16_t port = 0;
  Name target;
};
std::string encode_srv(std::uint16_t priority, std::uint16_t weight, std::uint16_t port, const Name& target);
Srv decode_srv(std::string_view rdata);  // of an SRV record
// SRV and URI: their records carry priority and weight, so that an answer holds those of all priorities.
inline bool has_priorities(RrType type) { return type == RrType::srv || type == RrType::uri; }
// RFC 7553 §4.5: neither quotes nor an octet with the target's length.
std::string encode_uri(std::uint16_t priority, std::uint16_t weight, std::string_view target);
std::string encode_txt(std::span<const std::string> strings);  // none: one zero octet (RFC 6763 §6.1)
RrType address_type(const net::IpAddress& address);

// The names inside rdata: where each begins, and whether replies may compress it (RFC 3597 §4).
struct RdataName {
  std::size_t offset = 0;
  bool compressible = false;
};
std::vector<RdataName> names_in(RrType type, std::string_view rdata);
// The one in-zone target whose addresses belong into additional: SRV, MX, NS, SVCB, HTTPS; nullopt: none.
std::optional<std::string_view> additional_target(RrType type, std::string_view rdata);

// Presentation form of rdata ("10 0 8080 i1.web.svc.internal."), RFC 3597 §5 form for unknown types.
std::string rdata_text(RrType type, std::string_view rdata);

struct RdataError {
  std::size_t token = 0;  // which word is wrong, from 0
  std::string message;    // what, and what was meant
};
// Text to rdata. `words` are unescaped-lexed tokens of the record after its type, as written; names are
// relative to `origin`. Own code for A AAAA NS CNAME SOA PTR MX TXT SRV; ldns for the rarer types; `\# n hex` for any.
struct Word {
  std::string_view text;  // escapes still in it
  bool quoted = false;
};
net::Result<std::string, RdataError> rdata_from_words(RrType type, std::span<const Word> words, const Name& origin);

// RFC 1982 serial arithmetic: true when a is newer than b.
inline bool serial_newer(std::uint32_t a, std::uint32_t b) { return static_cast<std::int32_t>(a - b) > 0; }

}  // namespace muster::zones
