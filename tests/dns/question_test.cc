#include "dns/question.h"

#include <gtest/gtest.h>

#include "tests/dns/support/packets.h"

namespace muster::dns {
namespace {

using test::append;
using test::append_u16;
using test::from_hex;
using test::Octets;
using test::QueryBuilder;
using test::record_octets;
using zones::RrType;

const std::string k63(63, 'x');

// An exact-size heap copy, so that AddressSanitizer sees an octet read too far.
ReadOutcome read_exactly(const Octets& octets, Query& query) {
  const std::vector<std::uint8_t> copy(octets.begin(), octets.end());
  return read_query(Packet(copy.data(), copy.size()), query);
}

Octets with_name(const Octets& name) {
  Octets tail = name;
  append_u16(tail, 1);
  append_u16(tail, 1);
  return QueryBuilder().count(0, 1).raw(tail).build();
}

Octets opt(const std::string& owner, const std::string& rdata = "", unsigned version = 0) {
  return record_octets(owner, RrType::opt, version << 16, rdata, 1232);
}

// An algorithm of one letter, a MAC of three octets, other data of one.
const std::string kTsigRdata(
    "\1h\0"
    "123456"
    "\1\54"
    "\0\3mac"
    "id"
    "\0\0"
    "\0\1o",
    23);
Octets tsig(const std::string& rdata = kTsigRdata, std::uint16_t rr_class = 255, std::uint32_t ttl = 0) {
  return record_octets("key.", RrType::tsig, ttl, rdata, rr_class);
}

TEST(Question, AQueryIsReadWhole) {
  Query query;
  const Octets packet =
      QueryBuilder("WeB.sVc.\\193[.", RrType::srv).id(0xbeef).flags(0x0110).edns(4096, true).build();
  ASSERT_TRUE(read_exactly(packet, query).ok);
  EXPECT_EQ(query.id, 0xbeef);
  EXPECT_TRUE(query.recursion_desired);
  EXPECT_TRUE(query.checking_disabled);
  EXPECT_TRUE(query.has_question);
  EXPECT_EQ(query.type, RrType::srv);
  EXPECT_EQ(query.rr_class, 1);
  EXPECT_EQ(query.name.wire(), std::string("\3web\3svc\2\xc1[\0", 12)) << "only A-Z fold (RFC 4343 §3)";
  EXPECT_EQ(query.name.labels, 3);
  EXPECT_EQ(query.name.suffix(1), std::string("\3svc\2\xc1[\0", 8));
  EXPECT_EQ(query.name.suffix(3), std::string("\0", 1));
  EXPECT_EQ(query.question_end, 12 + 12 + 4);
  EXPECT_TRUE(query.edns.present);
  EXPECT_TRUE(query.edns.dnssec_ok);
  EXPECT_EQ(query.edns.udp_size, 4096);
}

TEST(Question, OnlyLettersFoldInEveryPosition) {
  for (int octet = 0; octet < 256; ++octet) {
    SCOPED_TRACE(octet);
    Octets name = {20};
    name.insert(name.end(), 20, static_cast<std::uint8_t>(octet));
    name.push_back(0);
    Query query;
    ASSERT_TRUE(read_exactly(with_name(name), query).ok);
    const int folded = octet >= 'A' && octet <= 'Z' ? octet + 32 : octet;
    EXPECT_EQ(query.name.wire().substr(1, 20), std::string(20, static_cast<char>(folded)));
  }
}

TEST(Question, WhatIsLegalIsRead) {
  const std::string longest = k63 + "." + k63 + "." + k63 + "." + std::string(61, 'y') + ".";
  std::string labels127;
  for (int i = 0; i < 127; ++i) labels127 += "a.";
  Octets pointer_owner = {0xc0, 0x0c};
  append(pointer_owner, std::string("\0\1\0\1\0\0\0\0\0\0", 10));
  Octets pointer_behind_label = {1, 'b', 0xc0, 0x0c};
  append(pointer_behind_label, std::string("\0\1\0\1\0\0\0\0\0\0", 10));
  Octets hundred;
  for (unsigned i = 0; i < 100; ++i) {
    append_u16(hundred, 65001 + i);
    append_u16(hundred, 0);
  }
  const std::string hundred_options(hundred.begin(), hundred.end());
  struct Row {
    const char* why;
    Octets packet;
  };
  const Row rows[] = {
      {"the root", QueryBuilder(".").build()},
      {"labels of 63, a name of 255", QueryBuilder(longest).build()},
      {"127 labels", QueryBuilder(labels127).build()},
      {"records in answer and authority are walked and ignored (MSG6)",
       QueryBuilder("a.")
           .record(1, record_octets("b.", RrType::a, 0, "1234"))
           .record(2, pointer_owner)
           .build()},
      {"pointers at the question and at a record before",
       QueryBuilder("a.").record(1, pointer_owner).record(1, pointer_behind_label).build()},
      {"OPT before another record",
       QueryBuilder("a.").record(3, opt(".")).record(3, record_octets("b.", RrType::a, 0, "")).build()},
      {"NSID with a payload", QueryBuilder("a.").option(3, {1, 2, 3}).build()},
      {"unknown, empty and padding options",
       QueryBuilder("a.").option(65001).option(12, {0, 0}).option(65001, {9}).build()},
      {"a hundred unknown options, empty", QueryBuilder("a.").record(3, opt(".", hundred_options)).build()},
      {"every header flag but QR", QueryBuilder("a.").flags(0x07ff).build()},
      {"client subnet 0 of no family, as dig +subnet=0 sends it",
       QueryBuilder("a.").option(8, {0, 0, 0, 0}).build()},
      {"client subnet /17", QueryBuilder("a.").option(8, {0, 1, 17, 0, 10, 1, 0x80}).build()},
      {"a client cookie", QueryBuilder("a.").option(10, Octets(8)).build()},
      {"a full cookie", QueryBuilder("a.").option(10, Octets(40)).build()},
      {"a TSIG as the last record", QueryBuilder("a.").record(3, opt(".")).record(3, tsig()).build()},
      {"NOTIFY", QueryBuilder("a.", RrType::soa).flags(0x2400).build()},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    Query query;
    const ReadOutcome outcome = read_exactly(row.packet, query);
    EXPECT_TRUE(outcome.ok) << static_cast<int>(outcome.error);
    EXPECT_TRUE(query.has_question);
  }
}

TEST(Question, WhatIsWrongIsNamedAndWhatCouldBeReadIsKept) {
  Octets self_pointer = {0xc0, 0x13};
  append(self_pointer, std::string("\0\1\0\1\0\0\0\0\0\0", 10));
  Octets header_pointer = self_pointer;
  header_pointer[1] = 4;
  Octets too_long = {63};
  for (int i = 0; i < 4; ++i) {
    too_long.back() = 63;
    too_long.insert(too_long.end(), 63, 'x');
    too_long.push_back(0);
  }
  Octets one_too_long(too_long.begin(), too_long.end() - 1);
  one_too_long[3 * 64] = 62;
  one_too_long.back() = 0;
  const auto owned_by = [](Octets owner) {
    append(owner, std::string("\0\1\0\1\0\0\0\0\0\0", 10));
    return QueryBuilder("a.").count(1, 1).raw(owner).build();
  };
  const auto label_of = [](std::uint8_t length) {  // as many octets follow as it would mean
    Octets name = {length};
    name.insert(name.end(), length, 'a');
    name.push_back(0);
    return name;
  };
  Octets forwards = {0xc0, 0x13 + 12};  // behind this record's fixed fields, where a root follows
  append(forwards, std::string("\0\1\0\1\0\0\0\0\0\1\0", 11));
  Octets far_too_long;  // 250 octets of its own, then the question's 20
  for (const std::uint8_t size : {63, 63, 63, 57}) {
    far_too_long.push_back(size);
    far_too_long.insert(far_too_long.end(), size, 'x');
  }
  append_u16(far_too_long, 0xc00c);
  append(far_too_long, std::string("\0\1\0\1\0\0\0\0\0\0", 10));
  Octets two_questions = QueryBuilder("a.").question("b.", RrType::a).edns().build();
  struct Row {
    const char* why;
    Octets packet;
    WireError error;
    bool has_question;
    bool has_opt;
  };
  const Row rows[] = {
      {"nothing", {}, WireError::header_short, false, false},
      {"11 octets", Octets(11), WireError::header_short, false, false},
      {"a response", QueryBuilder("a.").flags(0x8000).build(), WireError::is_response, false, false},
      {"STATUS", QueryBuilder("a.").flags(0x1000).edns().build(), WireError::opcode, true, true},
      {"DSO", QueryBuilder("a.").flags(0x3000).build(), WireError::opcode, true, false},
      {"an opcode comes before anything else that is wrong", QueryBuilder().flags(0x3000).raw({1}).build(),
       WireError::opcode, false, false},
      {"no question; the OPT is still found", QueryBuilder().edns().build(), WireError::question_count, false,
       true},
      {"two questions (RFC 9619)", two_questions, WireError::question_count, false, true},
      {"65535 questions and nothing", QueryBuilder().count(0, 65535).build(), WireError::question_count,
       false, false},
      {"a label past the end", with_name({5, 'a'}), WireError::name_runs_out, false, false},
      {"a pointer in the question", with_name({0xc0, 0x0c}), WireError::name_compressed, false, false},
      {"a pointer behind a label", with_name({1, 'a', 0xc0, 0x0c}), WireError::name_compressed, false, false},
      {"256 octets", with_name(one_too_long), WireError::name_too_long, false, false},
      {"257 octets", with_name(too_long), WireError::name_too_long, false, false},
      {"label type 01", with_name({0x41, 'a', 0}), WireError::label_type, false, false},
      {"label type 10", with_name({0x81, 'a', 0}), WireError::label_type, false, false},
      {"no class", QueryBuilder().count(0, 1).raw({0, 0, 1}).build(), WireError::question_short, false,
       false},
      {"a count without its record", QueryBuilder("a.").count(1, 1).build(), WireError::record_unreadable,
       true, false},
      {"an OPT, then a count without its record", QueryBuilder("a.").edns().count(3, 2).build(),
       WireError::record_unreadable, true, true},
      {"RDLENGTH past the end",
       QueryBuilder("a.").count(3, 1).raw(from_hex("00 0001 0001 00000000 0005 01020304")).build(),
       WireError::record_unreadable, true, false},
      {"half a pointer", QueryBuilder("a.").count(1, 1).raw({0xc0}).build(), WireError::record_unreadable,
       true, false},
      {"a pointer at itself", QueryBuilder("a.").record(1, self_pointer).build(),
       WireError::record_unreadable, true, false},
      {"a pointer into the header", QueryBuilder("a.").record(1, header_pointer).build(),
       WireError::record_unreadable, true, false},
      {"a pointer forwards", QueryBuilder("a.").record(1, forwards).build(), WireError::record_unreadable,
       true, false},
      {"a pointer past the end", owned_by({0xff, 0xff}), WireError::record_unreadable, true, false},
      {"label type 01 in a record", owned_by(label_of(0x41)), WireError::record_unreadable, true, false},
      {"label type 10 in a record", owned_by(label_of(0x80)), WireError::record_unreadable, true, false},
      {"a record's name over 255 octets by its pointer",
       QueryBuilder(std::string(18, 'q') + ".").record(1, far_too_long).build(), WireError::record_unreadable,
       true, false},
      {"a record's name without its end", QueryBuilder("a.").count(1, 1).raw({1, 'a'}).build(),
       WireError::record_unreadable, true, false},
      {"a record without its fixed fields", QueryBuilder("a.").count(1, 1).raw({0, 0, 1, 0, 1}).build(),
       WireError::record_unreadable, true, false},
      {"records of all sections, but one fewer than the counts say",
       QueryBuilder("a.").count(1, 65535).count(2, 65535).edns().build(), WireError::record_unreadable, true,
       true},
      {"an octet behind the last record", QueryBuilder("a.").edns().raw({0}).build(),
       WireError::trailing_octets, true, true},
      {"two OPTs", QueryBuilder("a.").record(3, opt(".")).edns().build(), WireError::opt_twice, true, true},
      {"an OPT with an owner", QueryBuilder("a.").record(3, opt("x.")).build(), WireError::opt_owner, true,
       true},
      {"an OPT among the answers", QueryBuilder("a.").record(1, opt(".")).build(), WireError::opt_section,
       true, true},
      {"version 1, its broken options ignored", QueryBuilder("a.").record(3, opt(".", "\1", 1)).build(),
       WireError::opt_version, true, true},
      {"an option header cut", QueryBuilder("a.").record(3, opt(".", std::string("\0\3\0", 3))).build(),
       WireError::opt_option, true, true},
      {"an option body past RDLENGTH",
       QueryBuilder("a.").record(3, opt(".", std::string("\0\3\0\2x", 5))).build(), WireError::opt_option,
       true, true},
      {"a cookie of 7", QueryBuilder("a.").option(10, Octets(7)).build(), WireError::opt_option, true, true},
      {"a cookie of 15", QueryBuilder("a.").option(10, Octets(15)).build(), WireError::opt_option, true,
       true},
      {"a cookie of 41", QueryBuilder("a.").option(10, Octets(41)).build(), WireError::opt_option, true,
       true},
      {"client subnet, family 3", QueryBuilder("a.").option(8, {0, 3, 0, 0}).build(), WireError::opt_option,
       true, true},
      {"client subnet, 33 bits of IPv4", QueryBuilder("a.").option(8, {0, 1, 33, 0, 1, 2, 3, 4, 0}).build(),
       WireError::opt_option, true, true},
      {"client subnet, an octet too many", QueryBuilder("a.").option(8, {0, 1, 8, 0, 10, 0}).build(),
       WireError::opt_option, true, true},
      {"client subnet, a bit behind the prefix", QueryBuilder("a.").option(8, {0, 1, 9, 0, 10, 0x40}).build(),
       WireError::opt_option, true, true},
      {"client subnet, its header cut", QueryBuilder("a.").option(8, {0, 1, 0}).build(),
       WireError::opt_option, true, true},
      {"client subnet, 129 bits of IPv6",
       QueryBuilder("a.")
           .option(8, {0, 2, 129, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 0})
           .build(),
       WireError::opt_option, true, true},
      {"client subnet, bits of no family", QueryBuilder("a.").option(8, {0, 0, 1, 0, 0}).build(),
       WireError::opt_option, true, true},
      {"client subnet, an octet too few", QueryBuilder("a.").option(8, {0, 1, 24, 0, 10, 0}).build(),
       WireError::opt_option, true, true},
      {"client subnet with a scope", QueryBuilder("a.").option(8, {0, 1, 8, 8, 10}).build(),
       WireError::opt_option, true, true},
      {"two TSIGs", QueryBuilder("a.").record(3, tsig()).record(3, tsig()).build(), WireError::tsig_place,
       true, false},
      {"a record behind the TSIG", QueryBuilder("a.").record(3, tsig()).edns().build(), WireError::tsig_place,
       true, true},
      {"a TSIG among the answers", QueryBuilder("a.").record(1, tsig()).build(), WireError::tsig_place, true,
       false},
      {"a TSIG of class IN", QueryBuilder("a.").record(3, tsig(kTsigRdata, 1)).build(), WireError::tsig_form,
       true, false},
      {"a TSIG with a TTL", QueryBuilder("a.").record(3, tsig(kTsigRdata, 255, 1)).build(),
       WireError::tsig_form, true, false},
      {"a TSIG that runs out", QueryBuilder("a.").record(3, tsig(kTsigRdata.substr(0, 20))).build(),
       WireError::tsig_form, true, false},
      {"a TSIG with an octet too many", QueryBuilder("a.").record(3, tsig(kTsigRdata + "x")).build(),
       WireError::tsig_form, true, false},
      {"a TSIG whose algorithm is a pointer",
       QueryBuilder("a.").record(3, tsig("\xc0\x0c" + kTsigRdata.substr(3))).build(), WireError::tsig_form,
       true, false},
      {"no question, no cookie", QueryBuilder().edns().build(), WireError::question_count, false, true},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    Query query;
    const ReadOutcome outcome = read_exactly(row.packet, query);
    EXPECT_FALSE(outcome.ok);
    EXPECT_EQ(outcome.error, row.error);
    if (row.error <= WireError::is_response) continue;
    EXPECT_EQ(query.has_question, row.has_question);
    EXPECT_EQ(query.edns.present, row.has_opt);
  }
}

TEST(Question, OnlyATsigInItsPlaceIsHandedOn) {
  Query query;
  ASSERT_TRUE(read_exactly(QueryBuilder("a.").record(3, tsig()).build(), query).ok);
  EXPECT_EQ(query.tsig_at, 12 + 3 + 4);
  EXPECT_FALSE(read_exactly(QueryBuilder("a.").record(3, tsig()).raw({0}).build(), query).ok);
  EXPECT_EQ(query.tsig_at, 0) << "octets behind it are not signed";
  EXPECT_FALSE(read_exactly(QueryBuilder("a.").record(3, tsig()).flags(0x3000).build(), query).ok);
  EXPECT_EQ(query.tsig_at, 12 + 3 + 4) << "an opcode that is not served may be signed";
}

TEST(Question, NoQuestionButACookieIsTold) {
  Query query;
  EXPECT_FALSE(read_exactly(QueryBuilder().option(10, Octets(8)).build(), query).ok);
  EXPECT_TRUE(query.only_cookie);
  const Octets others[] = {QueryBuilder("a.").option(10, Octets(8)).build(),
                           QueryBuilder().edns().build(),
                           QueryBuilder().option(10, Octets(7)).build(),
                           QueryBuilder().option(10, Octets(8)).raw({0}).build(),
                           QueryBuilder().option(10, Octets(8)).flags(0x2400).build(),
                           QueryBuilder("a.").question("a.", RrType::a).option(10, Octets(8)).build()};
  for (const Octets& other : others) {
    SCOPED_TRACE(test::to_hex(other));
    static_cast<void>(read_exactly(other, query).ok);
    EXPECT_FALSE(query.only_cookie);
  }
}

TEST(Question, OfTwoCookiesTheFirstCounts) {
  const Octets packet = QueryBuilder("a.").option(10, Octets(8, 1)).option(10, Octets(8, 2)).build();
  Query query;
  ASSERT_TRUE(read_query(Packet(packet.data(), packet.size()), query).ok);
  EXPECT_EQ(query.edns.cookie[0], 1);
}

TEST(Question, EveryPrefixOfAGoodQueryIsRefusedWithoutOverReading) {
  const Octets whole = QueryBuilder("some.name.example.", RrType::srv)
                           .record(1, record_octets("x.", RrType::txt, 1, "\3abc"))
                           .option(3)
                           .option(10, Octets(24))
                           .build();
  Query query;
  ASSERT_TRUE(read_exactly(whole, query).ok);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    SCOPED_TRACE(size);
    EXPECT_FALSE(
        read_exactly(Octets(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)), query).ok);
  }
}

