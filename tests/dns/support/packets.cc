#include "tests/dns/support/packets.h"

#include <gtest/gtest.h>

#include "zones/name.h"

namespace muster::dns::test {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

Octets from_hex(std::string_view text) {
  Octets octets;
  int high = -1;
  bool comment = false;
  for (const char c : text) {
    if (c == '#') comment = true;
    if (c == '\n') comment = false;
    if (comment || c == ' ' || c == '\n') continue;
    const int digit = hex_digit(c);
    EXPECT_GE(digit, 0) << "'" << c << "' is no hex digit (lower case)";
    if (high >= 0) octets.push_back(static_cast<std::uint8_t>(high << 4 | digit));
    high = high >= 0 ? -1 : digit;
  }
  EXPECT_EQ(high, -1) << "half an octet";
  return octets;
}

std::string to_hex(const Octets& octets) {
  std::string text;
  for (std::size_t i = 0; i < octets.size(); ++i) {
    text += "0123456789abcdef"[octets[i] >> 4];
    text += "0123456789abcdef"[octets[i] & 15];
    text += i % 16 == 15 ? '\n' : ' ';
  }
  if (!text.empty()) text.back() = '\n';
  return text;
}

void append(Octets& to, std::string_view octets) { to.insert(to.end(), octets.begin(), octets.end()); }

void append_u16(Octets& to, unsigned value) {
  to.push_back(static_cast<std::uint8_t>(value >> 8));
  to.push_back(static_cast<std::uint8_t>(value));
}

Octets record_octets(std::string_view owner, zones::RrType type, std::uint32_t ttl, std::string_view rdata,
                     std::uint16_t rr_class) {
  Octets octets;
  append(octets, zones::Name::from_text(owner)->wire());
  append_u16(octets, static_cast<unsigned>(type));
  append_u16(octets, rr_class);
  append_u16(octets, ttl >> 16);
  append_u16(octets, ttl & 0xffff);
  append_u16(octets, static_cast<unsigned>(rdata.size()));
  append(octets, rdata);
  return octets;
}

QueryBuilder::QueryBuilder() = default;
QueryBuilder::QueryBuilder(std::string_view name, zones::RrType type, std::uint16_t rr_class) {
  question(name, type, rr_class);
}

QueryBuilder& QueryBuilder::id(std::uint16_t id) {
  id_ = id;
  return *this;
}

QueryBuilder& QueryBuilder::flags(std::uint16_t flags) {
  flags_ = flags;
  return *this;
}

QueryBuilder& QueryBuilder::question(std::string_view name, zones::RrType type, std::uint16_t rr_class) {
  append(sections_[0], zones::Name::from_text(name)->wire());
  append_u16(sections_[0], static_cast<unsigned>(type));
  append_u16(sections_[0], rr_class);
  ++counts_[0];
  return *this;
}

QueryBuilder& QueryBuilder::record(int section, const Octets& octets) {
  sections_[section].insert(sections_[section].end(), octets.begin(), octets.end());
  ++counts_[section];
  return *this;
}

QueryBuilder& QueryBuilder::edns(std::uint16_t udp_size, bool dnssec_ok, std::uint8_t version) {
  edns_ = true;
  udp_size_ = udp_size;
  dnssec_ok_ = dnssec_ok;
  version_ = version;
  return *this;
}

QueryBuilder& QueryBuilder::option(std::uint16_t code, const Octets& body) {
  if (!edns_) edns();
  append_u16(options_, code);
  append_u16(options_, static_cast<unsigned>(body.size()));
  options_.insert(options_.end(), body.begin(), body.end());
  return *this;
}

QueryBuilder& QueryBuilder::count(int section, std::uint16_t count) {
  forced_[section] = count;
  return *this;
}

QueryBuilder& QueryBuilder::raw(const Octets& octets) {
  tail_.insert(tail_.end(), octets.begin(), octets.end());
  return *this;
}

Octets QueryBuilder::build() const {
  Octets octets;
  append_u16(octets, id_);
  append_u16(octets, flags_);
  for (int section = 0; section < 4; ++section) {
    const unsigned count = counts_[section] + (section == 3 && edns_ ? 1u : 0u);
    append_u16(octets, forced_[section] >= 0 ? static_cast<unsigned>(forced_[section]) : count);
  }
  for (const Octets& section : sections_) octets.insert(octets.end(), section.begin(), section.end());
  if (edns_) {
    octets.push_back(0);
    append_u16(octets, 41);
    append_u16(octets, udp_size_);
    append_u16(octets, version_);
    append_u16(octets, dnssec_ok_ ? 0x8000 : 0);
    append_u16(octets, static_cast<unsigned>(options_.size()));
    octets.insert(octets.end(), options_.begin(), options_.end());
  }
  octets.insert(octets.end(), tail_.begin(), tail_.end());
  return octets;
}

}  // namespace muster::dns::test
