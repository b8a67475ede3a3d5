// Queries as tests write them, and packets as hex with comments.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "zones/record.h"

namespace muster::dns::test {

using Octets = std::vector<std::uint8_t>;

// "00 01 # comment" to octets; blanks, line ends and what follows a # are skipped. Fails the test on anything
// else.
Octets from_hex(std::string_view text);
std::string to_hex(const Octets& octets);

// A whole query, built piece by piece; build() puts the counts in.
class QueryBuilder {
 public:
  explicit QueryBuilder(std::string_view name, zones::RrType type = zones::RrType::a,
                        std::uint16_t rr_class = 1);
  QueryBuilder();  // no question

  QueryBuilder& id(std::uint16_t id);
  QueryBuilder& flags(std::uint16_t flags);  // the header's second word
  QueryBuilder& question(std::string_view name, zones::RrType type, std::uint16_t rr_class = 1);
  // Raw octets as the next record of a section (1 answer, 2 authority, 3 additional).
  QueryBuilder& record(int section, const Octets& octets);
  QueryBuilder& edns(std::uint16_t udp_size = 1232, bool dnssec_ok = false, std::uint8_t version = 0);
  QueryBuilder& option(std::uint16_t code, const Octets& body = {});  // in the OPT, which it adds if need be
  QueryBuilder& count(int section, std::uint16_t count);              // instead of the true one
  QueryBuilder& raw(const Octets& octets);                            // behind everything
  Octets build() const;

 private:
  std::uint16_t id_ = 0x1234;
  std::uint16_t flags_ = 0;
  std::uint16_t counts_[4] = {0, 0, 0, 0};
  int forced_[4] = {-1, -1, -1, -1};
  Octets sections_[4];
  bool edns_ = false;
  std::uint16_t udp_size_ = 0;
  std::uint8_t version_ = 0;
  bool dnssec_ok_ = false;
  Octets options_;
  Octets tail_;
};

// A record with an uncompressed owner.
Octets record_octets(std::string_view owner, zones::RrType type, std::uint32_t ttl, std::string_view rdata,
                     std::uint16_t rr_class = 1);
void append(Octets& to, std::string_view octets);
void append_u16(Octets& to, unsigned value);

}  // namespace muster::dns::test
