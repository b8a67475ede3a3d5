// What is taken from an upstream's answer, and what is not.
#include <gmock/gmock.h>

#include <fstream>

#include "dns/forward/reply_reader.h"
#include "dns/octets.h"
#include "tests/dns/support/packets.h"

namespace muster::dns {
namespace {

using namespace std::string_view_literals;
using test::Octets;
using test::QueryBuilder;
using test::record_octets;
using zones::RrType;

constexpr std::uint16_t kReply = 0x8180;  // QR, RD, RA
constexpr std::string_view kSoa =
    "\2ns\7example\0\2ns\7example\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\55"sv;  // minimum 45

QueryBuilder reply_to(std::string_view name, RrType type = RrType::a, std::uint16_t flags = kReply) {
  return QueryBuilder(name, type).flags(flags);
}

UpstreamReplyResult read(const Octets& reply, std::string_view asked = "www.Example.",
                         RrType type = RrType::a, const std::function<bool(std::string_view)>& is_ours = {},
                         bool exact = true) {
  const Octets query = QueryBuilder(asked, type).flags(0x100).edns().build();
  // Exactly as large as it is, so that AddressSanitizer sees an octet read too far.
  const std::unique_ptr<std::uint8_t[]> copy(new std::uint8_t[reply.size()]);
  std::copy(reply.begin(), reply.end(), copy.get());
  return read_upstream_reply({copy.get(), reply.size()}, query, is_ours, exact);
}

Octets address(std::string_view owner, std::uint32_t ttl) {
  return record_octets(owner, RrType::a, ttl, "\300\0\2\1"sv);
}

TEST(UpstreamReply, IsKeptWithoutItsOpt) {
  const auto reply = read(reply_to("www.Example.")
                              .record(1, address("www.example.", 60))
                              .record(2, record_octets("example.", RrType::ns, 90, "\2ns\7example\0"sv))
                              .record(3, address("ns.example.", 30))
                              .edns()
                              .build());
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->rcode, Rcode::noerror);
  EXPECT_THAT(reply->counts, testing::ElementsAre(1, 1, 1));
  EXPECT_THAT(reply->ttls, testing::SizeIs(3));
  EXPECT_EQ(read_u32(reply->records.data() + reply->ttls[2]), 30u);
  EXPECT_EQ(reply->ends[2], reply->records.size());
  EXPECT_EQ(reply->lifetime, 60u) << "what stands beside an answer may be out of date";
}

TEST(UpstreamReply, HowLongItIsKept) {
  const Octets soa = record_octets("example.", RrType::soa, 50, kSoa);
  const Octets alias = record_octets("www.example.", RrType::cname, 20, "\1a\7example\0"sv);
  struct Row {
    const char* why;
    Octets reply;
    std::uint32_t lifetime;
  };
  const Row rows[] = {
      {"the shortest of all",
       reply_to("www.Example.")
           .record(1, address("www.example.", 60))
           .record(1, address("www.example.", 9))
           .build(),
       9},
      {"an hour at most", reply_to("www.Example.").record(1, address("www.example.", 86'400)).build(), 3'600},
      {"TTL 0: for who waits", reply_to("www.Example.").record(1, address("www.example.", 0)).build(), 0},
      {"a TTL with the highest bit is 0",
       reply_to("www.Example.").record(1, address("www.example.", 0x80000000)).build(), 0},
      {"NXDOMAIN: the SOA's minimum", reply_to("www.Example.", RrType::a, kReply | 3).record(2, soa).build(),
       45},
      {"NODATA likewise", reply_to("www.Example.").record(2, soa).build(), 45},
      {"NXDOMAIN without a SOA", reply_to("www.Example.", RrType::a, kReply | 3).build(), 0},
      {"an alias to nothing: the alias' own",
       reply_to("www.Example.", RrType::a, kReply | 3).record(1, alias).record(2, soa).build(), 20},
      {"five minutes at most",
       reply_to("www.Example.", RrType::a, kReply | 3)
           .record(2,
                   record_octets("example.", RrType::soa, 9'000,
                                 std::string(kSoa.substr(0, kSoa.size() - 4)) + std::string("\0\0\77\0", 4)))
           .build(),
       300},
      {"an alias and its end",
       reply_to("www.Example.").record(1, alias).record(1, address("a.example.", 60)).build(), 20},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    const auto reply = read(row.reply);
    ASSERT_TRUE(reply) << to_string(reply.error());
    EXPECT_EQ(reply->lifetime, row.lifetime);
  }
}

TEST(UpstreamReply, WhatIsNotTaken) {
  const Octets good = address("www.example.", 60);
  Octets longer = good;
  longer[longer.size() - 5] = 9;  // an rdata length beyond the end
  struct Row {
    const char* why;
    Octets reply;
    ForwardError error;
  };
  const Row rows[] = {
      {"eleven octets", Octets(11), ForwardError::header_short},
      {"a query", reply_to("www.Example.", RrType::a, 0x0100).build(), ForwardError::not_a_reply},
      {"a NOTIFY", reply_to("www.Example.", RrType::a, 0xa000).build(), ForwardError::not_a_reply},
      {"no question", QueryBuilder().flags(kReply).build(), ForwardError::not_a_reply},
      {"another name", reply_to("www.Exampl3.").build(), ForwardError::question_other},
      {"a longer name", reply_to("www.Example.com.").build(), ForwardError::question_other},
      {"another type", reply_to("www.Example.", RrType::aaaa).build(), ForwardError::question_other},
      {"other letters", reply_to("WWW.Example.").build(), ForwardError::question_case},
      {"cut", reply_to("www.Example.", RrType::a, kReply | 0x0200).build(), ForwardError::truncated},
      {"SERVFAIL", reply_to("www.Example.", RrType::a, kReply | 2).build(), ForwardError::rcode},
      {"FORMERR", reply_to("www.Example.", RrType::a, kReply | 1).build(), ForwardError::formerr},
      {"REFUSED", reply_to("www.Example.", RrType::a, kReply | 5).build(), ForwardError::rcode},
      {"BADVERS, whose upper bits are in the OPT",
       reply_to("www.Example.").record(3, Octets{0, 0, 41, 4, 208, 1, 0, 0, 0, 0, 0}).build(),
       ForwardError::rcode},
      {"more records than there are", reply_to("www.Example.").record(1, good).count(1, 2).build(),
       ForwardError::record_unreadable},
      {"rdata beyond the end", reply_to("www.Example.").record(1, longer).build(),
       ForwardError::record_unreadable},
      {"an OPT among the answers",
       reply_to("www.Example.").record(1, Octets{0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0}).build(),
       ForwardError::record_unreadable},
      {"a pointer forwards in rdata",
       reply_to("www.Example.")
           .record(1, record_octets("www.example.", RrType::cname, 1, "\300\377"sv))
           .build(),
       ForwardError::record_unreadable},
      {"a name and more in rdata",
       reply_to("www.Example.").record(1, record_octets("www.example.", RrType::cname, 1, "\0x"sv)).build(),
       ForwardError::record_unreadable},
      {"an SRV too short",
       reply_to("www.Example.").record(1, record_octets("www.example.", RrType::srv, 1, "\0\1"sv)).build(),
       ForwardError::record_unreadable},
      {"octets behind", reply_to("www.Example.").record(1, good).raw({1}).build(),
       ForwardError::trailing_octets},
      {"a referral",
       reply_to("www.Example.", RrType::a, 0x8100)
           .record(2, record_octets("example.", RrType::ns, 90, "\2ns\7example\0"sv))
           .build(),
       ForwardError::referral},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    const auto reply = read(row.reply);
    ASSERT_FALSE(reply);
    EXPECT_EQ(to_string(reply.error()), to_string(row.error));
  }
}

// What a pointer of the second record leads to; the first is at 29, behind the question: its owner, type and
// class, TTL (35 to 38), size (39), address (41 to 44).
Octets pointing(std::uint8_t at) {
  return reply_to("www.Example.")
      .record(1, Octets{0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 0, 1})
      .record(1, Octets{0xc0, at, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 0, 1})
      .build();
}

TEST(UpstreamReply, NoNameRunsThroughWhatWillBeCountedDown) {
  EXPECT_TRUE(read(pointing(12)));
  EXPECT_TRUE(read(pointing(33))) << "the class: odd, and stays as it is";
  EXPECT_TRUE(read(pointing(39))) << "the size likewise";
  for (const int at : {34, 35, 36, 37}) {
    const auto reply = read(pointing(static_cast<std::uint8_t>(at)));
    ASSERT_FALSE(reply) << at;
    EXPECT_EQ(reply.error(), ForwardError::record_unreadable);
  }
}

TEST(UpstreamReply, APointerMayLeadIntoRdataThatWeDoNotRead) {
  EXPECT_TRUE(read(reply_to("www.Example.")
                       .record(1, Octets{0xc0, 12, 255, 0, 0, 1, 0, 0, 0, 60, 0, 3, 1, 'a', 0})
                       .record(3, Octets{0xc0, 41, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1})
                       .build()));
}

// The class' last octet, 1, is the first label's size, and the label the pointer's own first octet.
TEST(UpstreamReply, WhatAPointerLeadsToEndsBeforeThePointer) {
  const Octets whole = reply_to("www.Example.")
                           .record(1, Octets{0xc0, 28, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1})
                           .record(1, Octets{0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 0, 1})
                           .build();
  const auto reply = read(whole);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error(), ForwardError::record_unreadable);
}

TEST(UpstreamReply, EveryBeginningIsRefused) {
  const Octets whole = reply_to("www.Example.")
                           .record(1, record_octets("www.example.", RrType::cname, 20, "\1a\7example\0"sv))
                           .record(1, address("a.example.", 60))
                           .record(2, record_octets("example.", RrType::soa, 50, kSoa))
                           .edns()
                           .build();
  ASSERT_TRUE(read(whole));
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(read(Octets(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)))) << size;
}

TEST(UpstreamReply, NobodyElsesWordCountsForOurNames) {
  const Octets alias = record_octets("www.example.", RrType::cname, 20, "\3web\3svc\10internal\0"sv);
  const auto is_ours = [](std::string_view name) { return name.ends_with("\3svc\10internal\0"sv); };
  const auto ask = [&](const Octets& reply) { return read(reply, "www.Example.", RrType::a, is_ours); };
  const auto reply = ask(reply_to("www.Example.", RrType::a, kReply | 0x20)
                             .record(1, alias)
                             .record(1, address("web.SVC.internal.", 60))
                             .record(3, address("x.example.", 5))
                             .build());
  ASSERT_TRUE(reply);
  EXPECT_THAT(reply->counts, testing::ElementsAre(1, 0, 0));
  EXPECT_EQ(reply->records.size(), alias.size());
  EXPECT_EQ(reply->lifetime, 20u) << "the alias is theirs to give";
  EXPECT_FALSE(reply->authenticated);
  const auto denied = ask(reply_to("www.Example.", RrType::a, kReply | 3)
                              .record(1, alias)
                              .record(2, record_octets("example.", RrType::soa, 50, kSoa))
                              .build());
  ASSERT_TRUE(denied);
  EXPECT_EQ(denied->rcode, Rcode::noerror) << "that our name is not there is not theirs to say";
  EXPECT_THAT(denied->counts, testing::ElementsAre(1, 0, 0));
  const auto at_once = ask(reply_to("www.Example.").record(1, address("www.svc.internal.", 60)).build());
  ASSERT_TRUE(at_once);
  EXPECT_THAT(at_once->counts, testing::ElementsAre(0, 0, 0));
  EXPECT_EQ(at_once->lifetime, 0u);
}

TEST(UpstreamReply, OverTcpTheLettersSayNothing) {
  const Octets other = reply_to("WWW.Example.").record(1, address("www.example.", 60)).build();
  EXPECT_FALSE(read(other));
  EXPECT_TRUE(read(other, "www.Example.", RrType::a, {}, false));
  EXPECT_FALSE(read(reply_to("www.Exampl3.").build(), "www.Example.", RrType::a, {}, false));
}

TEST(UpstreamReply, WhatStandsBehindAnOptIsLeftOut) {
  const auto reply = read(reply_to("www.Example.")
                              .record(1, address("www.example.", 60))
                              .record(3, Octets{0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0})
                              .record(3, address("late.example.", 60))
                              .build());
  ASSERT_TRUE(reply);
  EXPECT_THAT(reply->counts, testing::ElementsAre(1, 0, 0));
}

}  // namespace
}  // namespace muster::dns
