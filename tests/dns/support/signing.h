// TSIG as a client writes and checks it (RFC 8945), put together octet by octet from the RFC and with
// OpenSSL's one-shot HMAC: it shares no code with dns/tsig.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace muster::dns::test {

struct Signing {
  std::string name = "transfer";          // one label
  std::string algorithm = "hmac-sha256";  // one label, as sent
  std::string secret = "a secret of octets";
  std::uint64_t time = 1'700'000'000;
  std::uint16_t fudge = 300;
  std::size_t mac_octets = 64;      // cut after so many
  std::vector<std::uint8_t> prior;  // the MAC before: of the request, or of the message before
  bool timers_only = false;         // a later message of a reply
  std::uint16_t error = 0;
  std::vector<std::uint8_t> other;
  std::optional<std::uint16_t> original_id;  // default: the message's
};

std::vector<std::uint8_t> mac_of(const std::vector<std::uint8_t>& message, const Signing& signing);
// The message with its TSIG as the last record.
std::vector<std::uint8_t> sign(const std::vector<std::uint8_t>& message, const Signing& signing);

struct SignedMessage {
  std::vector<std::uint8_t> message;  // without its TSIG
  Signing signing;                    // as found; name and algorithm in wire form
  std::vector<std::uint8_t> mac;
};
// Takes the last record off. nullopt: it is no TSIG that can be read.
std::optional<SignedMessage> take_off(const std::vector<std::uint8_t>& message);

}  // namespace muster::dns::test
