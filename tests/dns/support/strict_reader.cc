#include "tests/dns/support/strict_reader.h"

#include <gtest/gtest.h>
#include <ldns/ldns.h>

#include <algorithm>
#include <memory>
#include <set>
#include <tuple>

#include "dns/question.h"
#include "zones/name.h"

namespace muster::dns::test {
namespace {

constexpr std::uint16_t kUdpSize = 1232;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), zones::fold);
  return text;
}

// Which octets lead to a name in rdata, how many names follow, and may they be compressed (RFC 3597 §4).
struct NameFields {
  std::size_t lead = 0;
  int names = 0;
  bool compressible = false;
};

NameFields name_fields(unsigned type) {
  switch (type) {
    case 2:
    case 3:
    case 4:
    case 5:
    case 7:
    case 8:
    case 9:
    case 12: return {0, 1, true};
    case 6:
    case 14: return {0, 2, true};
    case 15: return {2, 1, true};
    case 17: return {0, 2, false};
    case 39: return {0, 1, false};
    case 18:
    case 36: return {2, 1, false};
    case 33: return {6, 1, false};
    case 64:
    case 65: return {2, 1, false};
    default: return {};
  }
}

class StrictReader {
 public:
  StrictReader(const Octets& query, const Octets& octets, bool udp, bool may_recurse = false)
      : query_(query), octets_(octets), udp_(udp), may_recurse_(may_recurse) {}

  // Of a transfer; `later`: not the first.
  Reply read_part(bool later) {
    read_header();
    read_question();
    for (int section = 1; section <= 3 && !broken_; ++section) read_section(section);
    EXPECT_EQ(at_, octets_.size()) << "octets behind the last record";
    EXPECT_TRUE(reply_.aa) << "AA on each message (RFC 5936 §2.2.1)";
    EXPECT_FALSE(reply_.tc);
    if (later) {
      EXPECT_FALSE(reply_.has_question);
      EXPECT_FALSE(reply_.has_opt);
    } else {
      check_query();
    }
    return reply_;
  }

  Reply read() {
    reply_.size = octets_.size();
    if (octets_.empty()) {
      reply_.silent = true;
      return reply_;
    }
    EXPECT_GE(octets_.size(), 12u);
    if (octets_.size() < 12) return reply_;
    read_header();
    read_question();
    for (int section = 1; section <= 3 && !broken_; ++section) read_section(section);
    if (!broken_) {
      EXPECT_EQ(at_, octets_.size()) << "octets behind the last record";
    }
    check_query();
    check_rrsets();
    return reply_;
  }

 private:
  unsigned u16(std::size_t at) {
    if (at + 2 > octets_.size()) {
      broken("a number runs out");
      return 0;
    }
    return static_cast<unsigned>(octets_[at] << 8 | octets_[at + 1]);
  }
  void broken(const char* what) {
    if (!broken_) ADD_FAILURE() << what << " at octet " << at_ << "\n" << to_hex(octets_);
    broken_ = true;
  }

  void read_header() {
    EXPECT_EQ(u16(0), static_cast<unsigned>(query_[0] << 8 | query_[1])) << "ID";
    EXPECT_TRUE(octets_[2] & 0x80) << "QR";
    EXPECT_EQ(octets_[2] & 0x78, query_[2] & 0x78) << "opcode";
    EXPECT_EQ(octets_[2] & 1, query_[2] & 1) << "RD";
    EXPECT_EQ(octets_[3] & 0x10, query_[3] & 0x10) << "CD";
    EXPECT_FALSE(octets_[3] & 0x60) << "Z and AD";
    reply_.aa = octets_[2] & 4;
    reply_.tc = octets_[2] & 2;
    reply_.ra = octets_[3] & 0x80;
    reply_.rcode = octets_[3] & 15;
  }

  void read_question() {
    const unsigned count = u16(4);
    EXPECT_LE(count, 1u);
    reply_.has_question = count == 1;
    if (!reply_.has_question) return;
    const std::size_t start = at_;
    name(false);
    at_ += 4;
    if (broken_ || at_ > octets_.size()) return broken("the question runs out");
    ASSERT_LE(at_, query_.size());
    EXPECT_TRUE(std::equal(octets_.begin() + static_cast<std::ptrdiff_t>(start),
                           octets_.begin() + static_cast<std::ptrdiff_t>(at_),
                           query_.begin() + static_cast<std::ptrdiff_t>(start)))
        << "the question comes back octet for octet (MSG5)";
  }

