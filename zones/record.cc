#include "zones/record.h"

#include <algorithm>
#include <charconv>

#include "zones/octets.h"
#include "zones/rdata_fields.h"
#include "zones/rdata_reader.h"
#include "zones/wire_name.h"

namespace muster::zones {

namespace {

struct TypeName {
  std::string_view text;
  RrType type;
};

constexpr RrType number(std::uint16_t type) { return static_cast<RrType>(type); }

// The commonest first, because reading a zone searches from the front.
constexpr TypeName kTypes[] = {
    {"A", RrType::a},               {"AAAA", RrType::aaaa},     {"SRV", RrType::srv},
    {"TXT", RrType::txt},           {"CNAME", RrType::cname},   {"NS", RrType::ns},
    {"PTR", RrType::ptr},           {"MX", RrType::mx},         {"SOA", RrType::soa},
    {"DS", RrType::ds},             {"RRSIG", RrType::rrsig},   {"NSEC", RrType::nsec},
    {"CAA", RrType::caa},           {"NAPTR", RrType::naptr},   {"DNAME", RrType::dname},
    {"HTTPS", RrType::https},       {"SVCB", RrType::svcb},     {"TLSA", RrType::tlsa},
    {"SSHFP", RrType::sshfp},       {"DNSKEY", RrType::dnskey}, {"SPF", RrType::spf},
    {"HINFO", RrType::hinfo},       {"LOC", RrType::loc},       {"URI", RrType::uri},
    {"RP", RrType::rp},             {"AFSDB", RrType::afsdb},   {"EUI48", RrType::eui48},
    {"EUI64", RrType::eui64},       {"MB", RrType::mb},         {"MG", RrType::mg},
    {"MR", RrType::mr},             {"MINFO", RrType::minfo},   {"MD", RrType::md},
    {"MF", RrType::mf},             {"NULL", RrType::null},     {"KX", RrType::kx},
    {"CERT", RrType::cert},         {"SIG", RrType::sig},       {"KEY", RrType::key},
    {"APL", number(42)},            {"DHCID", number(49)},      {"NSEC3", number(50)},
    {"NSEC3PARAM", number(51)},     {"SMIMEA", number(53)},     {"CDS", number(59)},
    {"CDNSKEY", number(60)},        {"OPENPGPKEY", number(61)}, {"CSYNC", number(62)},
    {"IPSECKEY", RrType::ipseckey}, {"ZONEMD", RrType::zonemd}, {"NID", RrType::nid},
    {"L32", RrType::l32},           {"L64", RrType::l64},       {"LP", RrType::lp},
    {"RT", RrType::rt},             {"PX", RrType::px},         {"X25", RrType::x25},
    {"AVC", RrType::avc},           {"OPT", RrType::opt},       {"TKEY", RrType::tkey},
    {"TSIG", RrType::tsig},         {"IXFR", RrType::ixfr},     {"AXFR", RrType::axfr},
    {"MAILB", RrType::mailb},       {"MAILA", RrType::maila},   {"ANY", RrType::any},
};

// Known by number only. Of these some servers read the text, but not all that are used beside musterd do.
constexpr TypeName kNumbered[] = {
    {"WKS", number(11)},    {"ISDN", number(20)},      {"NSAP", number(22)},     {"NSAP-PTR", number(23)},
    {"GPOS", number(27)},   {"NXT", number(30)},       {"EID", number(31)},      {"NIMLOC", number(32)},
    {"ATMA", number(34)},   {"A6", number(38)},        {"SINK", number(40)},     {"HIP", number(55)},
    {"NINFO", number(56)},  {"RKEY", number(57)},      {"TALINK", number(58)},   {"DSYNC", number(66)},
    {"UINFO", number(100)}, {"UID", number(101)},      {"GID", number(102)},     {"UNSPEC", number(103)},
    {"DOA", number(259)},   {"AMTRELAY", number(260)}, {"RESINFO", number(261)}, {"WALLET", number(262)},
    {"TA", number(32768)},  {"DLV", number(32769)},
};

std::optional<RrType> parse_numbered_type(std::string_view text) {
  if (text.size() < 5 || !Name::equal_fold(text.substr(0, 4), "TYPE")) return std::nullopt;
  std::uint16_t value = 0;
  const auto [end, error] = std::from_chars(text.data() + 4, text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number(value);
}

std::uint32_t read_u32(std::string_view octets) {
  std::uint32_t value = 0;
  for (const char octet : octets.substr(0, 4)) value = value << 8 | static_cast<unsigned char>(octet);
  return value;
}

}  // namespace

std::string to_string(RrType type) {
  const auto* found =
      std::find_if(std::begin(kTypes), std::end(kTypes), [&](const TypeName& t) { return t.type == type; });
  if (found != std::end(kTypes)) return std::string(found->text);
  return "TYPE" + std::to_string(static_cast<std::uint16_t>(type));
}

std::optional<RrType> parse_type(std::string_view text) {
  for (const std::span<const TypeName> names :
       {std::span<const TypeName>(kTypes), std::span<const TypeName>(kNumbered)}) {
    for (const TypeName& known : names) {
      if (Name::equal_fold(known.text, text)) return known.type;
    }
  }
  return parse_numbered_type(text);
}

std::string encode(const Soa& soa) {
  std::string rdata(soa.mname.wire());
  rdata += soa.rname.wire();
  for (const auto value : {soa.serial, soa.refresh, soa.retry, soa.expire, soa.minimum})
    append_u32(rdata, value);
  return rdata;
}

std::optional<Soa> decode_soa(std::string_view rdata) {
  if (!fits_fields(RrType::soa, rdata)) return std::nullopt;
  const std::size_t mname = *name_length(rdata);
  const std::size_t rname = *name_length(rdata.substr(mname));
  const std::string_view numbers = rdata.substr(mname + rname);
  return Soa{*Name::from_wire(rdata.substr(0, mname)),
             *Name::from_wire(rdata.substr(mname, rname)),
             read_u32(numbers),
             read_u32(numbers.substr(4)),
             read_u32(numbers.substr(8)),
             read_u32(numbers.substr(12)),
             read_u32(numbers.substr(16))};
}

std::string encode_address(const net::IpAddress& address) { return std::string(address.bytes()); }

net::IpAddress decode_address(std::string_view rdata) {
  net::IpAddress address;
  address.family = rdata.size() == 4 ? net::Family::v4 : net::Family::v6;
  std::copy(rdata.begin(), rdata.end(), address.octets.begin());
  return address;
}

std::string encode_srv(std::uint16_t priority, std::uint16_t weight, std::uint16_t port, const Name& target) {
  std::string rdata;
  rdata.reserve(6 + target.size());
  for (const auto value : {priority, weight, port}) append_u16(rdata, value);
  return rdata += target.wire();
}

Srv decode_srv(std::string_view rdata) {
  const auto field = [&](std::size_t at) {
    return static_cast<std::uint16_t>(static_cast<unsigned char>(rdata[at]) << 8 |
                                      static_cast<unsigned char>(rdata[at + 1]));
  };
  return {field(0), field(2), field(4), *Name::from_wire(rdata.substr(6))};
}

std::string encode_uri(std::uint16_t priority, std::uint16_t weight, std::string_view target) {
  std::string rdata;
  rdata.reserve(4 + target.size());
  for (const auto value : {priority, weight}) append_u16(rdata, value);
  return rdata += target;
}

std::string encode_txt(std::span<const std::string> strings) {
  if (strings.empty()) return std::string(1, '\0');
  std::string rdata;
  for (const std::string& string : strings) {
    const std::string_view fits = std::string_view(string).substr(0, 255);
    rdata += static_cast<char>(fits.size());
    rdata += fits;
  }
  return rdata;
}

RrType address_type(const net::IpAddress& address) {
  return address.family == net::Family::v4 ? RrType::a : RrType::aaaa;
}

net::Result<std::string, RdataError> rdata_from_words(RrType type, std::span<const Word> words,
                                                      const Name& origin) {
  std::string rdata;
  if (auto error = read_rdata(type, words, origin.wire(), rdata)) return std::move(*error);
  return rdata;
}

}  // namespace muster::zones
