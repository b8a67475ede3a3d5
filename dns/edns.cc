#include "dns/edns.h"

#include <algorithm>
#include <cstring>

#include "dns/octets.h"
#include "zones/record.h"

namespace muster::dns {
namespace {

constexpr std::size_t kSubnetHeader = 4;  // family, source prefix length, scope prefix length

// RFC 7873 §4: a client cookie of 8 octets, then none or 8 to 32 of the server's.
bool cookie_ok(OctetView body) { return body.size() == 8 || (body.size() >= 16 && body.size() <= 40); }

// Of several the first counts (RFC 7873 §5.2).
bool read_cookie(OctetView body, Edns& edns) {
  if (!edns.cookie.empty()) return true;
  if (!cookie_ok(body)) return false;
  edns.cookie = body;
  return true;
}

// RFC 7871 §6: 0 bits of no family is what `dig +subnet=0` sends.
unsigned subnet_bits_max(std::uint16_t family) { return family == 1 ? 32 : family == 2 ? 128 : 0; }

// RFC 7871 §6, §7.1.2: as many octets as the prefix needs, none of its spare bits set, scope 0 in queries.
bool client_subnet_ok(OctetView body) {
  if (body.size() < kSubnetHeader) return false;
  const std::uint16_t family = read_u16(body.data());
  const unsigned source = body[2];
  if (family > 2 || source > subnet_bits_max(family) || body[3] != 0) return false;
  if (body.size() - kSubnetHeader != (source + 7) / 8) return false;
  return source % 8 == 0 || (body.back() & (0xff >> source % 8)) == 0;
}

bool read_option(EdnsOption code, OctetView body, Edns& edns) {
  switch (code) {
    case EdnsOption::update_lease: edns.update_lease = body; return true;
    case EdnsOption::nsid: edns.nsid = true; return true;
    case EdnsOption::expire: edns.expire = true; return true;
    case EdnsOption::keepalive: edns.keepalive = true; return true;
    case EdnsOption::cookie: return read_cookie(body, edns);
    case EdnsOption::client_subnet: edns.client_subnet = body; return client_subnet_ok(body);
    default: return true;
  }
}

constexpr std::size_t kErrorCode = 2;
constexpr std::size_t kErrorTextMax = 128;

std::uint8_t* write_option(std::uint8_t* to, EdnsOption code, std::size_t size) {
  write_u16(to, static_cast<std::uint16_t>(code));
  write_u16(to + 2, static_cast<std::uint16_t>(size));
  return to + kOptionHeader;
}

std::uint8_t* write_text(std::uint8_t* to, std::string_view text) {
  if (!text.empty()) std::memcpy(to, text.data(), text.size());
  return to + text.size();
}

std::uint8_t* write_error(const ReplyEdns& edns, std::uint8_t* to, std::size_t room) {
  if (!edns.error || room < kExtendedErrorFixed) return to;
  const std::size_t text_room = std::min(room - kExtendedErrorFixed, kErrorTextMax);
  const std::string_view text = edns.error_text.size() <= text_room ? edns.error_text : std::string_view();
  to = write_option(to, EdnsOption::extended_error, kErrorCode + text.size());
  write_u16(to, static_cast<std::uint16_t>(*edns.error));
  return write_text(to + kErrorCode, text);
}

}  // namespace

std::size_t opt_size(const ReplyEdns& edns) {
  if (!edns.present) return 0;
  return kOptSize + (edns.cookie.empty() ? 0 : kOptionHeader + edns.cookie.size()) +
         (edns.nsid.empty() ? 0 : kOptionHeader + edns.nsid.size()) + (edns.expire ? kOptionHeader + 4 : 0) +
         (edns.keepalive ? kOptionHeader + 2 : 0) + (edns.lease ? kOptionHeader + 4 : 0) +
         (edns.client_subnet.empty() ? 0 : kOptionHeader + edns.client_subnet.size());
}

std::size_t write_opt(const ReplyEdns& edns, std::uint8_t* to, std::size_t room) {
  if (!edns.present) return 0;
  to[0] = 0;  // the root
  write_u16(to + 1, static_cast<std::uint16_t>(zones::RrType::opt));
  write_u16(to + 3, edns.udp_size);
  to[5] = edns.rcode_high;
  to[6] = 0;  // version
  write_u16(to + 7, edns.dnssec_ok ? 0x8000 : 0);
  std::uint8_t* end = to + kOptSize;
  if (!edns.cookie.empty()) {
    end = write_option(end, EdnsOption::cookie, edns.cookie.size());
    std::memcpy(end, edns.cookie.data(), edns.cookie.size());
    end += edns.cookie.size();
  }
  if (!edns.nsid.empty()) {
    end = write_text(write_option(end, EdnsOption::nsid, edns.nsid.size()), edns.nsid);
  }
  if (edns.expire) {
    end = write_option(end, EdnsOption::expire, 4);
    write_u32(end, *edns.expire);
    end += 4;
  }
  if (edns.keepalive) {
    end = write_option(end, EdnsOption::keepalive, 2);
    write_u16(end, *edns.keepalive);
    end += 2;
  }
  if (edns.lease) {
    end = write_option(end, EdnsOption::update_lease, 4);
    write_u32(end, *edns.lease);
    end += 4;
  }
  if (!edns.client_subnet.empty()) {
    end = write_option(end, EdnsOption::client_subnet, edns.client_subnet.size());
    std::memcpy(end, edns.client_subnet.data(), edns.client_subnet.size());
    end[3] = edns.subnet_scope;
    end += edns.client_subnet.size();
  }
  end = write_error(edns, end, room - static_cast<std::size_t>(end - to));
  write_u16(to + 9, static_cast<std::uint16_t>(end - to - static_cast<std::ptrdiff_t>(kOptSize)));
  return static_cast<std::size_t>(end - to);
}

bool read_options(OctetView rdata, Edns& edns) {
  while (!rdata.empty()) {
    if (rdata.size() < kOptionHeader) return false;
    const auto code = static_cast<EdnsOption>(read_u16(rdata.data()));
    const std::size_t size = read_u16(rdata.data() + 2);
    rdata = rdata.subspan(kOptionHeader);
    if (size > rdata.size() || !read_option(code, rdata.first(size), edns)) return false;
    rdata = rdata.subspan(size);
  }
  return true;
}

}  // namespace muster::dns
