// Zeroed memory straight from the kernel for large arrays: touched page by page as it is used, and given back
// in pieces. No huge pages on purpose: where the kernel has to make them by compaction, one fault took 48 ms.
#pragma once

#include <cstddef>

namespace muster::zones {

class Pages {
 public:
  // Throws std::bad_alloc.
  explicit Pages(std::size_t octets);
  ~Pages();
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;

  void* data() const { return base_; }
  // Unmaps up to kPiece octets; true when nothing is left.
  bool release_some();

 private:
  static constexpr std::size_t kPiece = std::size_t{2} << 20;

  char* base_;
  std::size_t octets_;
};

}  // namespace muster::zones
