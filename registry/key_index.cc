#include "registry/key_index.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace muster::registry {

std::uint64_t hash_of(const Key& key) {
  return XXH3_64bits_withSeed(key.name.data(), key.name.size(),
                              XXH3_64bits(key.service.data(), key.service.size()));
}

}  // namespace muster::registry
