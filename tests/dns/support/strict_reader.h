// Our own reader of replies, stricter than ldns (which accepts trailing octets and forward pointers): it
// reads a reply beside its query and complains about every rule that any reply must keep. ldns decodes the
// same octets and gives the text that tests compare.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/dns/support/packets.h"

namespace muster::dns::test {

struct ReadRecord {
  std::string owner;  // wire form as written, uncompressed
  std::uint16_t type = 0;
  std::uint16_t rr_class = 0;
  std::uint32_t ttl = 0;
  std::string rdata;  // names uncompressed
  std::size_t wire_rdata_size = 0;
};

struct Reply {
  bool silent = false;
  std::size_t size = 0;
  unsigned rcode = 0;  // with the OPT's upper bits
  bool aa = false;
  bool tc = false;
  bool ra = false;
  bool has_question = false;
  std::vector<ReadRecord> sections[4];  // 1 answer, 2 authority, 3 additional without OPT
  bool has_opt = false;
  bool has_tsig = false;                    // the last record of all; judged by tests/dns/support/signing.h
  std::map<unsigned, std::string> options;  // by code; an extended error is one of them
  // Each section's records as ldns writes them, "owner ttl type rdata", in the order of the reply.
  std::vector<std::string> answer;
  std::vector<std::string> authority;
  std::vector<std::string> additional;
  int extended_error() const;  // -1: none
  std::string extended_text() const;
};

// Reads and checks; what is broken fails the test that runs. `udp`: the size limit of UDP applies. `may_recurse`: it may be
// another server's word, and have RA.
Reply read_reply(const Octets& query, const Octets& reply, bool udp, bool may_recurse = false);

// The messages of one transfer: the question and the OPT are in the first, records in the answer sections only.
// Gives the header of the first and the records of all.
Reply read_transfer(const Octets& query, const std::vector<Octets>& messages);

}  // namespace muster::dns::test
