#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
namespace muster::dns {
class Signer {
 public:
  virtual ~Signer() = default;
  virtual std::size_t size() const = 0;
  virtual std::size_t sign(std::span<std::uint8_t> buffer, std::size_t size) = 0;
};
}  // namespace muster::dns
