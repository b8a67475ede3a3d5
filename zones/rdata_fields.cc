#include "zones/rdata_fields.h"

#include <algorithm>

#include "zones/wire_name.h"

namespace muster::zones {

namespace {

using enum Field;

constexpr Field kOpaque[] = {opaque};
constexpr Field kA[] = {address4};
constexpr Field kAaaa[] = {address6};
constexpr Field kPackedName[] = {packed_name};
constexpr Field kSoa[] = {packed_name, packed_name, u32, period, period, period, period};
constexpr Field kMinfo[] = {packed_name, packed_name};
constexpr Field kMx[] = {u16, packed_name};
constexpr Field kStrings[] = {strings};
constexpr Field kHinfo[] = {string, string};
constexpr Field kDname[] = {name};
constexpr Field kRp[] = {name, name};
constexpr Field kAfsdb[] = {u16, name};
constexpr Field kPx[] = {u16, name, name};
constexpr Field kString[] = {string};
constexpr Field kLocator[] = {u16, locator};
constexpr Field kL32[] = {u16, address4};
constexpr Field kZonemd[] = {u32, u8, u8, hex};
constexpr Field kSrv[] = {u16, u16, u16, name};
constexpr Field kNaptr[] = {u16, u16, string, string, string, name};
constexpr Field kUri[] = {u16, u16, text};
constexpr Field kCaa[] = {u8, tag, text};
constexpr Field kSvcb[] = {u16, name, opaque};
constexpr Field kRrsig[] = {u16, u8, u8, u32, u32, u32, u16, name, opaque};
constexpr Field kNsec[] = {name, opaque};

std::optional<std::size_t> at_least(std::size_t size, std::string_view rest) {
  return rest.size() >= size ? std::optional(size) : std::nullopt;
}

std::optional<std::size_t> string_size(std::string_view rest) {
  return rest.empty() ? std::nullopt : at_least(1 + static_cast<unsigned char>(rest[0]), rest);
}

std::optional<std::size_t> strings_size(std::string_view rest) {
  std::size_t at = 0;
  do {
    const auto size = string_size(rest.substr(at));
    if (!size) return std::nullopt;
    at += *size;
  } while (at < rest.size());
  return at;
}

}  // namespace

std::span<const Field> rdata_fields(RrType type) {
  switch (type) {
    case RrType::a: return kA;
    case RrType::aaaa: return kAaaa;
    case RrType::ns:
    case RrType::md:
    case RrType::mf:
    case RrType::cname:
    case RrType::mb:
    case RrType::mg:
    case RrType::mr:
    case RrType::ptr: return kPackedName;
    case RrType::soa: return kSoa;
    case RrType::minfo: return kMinfo;
    case RrType::mx: return kMx;
    case RrType::txt:
    case RrType::spf:
    case RrType::avc: return kStrings;
    case RrType::hinfo: return kHinfo;
    case RrType::dname: return kDname;
    case RrType::rp: return kRp;
    case RrType::afsdb:
    case RrType::kx:
    case RrType::rt:
    case RrType::lp: return kAfsdb;
    case RrType::px: return kPx;
    case RrType::x25: return kString;
    case RrType::nid:
    case RrType::l64: return kLocator;
    case RrType::l32: return kL32;
    case RrType::zonemd: return kZonemd;
    case RrType::srv: return kSrv;
    case RrType::naptr: return kNaptr;
    case RrType::uri: return kUri;
    case RrType::caa: return kCaa;
    case RrType::svcb:
    case RrType::https: return kSvcb;
    case RrType::sig:
    case RrType::rrsig: return kRrsig;
    case RrType::nsec: return kNsec;
    default: return kOpaque;
  }
}

std::optional<std::size_t> field_size(Field field, std::string_view rest) {
  switch (field) {
    case u8: return at_least(1, rest);
    case u16: return at_least(2, rest);
    case u32:
    case period:
    case address4: return at_least(4, rest);
    case address6: return at_least(16, rest);
    case locator: return at_least(8, rest);
    case name:
    case packed_name: return name_length(rest);
    case string:
    case tag: return string_size(rest);
    case strings: return strings_size(rest);
    case hex: return rest.empty() ? std::nullopt : std::optional(rest.size());
    case text:
    case opaque: return rest.size();
  }
  return std::nullopt;
}

bool fits_fields(RrType type, std::string_view rdata) {
  for (const Field field : rdata_fields(type)) {
    const auto size = field_size(field, rdata);
    if (!size) return false;
    rdata.remove_prefix(*size);
  }
  return rdata.empty();
}

std::string_view describe(Field field) {
  switch (field) {
    case u8: return "a number from 0 to 255";
    case u16: return "a number from 0 to 65535";
    case u32: return "a number from 0 to 4294967295";
    case period: return "seconds, or a time like 1h30m";
    case name:
    case packed_name: return "a name";
    case address4: return "an IPv4 address";
    case address6: return "an IPv6 address";
    case locator: return "four groups of hexadecimal digits, like 14:4fff:ff20:ee64";
    case string: return "a string";
    case strings: return "strings";
    case tag: return "a word of letters and digits";
    case text: return "a quoted text";
    case hex: return "octets in hexadecimal";
    case opaque: return "its own data";
  }
  return "";
}

std::vector<RdataName> names_in(RrType type, std::string_view rdata) {
  std::vector<RdataName> names;
  std::size_t at = 0;
  for (const Field field : rdata_fields(type)) {
    const auto size = field_size(field, rdata.substr(at));
    if (!size) break;
    if (field == name || field == packed_name) names.push_back({at, field == packed_name});
    at += *size;
  }
  return names;
}

std::optional<std::string_view> additional_target(RrType type, std::string_view rdata) {
  std::size_t offset = 0;
  switch (type) {
    case RrType::ns: break;
    case RrType::mx:
    case RrType::svcb:
    case RrType::https: offset = 2; break;
    case RrType::srv: offset = 6; break;
    default: return std::nullopt;
  }
  if (rdata.size() <= offset) return std::nullopt;
  const auto size = name_length(rdata.substr(offset));
  if (!size) return std::nullopt;
  return rdata.substr(offset, *size);
}

bool equal_rdata(RrType type, std::string_view a, std::string_view b) {
  if (a == b) return true;
  if (a.size() != b.size() || !Name::equal_fold(a, b)) return false;
  // Length octets of names are below 'A', so what differs by case alone lies in letters; only those of names
  // may.
  for (const Field field : rdata_fields(type)) {
    const auto size = field_size(field, a);
    if (!size) return false;
    const bool folds = field == name || field == packed_name;
    if (!folds && a.substr(0, *size) != b.substr(0, *size)) return false;
    a.remove_prefix(*size);
    b.remove_prefix(*size);
  }
  return a == b;
}

}  // namespace muster::zones
