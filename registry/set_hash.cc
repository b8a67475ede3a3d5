#include "registry/set_hash.h"

#include <openssl/evp.h>

#include <array>
#include <charconv>
#include <memory>
#include <stdexcept>

namespace muster::registry {
namespace {

// One context and one fetched algorithm a thread: fetching by name costs more than the hash itself.
class Sha256 {
 public:
  Sha256()
      : algorithm_(EVP_MD_fetch(nullptr, "SHA256", nullptr), EVP_MD_free),
        context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
    if (!algorithm_ || !context_) throw std::runtime_error("OpenSSL offers no SHA-256");
  }
  std::array<unsigned char, 32> operator()(std::string_view text) {
    std::array<unsigned char, 32> digest{};
    EVP_DigestInit_ex2(context_.get(), algorithm_.get(), nullptr);
    EVP_DigestUpdate(context_.get(), text.data(), text.size());
    EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr);
    return digest;
  }

 private:
  std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> algorithm_;
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

std::uint64_t big_endian(const unsigned char* octets) {
  std::uint64_t value = 0;
  for (int i = 0; i < 8; ++i) value = value << 8 | octets[i];
  return value;
}

}  // namespace

SetHash& SetHash::operator+=(const SetHash& term) {
  low += term.low;
  high += term.high + (low < term.low ? 1 : 0);
  return *this;
}

SetHash& SetHash::operator-=(const SetHash& term) {
  high -= term.high + (low < term.low ? 1 : 0);
  low -= term.low;
  return *this;
}

SetHash set_hash_term(std::string_view service, std::string_view id, std::uint64_t revision) {
  thread_local Sha256 sha256;
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), revision).ptr;
  std::string text;
  text.reserve(service.size() + id.size() + 22);
  text.append(service).push_back('\0');
  text.append(id).push_back('\0');
  text.append(digits.data(), end);
  const auto digest = sha256(text);
  return {big_endian(digest.data()), big_endian(digest.data() + 8)};
}

std::string to_string(const SetHash& hash) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string text(32, '0');
  for (std::size_t i = 0; i < 16; ++i) {
    text[15 - i] = kHex[hash.high >> (4 * i) & 15];
    text[31 - i] = kHex[hash.low >> (4 * i) & 15];
  }
  return text;
}

}  // namespace muster::registry
