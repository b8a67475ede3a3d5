#include "tests/dns/support/signing.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <cctype>

namespace muster::dns::test {
namespace {

using Octets = std::vector<std::uint8_t>;

void put(Octets& to, std::uint64_t value, int octets) {
  while (octets-- > 0) to.push_back(static_cast<std::uint8_t>(value >> 8 * octets));
}

void put_label(Octets& to, const std::string& label, bool lower) {
  to.push_back(static_cast<std::uint8_t>(label.size()));
  for (const char c : label) to.push_back(static_cast<std::uint8_t>(lower ? std::tolower(c) : c));
  to.push_back(0);
}

std::uint64_t number(const Octets& octets, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value = value << 8 | octets[at + i];
  return value;
}

const EVP_MD* digest_of(std::string algorithm) {
  std::transform(algorithm.begin(), algorithm.end(), algorithm.begin(),
                 [](char c) { return std::tolower(c); });
  if (algorithm == "hmac-sha1") return EVP_sha1();
  if (algorithm == "hmac-sha384") return EVP_sha384();
  if (algorithm == "hmac-sha512") return EVP_sha512();
  return EVP_sha256();
}

// Where the record at `at` ends; 0: past the end. Fills in where its type stands.
std::size_t skip_record(const Octets& octets, std::size_t at, bool question, std::size_t& type_at) {
  while (at < octets.size() && octets[at] != 0 && octets[at] < 0xc0) at += std::size_t{1} + octets[at];
  if (at >= octets.size()) return 0;
  at += octets[at] >= 0xc0 ? 2 : 1;
  type_at = at;
  const std::size_t fixed = question ? 4 : 10;
  if (at + fixed > octets.size()) return 0;
  if (question) return at + 4;
  const std::size_t end = at + fixed + number(octets, at + 8, 2);
  return end <= octets.size() ? end : 0;
}

}  // namespace

Octets mac_of(const Octets& message, const Signing& signing) {
  Octets digest;
  if (!signing.prior.empty()) {
    put(digest, signing.prior.size(), 2);
    digest.insert(digest.end(), signing.prior.begin(), signing.prior.end());
  }
  const std::size_t start = digest.size();
  digest.insert(digest.end(), message.begin(), message.end());
  if (signing.original_id) {
    digest[start] = static_cast<std::uint8_t>(*signing.original_id >> 8);
    digest[start + 1] = static_cast<std::uint8_t>(*signing.original_id);
  }
  if (!signing.timers_only) {
    put_label(digest, signing.name, true);
    put(digest, 255, 2);
    put(digest, 0, 4);
    put_label(digest, signing.algorithm, true);
  }
  put(digest, signing.time, 6);
  put(digest, signing.fudge, 2);
  if (!signing.timers_only) {
    put(digest, signing.error, 2);
    put(digest, signing.other.size(), 2);
    digest.insert(digest.end(), signing.other.begin(), signing.other.end());
  }
  Octets mac(EVP_MAX_MD_SIZE);
  unsigned size = 0;
  HMAC(digest_of(signing.algorithm), signing.secret.data(), static_cast<int>(signing.secret.size()),
       digest.data(), digest.size(), mac.data(), &size);
  mac.resize(std::min<std::size_t>(size, signing.mac_octets));
  return mac;
}

Octets sign(const Octets& message, const Signing& signing) {
  const Octets mac = mac_of(message, signing);
  Octets packet = message;
  put_label(packet, signing.name, false);
  put(packet, 250, 2);
  put(packet, 255, 2);
  put(packet, 0, 4);
  put(packet, 2 + signing.algorithm.size() + 16 + mac.size() + signing.other.size(), 2);
  put_label(packet, signing.algorithm, false);
  put(packet, signing.time, 6);
  put(packet, signing.fudge, 2);
  put(packet, mac.size(), 2);
  packet.insert(packet.end(), mac.begin(), mac.end());
  put(packet, signing.original_id.value_or(static_cast<std::uint16_t>(number(message, 0, 2))), 2);
  put(packet, signing.error, 2);
  put(packet, signing.other.size(), 2);
  packet.insert(packet.end(), signing.other.begin(), signing.other.end());
  const std::uint64_t additional = number(packet, 10, 2) + 1;
  packet[10] = static_cast<std::uint8_t>(additional >> 8);
  packet[11] = static_cast<std::uint8_t>(additional);
  return packet;
}

std::optional<SignedMessage> take_off(const Octets& packet) {
  if (packet.size() < 12) return std::nullopt;
  std::size_t at = 12;
  std::size_t start = 0;
  std::size_t type_at = 0;
  for (std::size_t section = 0; section < 4; ++section) {
    for (std::uint64_t i = number(packet, 4 + 2 * section, 2); i > 0; --i) {
      start = at;
      at = skip_record(packet, at, section == 0, type_at);
      if (at == 0) return std::nullopt;
    }
  }
  if (start == 0 || at != packet.size() || number(packet, 10, 2) == 0 || number(packet, type_at, 2) != 250)
    return std::nullopt;
  if (number(packet, type_at + 2, 2) != 255 || number(packet, type_at + 4, 4) != 0) return std::nullopt;
  SignedMessage result;
  result.message.assign(packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(start));
  const std::uint64_t additional = number(packet, 10, 2) - 1;
  result.message[10] = static_cast<std::uint8_t>(additional >> 8);
  result.message[11] = static_cast<std::uint8_t>(additional);
  result.signing.name.assign(packet.begin() + static_cast<std::ptrdiff_t>(start),
                             packet.begin() + static_cast<std::ptrdiff_t>(type_at));
  at = type_at + 10;
  const std::size_t algorithm = at;
  while (packet[at] != 0) at += std::size_t{1} + packet[at];
  ++at;
  result.signing.algorithm.assign(packet.begin() + static_cast<std::ptrdiff_t>(algorithm),
                                  packet.begin() + static_cast<std::ptrdiff_t>(at));
  result.signing.time = number(packet, at, 6);
  result.signing.fudge = static_cast<std::uint16_t>(number(packet, at + 6, 2));
  const std::size_t mac = number(packet, at + 8, 2);
  at += 10;
  if (at + mac + 6 > packet.size()) return std::nullopt;
  result.mac.assign(packet.begin() + static_cast<std::ptrdiff_t>(at),
                    packet.begin() + static_cast<std::ptrdiff_t>(at + mac));
  at += mac;
  result.signing.original_id = static_cast<std::uint16_t>(number(packet, at, 2));
  result.signing.error = static_cast<std::uint16_t>(number(packet, at + 2, 2));
  if (at + 6 + number(packet, at + 4, 2) != packet.size()) return std::nullopt;
  result.signing.other.assign(packet.begin() + static_cast<std::ptrdiff_t>(at + 6), packet.end());
  return result;
}

}  // namespace muster::dns::test
