#include "zones/pages.h"

#include <sys/mman.h>

#include <algorithm>
#include <new>

namespace muster::zones {

Pages::Pages(std::size_t octets) : octets_(octets) {
  void* memory = mmap(nullptr, octets, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  base_ = static_cast<char*>(memory);
}

Pages::~Pages() {
  if (octets_ > 0) munmap(base_, octets_);
}

bool Pages::release_some() {
  const std::size_t piece = std::min(octets_, kPiece);
  octets_ -= piece;
  if (piece > 0) munmap(base_ + octets_, piece);
  return octets_ == 0;
}

}  // namespace muster::zones
