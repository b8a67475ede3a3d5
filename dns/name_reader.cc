#include "dns/name_reader.h"

#include <cstring>

#include "dns/octets.h"

namespace muster::dns {

std::optional<std::size_t> read_name(Packet packet, std::size_t at, zones::WireName& name,
                                     std::vector<NamePiece>* led_to) {
  std::size_t end = 0;  // behind the first pointer
  std::size_t begin = at;
  std::size_t limit = packet.size();  // of the piece that begins there
  std::size_t pointers = 0;
  const auto end_piece = [&](std::size_t after) {
    if (end == 0) {
      end = after;
    } else if (led_to != nullptr) {
      led_to->push_back({begin, after});
    }
  };
  name.size = 0;
  while (at < limit) {
    const std::size_t length = packet[at];
    if (length >= 0xc0) {
      if (at + 2 > limit || ++pointers > kLabelsMax) return std::nullopt;
      end_piece(at + 2);
      limit = begin;
      at = begin = read_u16(packet.data() + at) & 0x3fff;
      if (at < kHeaderSize) return std::nullopt;
      continue;
    }
    const std::size_t size = 1 + length;
    if (length > zones::kLabelMax || name.size + size > kNameMax || at + size > limit) return std::nullopt;
    std::memcpy(name.octets.data() + name.size, packet.data() + at, size);
    name.size += size;
    at += size;
    if (length != 0) continue;
    end_piece(at);
    return end;
  }
  return std::nullopt;
}

}  // namespace muster::dns