// What lies behind the packet in the receive buffer is another packet's.
TEST(Question, HalfAPointerIsNotCompletedByWhatLiesBehindThePacket) {
  Octets buffer = QueryBuilder("a.").count(1, 1).raw({0xc0}).build();
  const std::size_t size = buffer.size();
  append(buffer, std::string("\x0c\0\1\0\1\0\0\0\0\0\0", 11));
  Query query;
  EXPECT_EQ(read_query(Packet(buffer.data(), size), query).error, WireError::record_unreadable);
  EXPECT_TRUE(read_query(buffer, query).ok);
}

TEST(Question, ALongChainOfPointersIsRefusedInsteadOfWalked) {
  Octets chain;  // one record whose rdata is pointers, each at the one before
  append(chain, std::string("\0\0\x0a\0\1\0\0\0\0", 9));
  append_u16(chain, 400);
  unsigned before = 12;
  const unsigned rdata = 12 + 1 + 2 + 4 + 11;
  for (unsigned i = 0; i < 200; ++i) {
    append_u16(chain, 0xc000 | before);
    before = rdata + 2 * i;
  }
  Octets user;
  append_u16(user, 0xc000 | before);
  append(user, std::string("\0\1\0\1\0\0\0\0\0\0", 10));
  Query query;
  const ReadOutcome outcome =
      read_exactly(QueryBuilder("a.").record(1, chain).record(1, user).build(), query);
  EXPECT_FALSE(outcome.ok);
  EXPECT_EQ(outcome.error, WireError::record_unreadable);
}

}  // namespace
}  // namespace muster::dns
