#include "dns/tsig_record.h"

#include "dns/octets.h"
#include "dns/question.h"

namespace muster::dns {
namespace {

// Follows pointers, which go backwards. Returns where the record goes on behind the name.
std::size_t read_owner(std::span<const std::uint8_t> packet, std::size_t at, zones::WireName& name) {
  std::size_t end = 0;
  name.size = 0;
  for (;;) {
    const std::size_t length = packet[at];
    if (length >= 0xc0) {
      if (end == 0) end = at + 2;
      at = read_u16(packet.data() + at) & 0x3fff;
      continue;
    }
    for (std::size_t i = 0; i <= length; ++i)
      name.octets[name.size++] = zones::fold(static_cast<char>(packet[at + i]));
    at += 1 + length;
    if (length == 0) return end != 0 ? end : at;
  }
}

}  // namespace

bool read_tsig(std::span<const std::uint8_t> packet, std::size_t at, TsigRecord& record) {
  at = read_owner(packet, at, record.name);
  const std::size_t size = read_u16(packet.data() + at + 8);
  const std::string_view rdata(reinterpret_cast<const char*>(packet.data()) + at + kRecordFixed, size);
  const auto algorithm = zones::name_length(rdata);
  if (!algorithm || size - *algorithm < kTsigFixed) return false;
  record.algorithm = rdata.substr(0, *algorithm);
  const std::uint8_t* fixed = packet.data() + at + kRecordFixed + *algorithm;
  const std::size_t left = size - *algorithm - kTsigFixed;
  record.time_signed = read_u48(fixed);
  record.fudge = read_u16(fixed + 6);
  const std::size_t mac = read_u16(fixed + 8);
  if (mac > left) return false;
  record.mac = {fixed + 10, mac};
  const std::uint8_t* tail = fixed + 10 + mac;
  record.original_id = read_u16(tail);
  record.error = read_u16(tail + 2);
  record.other = {tail + 6, left - mac};
  return read_u16(tail + 4) == record.other.size();
}

}  // namespace muster::dns
