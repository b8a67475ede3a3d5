#include "dns/forward/upstream_query.h"

#include "dns/octets.h"

namespace muster::dns {

namespace {

constexpr std::uint8_t kRecursionDesired = 0x01;
constexpr std::uint8_t kNoChecking = 0x10;
constexpr std::uint8_t kCaseBit = 0x20;

void mix_case(std::span<std::uint8_t> name, SecureBits& bits) {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (i % 64 == 0) word = bits.take();
    // Length octets are below 'A'.
    if (name[i] >= 'a' && name[i] <= 'z' && (word >> (i % 64) & 1) != 0) name[i] ^= kCaseBit;
  }
}

}  // namespace

Octets write_upstream_query(const CacheKey& key, bool has_opt, SecureBits& bits) {
  Octets packet(kHeaderSize + key.name.size() + 4 + (has_opt ? kOptSize : 0));
  write_u16(packet.data(), static_cast<std::uint16_t>(bits.take()));
  packet[2] = kRecursionDesired;
  // AD: so that an upstream says whether it is authenticated, also without DO (RFC 6840 §5.7).
  packet[3] = static_cast<std::uint8_t>(kAuthenticData | (key.checking_disabled ? kNoChecking : 0));
  write_u16(packet.data() + 4, 1);
  write_u16(packet.data() + 10, has_opt ? 1 : 0);
  std::uint8_t* at = packet.data() + kHeaderSize;
  std::copy(key.name.begin(), key.name.end(), at);
  mix_case({at, key.name.size()}, bits);
  at += key.name.size();
  write_u16(at, static_cast<std::uint16_t>(key.type));
  write_u16(at + 2, static_cast<std::uint16_t>(zones::RrClass::in));
  if (!has_opt) return packet;
  ReplyEdns edns;
  edns.present = true;
  edns.dnssec_ok = key.dnssec_ok;
  edns.udp_size = kUpstreamUdpSize;
  write_opt(edns, at + 4, kOptSize);
  return packet;
}

}  // namespace muster::dns
