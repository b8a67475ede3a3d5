#include "dns/name_reader.h"

#include <cstring>

#include "dns/octets.h"

namespace muster::dns {

std::optional<std::size_t> read_name(Packet packet, std::size_t at, zones::WireName& name) {
  std::size_t end = 0;  // behind the first pointer
  std::size_t segment = at;
  std::size_t pointers = 0;
  name.size = 0;
  while (at < packet.size()) {
    const std::size_t length = packet[at];
    if (length >= 0xc0) {
      if (at + 2 > packet.size() || ++pointers > kLabelsMax) return std::nullopt;
      if (end == 0) end = at + 2;
      const std::size_t target = read_u16(packet.data() + at) & 0x3fff;
      if (target < kHeaderSize || target >= segment) return std::nullopt;
      at = segment = target;
      continue;
    }
    const std::size_t size = 1 + length;
    if (length > zones::kLabelMax || name.size + size > kNameMax || at + size > packet.size())
      return std::nullopt;
    std::memcpy(name.octets.data() + name.size, packet.data() + at, size);
    name.size += size;
    at += size;
    if (length == 0) return end != 0 ? end : at;
  }
  return std::nullopt;
}

}  // namespace muster::dns
