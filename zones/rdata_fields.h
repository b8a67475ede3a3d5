// What rdata is made of, type by type, in one table: the reader and the writer of text, the writer of replies
// and the check of foreign rdata all follow it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "zones/record.h"

namespace muster::zones {

enum class Field : std::uint8_t {
  u8,
  u16,
  u32,
  period,       // 32 bits of seconds; text may say 1h30m
  name,         // never compressed
  packed_name,  // compressible (RFC 3597 §4)
  address4,
  address6,
  locator,  // four groups of 16 bits in hexadecimal (RFC 6742 §2.1.1)
  string,   // one length octet
  strings,  // one or more, to the end
  tag,      // a string written bare: CAA's property
  text,     // the rest, without a length octet, written quoted: URI, CAA
  hex,      // the rest, one or more octets in hexadecimal
  opaque,   // the rest; its text is ldns' business
};

// In wire order; a type that is not in the table is one opaque field.
std::span<const Field> rdata_fields(RrType type);
// Octets of `field` at the front of `rest`; nullopt: it does not fit.
std::optional<std::size_t> field_size(Field field, std::string_view rest);
// Whether rdata is exactly the fields of its type.
bool fits_fields(RrType type, std::string_view rdata);
// "a number from 0 to 65535": what stands in the text of a field.
std::string_view describe(Field field);

// Equal as records are: names inside compare without case (RFC 2181 §5, RFC 4343).
bool equal_rdata(RrType type, std::string_view a, std::string_view b);

}  // namespace muster::zones
