// A wire name in lower case in a buffer on the stack: what the name table is asked with.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "zones/name.h"

namespace muster::zones {

class FoldedWire {
 public:
  // Length octets are below 'A', so all octets are folded alike: eight at a time, the last eight again where
  // they overlap.
  explicit FoldedWire(std::string_view wire) : size_(wire.size()) {
    if (wire.size() < 8) {
      for (std::size_t at = 0; at < wire.size(); ++at) octets_[at] = fold(wire[at]);
      return;
    }
    std::size_t at = 0;
    for (; at + 8 <= wire.size(); at += 8) fold_eight(wire.data() + at, octets_.data() + at);
    fold_eight(wire.data() + wire.size() - 8, octets_.data() + wire.size() - 8);
  }
  explicit FoldedWire(const Name& name) : FoldedWire(name.wire()) {}
  std::string_view wire() const { return {octets_.data(), size_}; }

  static bool has_capitals(std::string_view wire) {
    std::size_t at = 0;
    for (; at + 8 <= wire.size(); at += 8)
      if (capitals(load_eight(wire.data() + at)) != 0) return true;
    for (; at < wire.size(); ++at)
      if (fold(wire[at]) != wire[at]) return true;
    return false;
  }

 private:
  static constexpr std::uint64_t kEach = 0x0101010101010101;

  static std::uint64_t load_eight(const char* from) {
    std::uint64_t octets;
    std::memcpy(&octets, from, sizeof octets);
    return octets;
  }
  // Bit 7 of each octet that is a capital.
  static std::uint64_t capitals(std::uint64_t octets) {
    const std::uint64_t low = octets & (kEach * 0x7f);
    const std::uint64_t from_a = low + kEach * (0x80 - 'A');    // bit 7: at least 'A'
    const std::uint64_t beyond_z = low + kEach * (0x7f - 'Z');  // bit 7: more than 'Z'
    return (from_a ^ beyond_z) & ~octets & (kEach * 0x80);
  }
  static void fold_eight(const char* from, char* to) {
    std::uint64_t octets = load_eight(from);
    octets |= capitals(octets) >> 2;
    std::memcpy(to, &octets, sizeof octets);
  }

  std::array<char, 255> octets_;
  std::size_t size_;
};

}  // namespace muster::zones
