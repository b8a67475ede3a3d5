// zbase32: five bits a symbol, most significant first, symbols chosen to be read aloud. Used for labels made
// of hashes, where only whole prefixes of the symbol string are wanted.
#pragma once

#include <span>
#include <string>

namespace muster::registry {

// The first `symbols` symbols of `octets`; `octets` has at least symbols × 5 bits.
inline std::string zbase32(std::span<const std::uint8_t> octets, std::size_t symbols) {
  constexpr char kAlphabet[] = "ybndrfg8ejkmcpqxot1uwisza345h769";
  std::string text;
  for (std::size_t bit = 0; bit < symbols * 5; bit += 5) {
    const unsigned high = octets[bit / 8];
    const unsigned low = bit / 8 + 1 < octets.size() ? octets[bit / 8 + 1] : 0;
    text += kAlphabet[((high << 8 | low) >> (11 - bit % 8)) & 31];
  }
  return text;
}

}  // namespace muster::registry
