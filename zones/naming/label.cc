#include "zones/naming/label.h"

#include <openssl/evp.h>

#include <array>

#include "registry/zbase32.h"

namespace muster::zones::naming {

std::string hash_label(std::string_view text, std::size_t symbols) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha1(), nullptr);
  return registry::zbase32(digest, symbols);
}

}  // namespace muster::zones::naming
