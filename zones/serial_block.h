// The serials of one zone: one step per batch of changes, from blocks of 65,536 that are reserved in the
// store before they are used (half a block ahead), so that a start after a crash goes on above every serial
// ever shown.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace muster::zones {

// Where serials last: both are told the apex as text. Either may be null.
struct SerialStore {
  std::function<std::uint32_t(const std::string& zone)> first;  // where this start continues; null: at 1
  // Reserves durably all serials before the first of the next block.
  std::function<void(const std::string& zone, std::uint32_t block)> reserve;
};

class SerialBlock {
 public:
  static constexpr std::uint32_t kSize = 65536;

  explicit SerialBlock(std::uint32_t first) : serial_(first), reserved_(first) {}

  std::uint32_t serial() const { return serial_; }
  void advance() { ++serial_; }
  // The first serial of the block that must be reserved now; nullopt: enough is left. RFC 1982: both wrap.
  std::optional<std::uint32_t> reserve() {
    if (reserved_ - serial_ > kSize / 2) return std::nullopt;
    reserved_ += kSize;
    return reserved_;
  }

 private:
  std::uint32_t serial_;
  std::uint32_t reserved_;  // first serial beyond what is reserved
};

}  // namespace muster::zones
