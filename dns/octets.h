// Big-endian numbers in packets and rdata. Bounds are the caller's: each reader checks once for all
// fields it takes.
#pragma once

#include <cstdint>
#include <span>

namespace muster::dns {

using OctetView = std::span<const std::uint8_t>;

inline std::uint16_t read_u16(const std::uint8_t* at) {
  return static_cast<std::uint16_t>(at[0] << 8 | at[1]);
}

inline std::uint32_t read_u32(const std::uint8_t* at) {
  return std::uint32_t{read_u16(at)} << 16 | read_u16(at + 2);
}

inline std::uint64_t read_u48(const std::uint8_t* at) {
  return std::uint64_t{read_u16(at)} << 32 | read_u32(at + 2);
}

inline void write_u16(std::uint8_t* at, std::uint16_t value) {
  at[0] = static_cast<std::uint8_t>(value >> 8);
  at[1] = static_cast<std::uint8_t>(value);
}

inline void write_u32(std::uint8_t* at, std::uint32_t value) {
  write_u16(at, static_cast<std::uint16_t>(value >> 16));
  write_u16(at + 2, static_cast<std::uint16_t>(value));
}

inline void write_u48(std::uint8_t* at, std::uint64_t value) {
  write_u16(at, static_cast<std::uint16_t>(value >> 32));
  write_u32(at + 2, static_cast<std::uint32_t>(value));
}

}  // namespace muster::dns
