#include "dns/hmac.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>

#include <stdexcept>
#include <string>

namespace muster::dns {
namespace {

EVP_MAC_CTX* context_of(void* context) { return static_cast<EVP_MAC_CTX*>(context); }

const char* digest_of(TsigAlgorithm algorithm) {
  constexpr std::array<const char*, 4> kDigests = {"SHA1", "SHA2-256", "SHA2-384", "SHA2-512"};
  return kDigests[static_cast<std::size_t>(algorithm)];
}

}  // namespace

void HmacKey::Free::operator()(void* context) const { EVP_MAC_CTX_free(context_of(context)); }

HmacKey::HmacKey(TsigAlgorithm algorithm, std::string_view secret) {
  const std::unique_ptr<EVP_MAC, decltype(&EVP_MAC_free)> hmac(EVP_MAC_fetch(nullptr, "HMAC", nullptr),
                                                               EVP_MAC_free);
  if (hmac) context_.reset(EVP_MAC_CTX_new(hmac.get()));
  // OpenSSL reads the name only; its parameters are not const.
  const std::array<OSSL_PARAM, 2> parameters = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, const_cast<char*>(digest_of(algorithm)), 0),
      OSSL_PARAM_construct_end()};
  const auto* key = reinterpret_cast<const unsigned char*>(secret.data());
  if (!context_ || EVP_MAC_init(context_of(context_.get()), key, secret.size(), parameters.data()) != 1) {
    throw std::runtime_error("OpenSSL has no HMAC with " + std::string(digest_of(algorithm)));
  }
}

Mac HmacKey::compute(std::initializer_list<std::span<const std::uint8_t>> pieces) const {
  const std::unique_ptr<void, Free> copy(EVP_MAC_CTX_dup(context_of(context_.get())));
  Mac mac;
  if (!copy) return mac;
  for (const auto piece : pieces) {
    if (EVP_MAC_update(context_of(copy.get()), piece.data(), piece.size()) != 1) return mac;
  }
  if (EVP_MAC_final(context_of(copy.get()), mac.octets.data(), &mac.size, mac.octets.size()) != 1)
    mac.size = 0;
  return mac;
}

}  // namespace muster::dns
