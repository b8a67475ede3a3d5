#include "dns/ixfr_query.h"

#include "dns/octets.h"

namespace muster::dns {
namespace {

constexpr std::size_t kSoaNumbers = 20;  // what stands behind the two names, the serial first
constexpr std::size_t kNamesMin = 2;

std::size_t name_end(Packet packet, std::size_t at) {
  while (packet[at] != 0) {
    if (packet[at] >= 0xc0) return at + 2;
    at += std::size_t{1} + packet[at];
  }
  return at + 1;
}

}  // namespace

std::optional<std::uint32_t> read_ixfr_serial(Packet packet, const Query& query) {
  std::size_t at = query.question_end;
  const unsigned answers = read_u16(packet.data() + 6);
  const unsigned authorities = read_u16(packet.data() + 8);
  for (unsigned i = 0; i < answers + authorities; ++i) {
    const std::size_t fixed = name_end(packet, at);
    const std::size_t size = read_u16(packet.data() + fixed + 8);
    at = fixed + kRecordFixed + size;
    if (i < answers || static_cast<zones::RrType>(read_u16(packet.data() + fixed)) != zones::RrType::soa)
      continue;
    if (size < kSoaNumbers + kNamesMin) return std::nullopt;
    const std::uint8_t* serial = packet.data() + at - kSoaNumbers;
    return static_cast<std::uint32_t>(read_u16(serial)) << 16 | read_u16(serial + 2);
  }
  return std::nullopt;
}

}  // namespace muster::dns
