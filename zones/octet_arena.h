// Octets that are stored once, stay where they are, and are freed together: the names and rdata of a zone.
#pragma once

#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace muster::zones {

class OctetArena {
 public:
  const char* store(std::string_view octets) {
    if (octets.size() > left_) add_block(octets.size());
    char* const place = next_;
    std::memcpy(place, octets.data(), octets.size());
    next_ += octets.size();
    left_ -= octets.size();
    return place;
  }
  std::size_t allocated() const { return allocated_; }

 private:
  static constexpr std::size_t kFirstBlock = 4096;
  static constexpr std::size_t kLargestBlock = 1 << 20;

  void add_block(std::size_t at_least) {
    const std::size_t usual = allocated_ < kFirstBlock     ? kFirstBlock
                              : allocated_ < kLargestBlock ? allocated_
                                                           : kLargestBlock;
    const std::size_t size = at_least > usual ? at_least : usual;
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(size));
    next_ = blocks_.back().get();
    left_ = size;
    allocated_ += size;
  }

  std::vector<std::unique_ptr<char[]>> blocks_;
  char* next_ = nullptr;
  std::size_t left_ = 0;
  std::size_t allocated_ = 0;
};

}  // namespace muster::zones
