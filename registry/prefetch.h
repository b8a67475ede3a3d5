// Fetching ahead what lies far: whoever is about to look at many objects that are strangers to the cache asks
// for all of them first, so that their ways from memory overlap. Where one is found by a pointer in another,
// a step of all at a time.
#pragma once

#include <cstddef>

namespace muster::registry {

inline constexpr std::size_t kCacheLine = 64;

// Every line of the object; null is fine.
template <class T>
void prefetch(const T* object) {
  if (object == nullptr) return;
  const char* at = reinterpret_cast<const char*>(object);
  for (std::size_t line = 0; line < sizeof(T); line += kCacheLine) __builtin_prefetch(at + line);
}

}  // namespace muster::registry
