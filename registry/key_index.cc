#include "registry/key_index.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <sys/random.h>

namespace muster::registry {
namespace {

// Drawn at every start, so that nobody can choose names that fall into one place of the table.
std::uint64_t draw_secret() {
  std::uint64_t secret = 0;
  while (getrandom(&secret, sizeof secret, 0) != static_cast<ssize_t>(sizeof secret)) {
  }
  return secret;
}

const std::uint64_t kSecret = draw_secret();

}  // namespace

std::uint64_t hash_of(const Key& key) {
  return XXH3_64bits_withSeed(key.name.data(), key.name.size(),
                              XXH3_64bits_withSeed(key.service.data(), key.service.size(), kSecret));
}

std::string text_of(const Key& key) {
  std::string text;
  text.reserve(key.service.size() + 1 + key.name.size());
  return text.append(key.service).append("/").append(key.name);
}

}  // namespace muster::registry
