// The octets of an entry while it is being written: what EntryWriter appends to. It keeps its memory from one
// entry to the next, so that a change of a name asks for memory once, for the entry itself.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

namespace muster::zones {

class EntryImage {
 public:
  void clear() { size_ = 0; }
  char* data() { return octets_.get(); }
  std::size_t size() const { return size_; }

  // So many octets more, to be written by the caller; good until the next is appended.
  char* extend(std::size_t more) {
    if (room_ - size_ < more) grow(more);
    char* at = octets_.get() + size_;
    size_ += more;
    return at;
  }
  void append(std::string_view octets) {
    char* to = extend(octets.size());
    if (!octets.empty()) std::memcpy(to, octets.data(), octets.size());
  }
  void append_zeros(std::size_t more) { std::memset(extend(more), 0, more); }
  // As the machine has it.
  template <class T>
  void append_value(T value) {
    std::memcpy(extend(sizeof value), &value, sizeof value);
  }

 private:
  static constexpr std::size_t kRoomFirst = 4096;

  void grow(std::size_t more) {
    const std::size_t room = std::max(std::max(kRoomFirst, 2 * room_), size_ + more);
    std::unique_ptr<char[]> octets(new char[room]);
    if (size_ > 0) std::memcpy(octets.get(), octets_.get(), size_);
    octets_ = std::move(octets);
    room_ = room;
  }

  std::unique_ptr<char[]> octets_;
  std::size_t size_ = 0;
  std::size_t room_ = 0;
};

}  // namespace muster::zones