  // Reads at at_. Pointers go strictly backwards, not into the header.
  std::string name(bool compressible) {
    std::string wire;
    std::size_t at = at_;
    std::size_t segment = at_;
    bool jumped = false;
    while (!broken_) {
      if (at >= octets_.size()) {
        broken("a name runs out");
        break;
      }
      const std::size_t length = octets_[at];
      if (length >= 0xc0) {
        if (!compressible) broken("a pointer where none may be (SIZ6)");
        const std::size_t target = u16(at) & 0x3fff;
        if (target < 12 || target >= segment) broken("a pointer that does not go strictly backwards (SIZ7)");
        if (!jumped) at_ = at + 2;
        jumped = true;
        at = segment = target;
        continue;
      }
      if (length > 63) broken("a label type");
      if (at + 1 + length > octets_.size()) broken("a label runs out");
      if (broken_) break;
      wire.append(octets_.begin() + static_cast<std::ptrdiff_t>(at),
                  octets_.begin() + static_cast<std::ptrdiff_t>(at + 1 + length));
      if (wire.size() > 255) broken("a name over 255 octets");
      at += 1 + length;
      if (length == 0) break;
    }
    if (!jumped) at_ = at;
    return wire;
  }

  std::string raw(std::size_t size) {
    if (at_ + size > octets_.size()) {
      broken("rdata runs out");
      return {};
    }
    const auto begin = octets_.begin() + static_cast<std::ptrdiff_t>(at_);
    at_ += size;
    return std::string(begin, begin + static_cast<std::ptrdiff_t>(size));
  }

  void read_section(int section) {
    for (unsigned i = u16(4 + 2 * static_cast<std::size_t>(section)); i > 0 && !broken_; --i) {
      ReadRecord record;
      const bool root_owner = at_ < octets_.size() && octets_[at_] == 0;
      record.owner = name(true);
      record.type = static_cast<std::uint16_t>(u16(at_));
      record.rr_class = static_cast<std::uint16_t>(u16(at_ + 2));
      record.ttl = u16(at_ + 4) << 16 | u16(at_ + 6);
      const std::size_t size = u16(at_ + 8);
      at_ += 10;
      const std::size_t end = at_ + size;
      record.wire_rdata_size = size;
      if (broken_ || end > octets_.size()) return broken("rdata runs out");
      const NameFields fields = name_fields(record.type);
      if (fields.names > 0) record.rdata = raw(fields.lead);
      for (int n = 0; n < fields.names; ++n) record.rdata += name(fields.compressible);
      if (at_ > end) return broken("a name runs out of its rdata");
      record.rdata += raw(end - at_);
      EXPECT_FALSE(reply_.has_tsig) << "a record behind the TSIG (RFC 8945 §5.1)";
      if (record.type == 250) {
        EXPECT_EQ(section, 3);
        reply_.has_tsig = true;
      } else if (record.type == 41) {
        read_opt(section, root_owner, record);
      } else {
        reply_.sections[section].push_back(std::move(record));
      }
    }
  }

  void read_opt(int section, bool root_owner, const ReadRecord& record) {
    EXPECT_EQ(section, 3);
    EXPECT_FALSE(reply_.has_opt) << "two OPTs";
    EXPECT_TRUE(root_owner);
    EXPECT_EQ(record.rr_class, kUdpSize);
    EXPECT_EQ(record.ttl >> 16 & 0xff, 0u) << "version";
    EXPECT_EQ(record.ttl & 0x7fff, 0u) << "flags but DO";
    reply_.has_opt = true;
    dnssec_ok_ = record.ttl & 0x8000;
    reply_.rcode |= record.ttl >> 24 << 4;
    for (std::size_t at = 0; at < record.rdata.size();) {
      ASSERT_LE(at + 4, record.rdata.size());
      const auto octet = [&](std::size_t i) { return static_cast<unsigned char>(record.rdata[i]); };
      const unsigned code = static_cast<unsigned>(octet(at) << 8 | octet(at + 1));
      const std::size_t size = static_cast<std::size_t>(octet(at + 2) << 8 | octet(at + 3));
      ASSERT_LE(at + 4 + size, record.rdata.size());
      EXPECT_TRUE(reply_.options.emplace(code, record.rdata.substr(at + 4, size)).second);
      at += 4 + size;
    }
  }

