#include "registry/label.h"

#include <openssl/sha.h>

#include <algorithm>
#include <array>

#include "registry/limits.h"
#include "registry/zbase32.h"

namespace muster::registry {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }
bool is_alnum(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

std::array<std::uint8_t, SHA_DIGEST_LENGTH> sha1(std::string_view text) {
  std::array<std::uint8_t, SHA_DIGEST_LENGTH> digest{};
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return digest;
}

}  // namespace

std::string ascii_lower(std::string_view text) {
  std::string lowered(text);
  std::ranges::transform(lowered, lowered.begin(), lower);
  return lowered;
}

bool has_capitals(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return c >= 'A' && c <= 'Z'; });
}

bool is_label(std::string_view text, std::size_t most) {
  if (text.empty() || text.size() > most) return false;
  if (!is_alnum(text.front()) || !is_alnum(text.back())) return false;
  return std::ranges::all_of(text, [](char c) { return is_alnum(c) || c == '-'; });
}

std::string hash_label(std::string_view text, std::size_t symbols) { return zbase32(sha1(text), symbols); }

std::string instance_label(std::string_view id, const std::function<bool(std::string_view)>& taken) {
  std::string plain = ascii_lower(id);
  if (is_label(plain, kMaxLabel) && plain != "by" && !taken(plain)) return plain;

  std::size_t symbols = 8;
  std::string hashed = hash_label(id, symbols);
  while (taken(hashed) && symbols < 32) hashed = hash_label(id, symbols += 4);
  return hashed;
}

Reason service_name_verdict(std::string_view name, std::span<const std::string> reserved) {
  const std::string label = ascii_lower(name);
  if (label.starts_with('_') || std::ranges::find(reserved, label) != reserved.end())
    return Reason::reserved_label;
  return is_label(label, kMaxServiceLabel) ? Reason::ok : Reason::service_name_not_a_label;
}

}  // namespace muster::registry
