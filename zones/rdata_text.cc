// Rdata as text. Whatever is written reads back to the same octets: text of ldns that does not is not used,
// nor is a typed form for octets that are not of the type; RFC 3597's form serves then.
#include <arpa/inet.h>

#include <array>

#include "zones/escape.h"
#include "zones/rdata_fields.h"
#include "zones/rdata_ldns.h"
#include "zones/rdata_reader.h"
#include "zones/zone_lexer.h"

namespace muster::zones {

namespace {

std::string hex_text(std::string_view octets) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const char c : octets) {
    const auto octet = static_cast<unsigned char>(c);
    text += kDigits[octet >> 4];
    text += kDigits[octet & 15];
  }
  return text;
}

std::string generic_text(std::string_view rdata) {
  return "\\# " + std::to_string(rdata.size()) + (rdata.empty() ? "" : " ") + hex_text(rdata);
}

std::uint32_t number(std::string_view octets) {
  std::uint32_t value = 0;
  for (const char octet : octets) value = value << 8 | static_cast<unsigned char>(octet);
  return value;
}

std::string address_text(int family, std::string_view octets) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  return inet_ntop(family, octets.data(), text.data(), text.size());
}

std::string quoted_octets(std::string_view octets) {
  std::string text = "\"";
  for (const char c : octets) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet < 0x20 || octet > 0x7e) {
      append_decimal_escape(text, octet);
      continue;
    }
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  return text += '"';
}

std::string locator_text(std::string_view octets) {
  std::string text;
  for (std::size_t at = 0; at < octets.size(); at += 2) {
    if (at > 0) text += ':';
    text += hex_text(octets.substr(at, 2));
  }
  return text;
}

std::string strings_text(std::string_view octets) {
  std::string text;
  while (!octets.empty()) {
    const std::size_t size = 1 + static_cast<unsigned char>(octets[0]);
    if (!text.empty()) text += ' ';
    text += quoted_octets(octets.substr(1, size - 1));
    octets.remove_prefix(size);
  }
  return text;
}

std::string field_text(Field field, std::string_view octets) {
  switch (field) {
    case Field::u8:
    case Field::u16:
    case Field::u32:
    case Field::period: return std::to_string(number(octets));
    case Field::name:
    case Field::packed_name: return Name::from_wire(octets)->text();
    case Field::address4: return address_text(AF_INET, octets);
    case Field::address6: return address_text(AF_INET6, octets);
    case Field::locator: return locator_text(octets);
    case Field::hex: return hex_text(octets);
    case Field::tag: return std::string(octets.substr(1));
    case Field::string:
    case Field::strings: return strings_text(octets);
    case Field::text: return quoted_octets(octets);
    case Field::opaque: break;
  }
  return {};
}

std::string own_text(RrType type, std::string_view rdata) {
  std::string text;
  for (const Field field : rdata_fields(type)) {
    const std::size_t size = *field_size(field, rdata);
    if (!text.empty()) text += ' ';
    text += field_text(field, rdata.substr(0, size));
    rdata.remove_prefix(size);
  }
  return text;
}

bool reads_back(RrType type, const std::string& text, std::string_view rdata) {
  ZoneLexer lexer(text);
  if (lexer.next() != ZoneLexer::Found::entry) return false;
  std::string read;
  return !read_rdata(type, lexer.words(), Name().wire(), read) && read == rdata;
}

}  // namespace

std::string rdata_text(RrType type, std::string_view rdata) {
  const auto fields = rdata_fields(type);
  if (fields.back() == Field::opaque) {
    const auto text = ldns_rdata_text(type, rdata);
    return text && reads_back(type, *text, rdata) ? *text : generic_text(rdata);
  }
  if (!fits_fields(type, rdata)) return generic_text(rdata);
  auto text = own_text(type, rdata);
  // A tag of strange octets and a timer over 2^31-1 have no typed form that may be read.
  const bool may_fail = type == RrType::caa || type == RrType::soa;
  return may_fail && !reads_back(type, text, rdata) ? generic_text(rdata) : text;
}

}  // namespace muster::zones
