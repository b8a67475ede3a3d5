// Big-endian numbers in wire form that is kept as text (names, rdata, record images). dns/octets.h has those
// of packets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace muster::zones {

// The low 16 bits of `value`.
inline void append_u16(std::string& out, std::size_t value) {
  out += static_cast<char>(value >> 8 & 0xff);
  out += static_cast<char>(value & 0xff);
}

inline void append_u32(std::string& out, std::uint32_t value) {
  append_u16(out, value >> 16);
  append_u16(out, value);
}

inline std::uint16_t read_u16(const char* at) {
  return static_cast<std::uint16_t>(static_cast<unsigned char>(at[0]) << 8 |
                                    static_cast<unsigned char>(at[1]));
}

}  // namespace muster::zones
