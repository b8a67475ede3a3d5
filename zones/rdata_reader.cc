#include "zones/rdata_reader.h"

#include <arpa/inet.h>

#include <array>
#include <charconv>
#include <cstring>

#include "registry/net/base64.h"
#include "zones/escape.h"
#include "zones/period.h"
#include "zones/rdata_fields.h"
#include "zones/rdata_ldns.h"
#include "zones/svc_params.h"
#include "zones/wire_name.h"

namespace muster::zones {

namespace {

using Complaint = std::optional<std::string>;  // nullopt: the field was read

std::string quoted(std::string_view text) { return "`" + std::string(text.substr(0, 80)) + "`"; }

Complaint not_a(Field field, std::string_view text) {
  return quoted(text) + " is not " + std::string(describe(field));
}

void append_number(std::string& out, std::uint32_t value, std::size_t octets) {
  while (octets-- > 0) out += static_cast<char>(value >> (8 * octets) & 0xff);
}

Complaint read_number(Field field, std::string_view text, std::size_t octets, std::string& out) {
  std::uint32_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  const std::uint32_t most = octets == 4 ? 0xffffffff : (1U << (8 * octets)) - 1;
  if (error != std::errc() || stop != end || value > most) return not_a(field, text);
  append_number(out, value, octets);
  return std::nullopt;
}

Complaint read_seconds(std::string_view text, std::string& out) {
  const Period period = read_period(text);
  if (period.error == PeriodError::too_large) return quoted(text) + " is more than 2147483647 seconds";
  if (period.error) return not_a(Field::period, text);
  append_number(out, period.seconds, 4);
  return std::nullopt;
}

Complaint read_address(Field field, std::string_view text, std::string& out) {
  const bool v4 = field == Field::address4;
  std::array<char, INET6_ADDRSTRLEN> terminated{};
  std::array<char, 16> octets{};
  if (text.size() >= terminated.size()) return not_a(field, text);
  std::memcpy(terminated.data(), text.data(), text.size());
  if (inet_pton(v4 ? AF_INET : AF_INET6, terminated.data(), octets.data()) != 1) {
    if (v4 && text.find(':') != text.npos) return *not_a(field, text) + " (an AAAA record?)";
    if (!v4 && text.find(':') == text.npos) return *not_a(field, text) + " (an A record?)";
    return not_a(field, text);
  }
  out.append(octets.data(), v4 ? 4 : 16);
  return std::nullopt;
}

Complaint read_target(std::string_view text, std::string_view origin, std::string& out) {
  WireName name;
  if (const auto error = read_name(text, origin, name))
    return quoted(text) + ": " + std::string(to_string(*error));
  out += name.view();
  return std::nullopt;
}

Complaint read_octets(const Word& word, std::string& out) {
  for (std::size_t at = 0; at < word.text.size();) {
    if (!word.quoted && word.text[at] == '"')
      return "a quotation mark inside a word (a space missing before it, or \\\" meant?)";
    const int octet = read_octet(word.text, at);
    if (octet < 0)
      return quoted(word.text) + ": a backslash needs a character or three digits up to 255 behind it";
    out += static_cast<char>(octet);
  }
  return std::nullopt;
}

Complaint read_string(const Word& word, std::string& out) {
  const std::size_t length_at = out.size();
  out += '\0';
  if (auto complaint = read_octets(word, out)) return complaint;
  const std::size_t length = out.size() - length_at - 1;
  if (length > 255)
    return "a string of " + std::to_string(length) + " octets: 255 are allowed (split it into several?)";
  out[length_at] = static_cast<char>(length);
  return std::nullopt;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return fold(c) >= 'a' && fold(c) <= 'f' ? fold(c) - 'a' + 10 : -1;
}

// Exactly four groups of one to four digits.
Complaint read_locator(std::string_view text, std::string& out) {
  std::uint64_t locator = 0;
  std::uint32_t group = 0;
  std::size_t digits = 0;
  std::size_t groups = 0;
  for (std::size_t at = 0; at <= text.size(); ++at) {
    if (at < text.size() && text[at] != ':') {
      const int digit = hex_digit(text[at]);
      if (digit < 0 || ++digits > 4) return not_a(Field::locator, text);
      group = group << 4 | static_cast<std::uint32_t>(digit);
      continue;
    }
    if (digits == 0 || ++groups > 4) return not_a(Field::locator, text);
    locator = locator << 16 | group;
    group = 0;
    digits = 0;
  }
  if (groups != 4) return not_a(Field::locator, text);
  append_number(out, static_cast<std::uint32_t>(locator >> 32), 4);
  append_number(out, static_cast<std::uint32_t>(locator), 4);
  return std::nullopt;
}

Complaint read_tag(const Word& word, std::string& out) {
  for (const char c : word.text) {
    const bool alphanumeric = (c >= '0' && c <= '9') || (fold(c) >= 'a' && fold(c) <= 'z');
    if (!alphanumeric) return not_a(Field::tag, word.text);
  }
  if (word.text.empty()) return not_a(Field::tag, word.text);
  return read_string(word, out);
}

Complaint read_field(Field field, const Word& word, std::string_view origin, std::string& out) {
  switch (field) {
    case Field::string:
    case Field::strings: return read_string(word, out);
    case Field::tag: return read_tag(word, out);
    case Field::text: return read_octets(word, out);
    default: break;
  }
  if (word.quoted)
    return "\"" + std::string(word.text.substr(0, 80)) + "\" is quoted, but " + std::string(describe(field)) +
           " is not";
  switch (field) {
    case Field::u8: return read_number(field, word.text, 1, out);
    case Field::u16: return read_number(field, word.text, 2, out);
    case Field::u32: return read_number(field, word.text, 4, out);
    case Field::period: return read_seconds(word.text, out);
    case Field::address4:
    case Field::address6: return read_address(field, word.text, out);
    case Field::locator: return read_locator(word.text, out);
    default: return read_target(word.text, origin, out);
  }
}

// "MX takes: a number from 0 to 65535, a name".
std::string takes(RrType type) {
  std::string text = to_string(type) + " takes: ";
  std::string_view separator;
  for (const Field field : rdata_fields(type)) {
    text.append(separator).append(describe(field));
    separator = ", ";
  }
  return text;
}

// The rest of the words, which may be broken anywhere.
std::optional<RdataError> read_hex(std::span<const Word> words, std::size_t at, std::string& out) {
  int high = -1;
  for (; at < words.size(); ++at) {
    for (const char c : words[at].text) {
      const int digit = hex_digit(c);
      if (digit < 0) return RdataError{at, quoted(words[at].text) + " is not hexadecimal"};
      if (high >= 0) out += static_cast<char>(high << 4 | digit);
      high = high >= 0 ? -1 : digit;
    }
  }
  if (high >= 0) return RdataError{words.size() - 1, "an odd number of hexadecimal digits"};
  return std::nullopt;
}

std::optional<RdataError> read_fields(RrType type, std::span<const Word> words, std::string_view origin,
                                      std::string& out) {
  std::size_t at = 0;
  for (const Field field : rdata_fields(type)) {
    do {
      if (at == words.size()) return RdataError{at, "something is missing here (" + takes(type) + ")"};
      if (field == Field::hex) return read_hex(words, at, out);
      if (auto complaint = read_field(field, words[at], origin, out))
        return RdataError{at, std::move(*complaint)};
      ++at;
    } while (field == Field::strings && at < words.size());
  }
  if (at < words.size()) return RdataError{at, quoted(words[at].text) + " is too much (" + takes(type) + ")"};
  return std::nullopt;
}

// RFC 3597 §5: \# length hex. Of a type that we know it must be that type's rdata.
std::optional<RdataError> read_generic(RrType type, std::span<const Word> words, std::string& out) {
  std::string length;
  if (words.size() < 2 || read_number(Field::u16, words[1].text, 2, length)) {
    return RdataError{1, "\\# takes the number of octets, then the octets in hexadecimal"};
  }
  if (auto error = read_hex(words, 2, out)) return error;
  const auto said = static_cast<std::size_t>(static_cast<unsigned char>(length[0]) << 8 |
                                             static_cast<unsigned char>(length[1]));
  if (said != out.size()) {
    return RdataError{
        1, "\\# says " + std::to_string(said) + " octets, but " + std::to_string(out.size()) + " follow"};
  }
  if (!fits_fields(type, out))
    return RdataError{0, "these octets are no " + to_string(type) + " record (" + takes(type) + ")"};
  return std::nullopt;
}

bool is_own(RrType type) { return rdata_fields(type).back() != Field::opaque; }

// The rest of the words, which may be broken anywhere; nothing at all is no octets.
std::optional<RdataError> read_base64(std::span<const Word> words, std::size_t at, std::string& out) {
  std::string text;
  for (const Word& word : words.subspan(at)) text += word.text;
  const auto octets = net::base64_decode(text);
  if (!octets) return RdataError{at, quoted(text) + " is not base64"};
  out += *octets;
  return std::nullopt;
}

// RFC 4025 §3: what the gateway is depends on a number before it. No key: the algorithm is 0.
std::optional<RdataError> read_ipseckey(std::span<const Word> words, std::string_view origin,
                                        std::string& out) {
  enum Part : std::size_t { precedence, gateway_type, algorithm, gateway, key };
  constexpr std::string_view kTakes =
      "IPSECKEY takes: precedence, gateway type (0 none, 1 IPv4, 2 IPv6, 3 a name), algorithm, gateway, key "
      "in base64";
  for (std::size_t at = precedence; at <= gateway; ++at) {
    if (at == words.size()) return RdataError{at, "something is missing here (" + std::string(kTakes) + ")"};
    Field field = Field::u8;
    if (at == gateway) {
      constexpr Field kGateways[] = {Field::name, Field::address4, Field::address6, Field::name};
      const auto type = static_cast<unsigned char>(out[gateway_type]);
      if (type > 3)
        return RdataError{gateway_type, quoted(words[gateway_type].text) + " is no type of gateway (" +
                                            std::string(kTakes) + ")"};
      if (type == 0) {
        if (words[at].text != ".") return RdataError{at, "the gateway is `.` where its type is 0"};
        continue;
      }
      field = kGateways[type];
    }
    if (auto complaint = read_field(field, words[at], origin, out))
      return RdataError{at, std::move(*complaint)};
  }
  const std::size_t before = out.size();
  if (auto error = read_base64(words, key, out)) return error;
  if ((out.size() == before) != (out[algorithm] == 0))
    return RdataError{algorithm, "algorithm 0 means that no key follows, any other that one does"};
  return std::nullopt;
}

struct Mnemonic {
  std::string_view name;
  std::uint32_t value;
};

// RFC 4398 §2.1 and the registry of certificate types.
constexpr Mnemonic kCertificateTypes[] = {{"PKIX", 1},   {"SPKI", 2}, {"PGP", 3},    {"IPKIX", 4},   {"ISPKI", 5},
                                          {"IPGP", 6},   {"ACPKIX", 7}, {"IACPKIX", 8}, {"URI", 253}, {"OID", 254}};
// RFC 4034 appendix A.1 and the registry of DNSSEC algorithms.
constexpr Mnemonic kAlgorithms[] = {{"RSAMD5", 1},
                                    {"DH", 2},
                                    {"DSA", 3},
                                    {"RSASHA1", 5},
                                    {"DSA-NSEC3-SHA1", 6},
                                    {"RSASHA1-NSEC3-SHA1", 7},
                                    {"RSASHA256", 8},
                                    {"RSASHA512", 10},
                                    {"ECC-GOST", 12},
                                    {"ECDSAP256SHA256", 13},
                                    {"ECDSAP384SHA384", 14},
                                    {"ED25519", 15},
                                    {"ED448", 16},
                                    {"INDIRECT", 252},
                                    {"PRIVATEDNS", 253},
                                    {"PRIVATEOID", 254}};

Complaint read_mnemonic(std::span<const Mnemonic> known, Field field, std::string_view text, std::string& out) {
  const std::size_t octets = field == Field::u8 ? 1 : 2;
  for (const Mnemonic& one : known) {
    if (!Name::equal_fold(one.name, text)) continue;
    append_number(out, one.value, octets);
    return std::nullopt;
  }
  if (!read_number(field, text, octets, out)) return std::nullopt;
  return *not_a(field, text) + " and not a name for one, like " + std::string(known.front().name);
}

// RFC 4398 §2.2. ldns loses memory when it reads the algorithm.
std::optional<RdataError> read_cert(std::span<const Word> words, std::string& out) {
  enum Part : std::size_t { type, key_tag, algorithm, certificate };
  if (words.size() <= certificate)
    return RdataError{words.size(), "something is missing here (CERT takes: type, key tag, algorithm, certificate in "
                                    "base64)"};
  if (auto complaint = read_mnemonic(kCertificateTypes, Field::u16, words[type].text, out))
    return RdataError{type, std::move(*complaint)};
  if (auto complaint = read_number(Field::u16, words[key_tag].text, 2, out))
    return RdataError{key_tag, std::move(*complaint)};
  if (auto complaint = read_mnemonic(kAlgorithms, Field::u8, words[algorithm].text, out))
    return RdataError{algorithm, std::move(*complaint)};
  return read_base64(words, certificate, out);
}

std::optional<RdataError> read_rare(RrType type, std::span<const Word> words, std::string_view origin,
                                    std::string& out) {
  if (type == RrType::ipseckey) return read_ipseckey(words, origin, out);
  if (type == RrType::cert) return read_cert(words, out);
  const std::string generic = "TYPE" + std::to_string(static_cast<std::uint16_t>(type)) + " \\# length hex";
  // ldns loses memory when it reads bad text of types that have no name here.
  if (to_string(type).starts_with("TYPE"))
    return RdataError{0, "the data of this type is not read as text: write it as " + generic};
  auto rdata = ldns_rdata_from_text(type, words, origin);
  if (!rdata)
    return RdataError{0, to_string(type) + " data is not understood: " + rdata.error().what +
                             " (or write it as " + generic + ")"};
  out = std::move(*rdata);
  if (!fits_fields(type, out)) return RdataError{0, to_string(type) + " data does not have the right shape"};
  return std::nullopt;
}

bool is_svcb(RrType type) { return type == RrType::svcb || type == RrType::https; }

}  // namespace

std::optional<RdataError> read_rdata(RrType type, std::span<const Word> words, std::string_view origin,
                                     std::string& out) {
  out.clear();
  const bool generic = !words.empty() && !words[0].quoted && words[0].text == "\\#";
  auto error = generic        ? read_generic(type, words, out)
               : is_own(type) ? read_fields(type, words, origin, out)
                              : read_rare(type, words, origin, out);
  if (error) return error;
  if (out.size() > kRdataMax) return RdataError{0, "more than 65535 octets of data in one record"};
  if (is_svcb(type)) {
    if (!generic) sort_svc_params(out);
    if (auto fault = svc_params_fault(out)) return RdataError{0, std::move(*fault)};
  }
  return std::nullopt;
}

}  // namespace muster::zones
