// SipHash (Aumasson, Bernstein) with a 64-bit result: 2-4 for cookies, 1-3 for choosing by the client. Our
// own because it runs for every query with a cookie: this takes some 20 ns and allocates nothing, which
// OpenSSL's EVP_MAC does at every use.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <span>

namespace muster::zones {

using SipKey = std::array<std::uint8_t, 16>;

namespace siphash_detail {

inline std::uint64_t little(std::uint64_t word) {
  if constexpr (std::endian::native == std::endian::big) return __builtin_bswap64(word);
  return word;
}

inline std::uint64_t read(const std::uint8_t* at) {
  std::uint64_t word;
  std::memcpy(&word, at, sizeof word);
  return little(word);
}

struct State {
  std::uint64_t v0, v1, v2, v3;

  void round() {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  }
  template <int kRounds>
  void rounds() {
    for (int i = 0; i < kRounds; ++i) round();
  }
  template <int kRounds>
  void take(std::uint64_t word) {
    v3 ^= word;
    rounds<kRounds>();
    v0 ^= word;
  }
};

}  // namespace siphash_detail

// The result as its eight octets, which is how it is stored and compared. So many rounds for each word, and
// at the end.
template <int kEach = 2, int kEnd = 4>
std::array<std::uint8_t, 8> siphash(const SipKey& key, std::span<const std::uint8_t> octets) {
  using namespace siphash_detail;
  const std::uint64_t k0 = read(key.data());
  const std::uint64_t k1 = read(key.data() + 8);
  State state{k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261,
              k1 ^ 0x7465646279746573};
  std::size_t at = 0;
  for (; at + 8 <= octets.size(); at += 8) state.take<kEach>(read(octets.data() + at));
  std::uint64_t last = static_cast<std::uint64_t>(octets.size()) << 56;
  for (std::size_t i = 0; at + i < octets.size(); ++i) last |= std::uint64_t{octets[at + i]} << (8 * i);
  state.take<kEach>(last);
  state.v2 ^= 0xff;
  state.rounds<kEnd>();
  const std::uint64_t word = little(state.v0 ^ state.v1 ^ state.v2 ^ state.v3);
  std::array<std::uint8_t, 8> result;
  std::memcpy(result.data(), &word, sizeof word);
  return result;
}

}  // namespace muster::zones
