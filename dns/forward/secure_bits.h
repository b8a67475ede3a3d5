// Random octets that nobody can guess, from the kernel, fetched many at a time.
#pragma once

#include <sys/random.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace muster::dns {

class SecureBits {
 public:
  std::uint64_t take() {
    if (at_ + sizeof(std::uint64_t) > octets_.size()) refill();
    std::uint64_t word = 0;
    std::memcpy(&word, octets_.data() + at_, sizeof word);
    at_ += sizeof word;
    return word;
  }

 private:
  // getrandom of up to 256 octets neither fails nor is cut short once the machine is up.
  void refill() {
    while (getrandom(octets_.data(), octets_.size(), 0) != static_cast<ssize_t>(octets_.size())) {
    }
    at_ = 0;
  }

  std::array<std::uint8_t, 256> octets_;
  std::size_t at_ = octets_.size();
};

}  // namespace muster::dns