  // Our own reader of queries has its own tests; here it tells what the query offered.
  void check_query() {
    Query query;
    const ReadOutcome outcome = read_query(Packet(query_.data(), query_.size()), query);
    EXPECT_EQ(reply_.has_opt, query.edns.present) << "an OPT if and only if the query had one (EDN1)";
    EXPECT_EQ(reply_.has_question, query.has_question);
    if (reply_.has_opt) {
      EXPECT_EQ(dnssec_ok_, query.edns.dnssec_ok);
    }
    if (!reply_.has_opt) {
      EXPECT_LT(reply_.rcode, 16u);
    }
    const std::size_t offer = query.edns.present ? std::max<std::size_t>(512, query.edns.udp_size) : 512;
    const std::size_t limit = udp_ ? std::min<std::size_t>(offer, kUdpSize) : 65535;
    EXPECT_LE(octets_.size(), outcome.ok || offer < limit ? limit : std::max<std::size_t>(limit, 512))
        << "SIZ1";
    if (!udp_) {
      EXPECT_FALSE(reply_.tc) << "no TC over TCP";
    }
    EXPECT_FALSE(reply_.ra && !may_recurse_);
  }

  // RFC 2181 §5: an RRset stands together, has one TTL, and holds no record twice.
  void check_rrsets() {
    std::set<std::tuple<std::string, unsigned, std::string>> records;
    for (const auto& section : reply_.sections) {
      std::map<std::pair<std::string, unsigned>, std::uint32_t> ttls;
      std::pair<std::string, unsigned> before;
      for (const ReadRecord& record : section) {
        const std::pair<std::string, unsigned> key(lower(record.owner), record.type);
        EXPECT_TRUE(records.emplace(key.first, key.second, record.rdata).second) << "a record twice";
        EXPECT_LE(record.ttl, 0x7fffffffu);
        const auto [known, fresh] = ttls.emplace(key, record.ttl);
        EXPECT_EQ(known->second, record.ttl) << "two TTLs in an RRset";
        EXPECT_TRUE(fresh || key == before) << "an RRset in pieces";
        before = key;
      }
    }
  }

  const Octets& query_;
  const Octets& octets_;
  bool udp_;
  bool may_recurse_;
  std::size_t at_ = 12;
  bool broken_ = false;
  bool dnssec_ok_ = false;
  Reply reply_;
};

std::vector<std::string> ldns_texts(const ldns_rr_list* list) {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < ldns_rr_list_rr_count(list); ++i) {
    const ldns_rr* rr = ldns_rr_list_rr(list, i);
    char* written = ldns_rr2str(rr);
    std::string text = written;
    std::free(written);  // NOLINT: ldns gives memory of malloc
    std::replace(text.begin(), text.end(), '\t', ' ');
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
    const std::size_t in = text.find(" IN ");
    if (in != std::string::npos) text.erase(in, 3);
    texts.push_back(text);
  }
  return texts;
}

void decode_with_ldns(const Octets& octets, Reply& reply) {
  ldns_pkt* raw = nullptr;
  const ldns_status status = ldns_wire2pkt(&raw, octets.data(), octets.size());
  ASSERT_EQ(status, LDNS_STATUS_OK) << ldns_get_errorstr_by_id(status) << "\n" << to_hex(octets);
  const std::unique_ptr<ldns_pkt, void (*)(ldns_pkt*)> packet(raw, ldns_pkt_free);
  reply.answer = ldns_texts(ldns_pkt_answer(raw));
  reply.authority = ldns_texts(ldns_pkt_authority(raw));
  reply.additional = ldns_texts(ldns_pkt_additional(raw));
  EXPECT_EQ(reply.answer.size(), reply.sections[1].size());
  EXPECT_EQ(reply.authority.size(), reply.sections[2].size());
  EXPECT_EQ(reply.additional.size(), reply.sections[3].size());
}

}  // namespace

int Reply::extended_error() const {
  const auto found = options.find(15);
  if (found == options.end() || found->second.size() < 2) return -1;
  return static_cast<unsigned char>(found->second[0]) << 8 | static_cast<unsigned char>(found->second[1]);
}

std::string Reply::extended_text() const { return extended_error() < 0 ? "" : options.at(15).substr(2); }

Reply read_transfer(const Octets& query, const std::vector<Octets>& messages) {
  Reply all;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    Reply one = StrictReader(query, messages[i], false).read_part(i > 0);
    decode_with_ldns(messages[i], one);
    EXPECT_TRUE(one.authority.empty());
    EXPECT_TRUE(one.additional.empty());
    if (i == 0) {
      all = std::move(one);
    } else {
      all.answer.insert(all.answer.end(), one.answer.begin(), one.answer.end());
      all.sections[1].insert(all.sections[1].end(), one.sections[1].begin(), one.sections[1].end());
    }
  }
  return all;
}

Reply read_reply(const Octets& query, const Octets& reply, bool udp, bool may_recurse) {
  Reply read = StrictReader(query, reply, udp, may_recurse).read();
  if (!read.silent) decode_with_ldns(reply, read);
  return read;
}

}  // namespace muster::dns::test
