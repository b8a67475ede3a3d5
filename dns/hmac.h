// HMAC by OpenSSL, with the key's part of the work done once. Used for signed messages only: it allocates.
//
// Thread safety: immutable; any number of threads compute with one key, each on a copy of its context.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string_view>

namespace muster::dns {

// RFC 8945 §6; HMAC-MD5 is left out (RFC 6151).
enum class TsigAlgorithm : std::uint8_t { hmac_sha1, hmac_sha256, hmac_sha384, hmac_sha512 };
inline constexpr std::array<std::string_view, 4> kTsigAlgorithmNames = {"hmac-sha1", "hmac-sha256",
                                                                        "hmac-sha384", "hmac-sha512"};
inline constexpr std::size_t kMacMax = 64;

constexpr std::size_t mac_size(TsigAlgorithm algorithm) {
  constexpr std::array<std::size_t, 4> kSizes = {20, 32, 48, kMacMax};
  return kSizes[static_cast<std::size_t>(algorithm)];
}

struct Mac {
  std::array<std::uint8_t, kMacMax> octets;
  std::size_t size = 0;
  std::span<const std::uint8_t> view() const { return {octets.data(), size}; }
};

class HmacKey {
 public:
  // Throws std::runtime_error when OpenSSL cannot: at start and reload only.
  HmacKey(TsigAlgorithm algorithm, std::string_view secret);
  // Of the pieces one after the other. Size 0: no memory.
  Mac compute(std::initializer_list<std::span<const std::uint8_t>> pieces) const;

 private:
  struct Free {
    void operator()(void* context) const;
  };
  std::unique_ptr<void, Free> context_;
};

}  // namespace muster::dns
