// What a query shows of its sender, through answer(): signatures, cookies, and the rate of replies.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dns/octets.h"
#include "tests/dns/support/signing.h"
#include "tests/dns/support/strict_reader.h"
#include "tests/dns/support/world.h"

namespace muster::dns {
namespace {

using test::kNow;
using test::Octets;
using test::QueryBuilder;
using test::Reply;
using test::sign;
using test::Signing;
using testing::IsEmpty;
using testing::SizeIs;
using zones::RrType;

unsigned code(Rcode rcode) { return static_cast<unsigned>(rcode); }

class SenderTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    world_ = new test::World;
    test::build_shapes(*world_);
  }
  static void TearDownTestSuite() {
    delete world_;
    world_ = nullptr;
  }

  Reply ask(const Octets& query, const Client& client = test::udp_client()) {
    octets_ = thread_.ask(query, client);
    return test::read_reply(query, octets_, client.transport == Transport::udp);
  }

  // The reply to a signed query, whose MAC is checked with the request's.
  Reply ask_signed(const Octets& query, const Signing& signing, const Client& client = test::udp_client()) {
    const Octets packet = sign(query, signing);
    const Reply reply = ask(packet, client);
    const auto read = test::take_off(octets_);
    EXPECT_TRUE(read) << "no TSIG";
    if (!read) return reply;
    Signing expected = signing;
    expected.mac_octets = 64;
    expected.prior = test::take_off(packet)->mac;
    expected.time = read->signing.time;
    expected.error = read->signing.error;
    expected.other = read->signing.other;
    error_ = read->signing.error;
    EXPECT_EQ(read->signing.original_id, read_u16(octets_.data()));
    if (error_ != 16 && error_ != 17) {
      EXPECT_EQ(read->mac, mac_of(read->message, expected));
    } else {
      EXPECT_THAT(read->mac, IsEmpty());
    }
    return reply;
  }

  const Counters& counters() { return thread_.answerer().counters; }
  std::uint64_t tsig_count(TsigCheck check) {
    return counters().tsig[static_cast<std::size_t>(check)].value();
  }
  void limit_rate(std::uint32_t responses_per_second, std::uint32_t slip) {
    AnswerConfig& config = thread_.answerer().config;
    config.rate_limit = {responses_per_second, slip};
    config.rate_limiter = std::make_shared<RateLimiter>(zones::SipKey{1});
  }

  static test::World* world_;
  test::Thread thread_{*world_};
  Octets octets_;       // the last reply
  unsigned error_ = 0;  // in its TSIG
};
test::World* SenderTest::world_ = nullptr;

Octets a_query() { return QueryBuilder("web.example.com.").build(); }
Octets edns_query() { return QueryBuilder("web.example.com.").edns().build(); }

TEST_F(SenderTest, SignedQueriesGetSignedReplies) {
  struct Row {
    const char* key;
    const char* algorithm;
  };
  for (const Row& row : {Row{"Transfer", "hmac-sha256"}, Row{"sha1", "HMAC-SHA1"},
                         Row{"sha384", "hmac-sha384"}, Row{"sha512", "hmac-sha512"}}) {
    SCOPED_TRACE(row.key);
    Signing signing;
    signing.name = row.key;
    signing.algorithm = row.algorithm;
    for (const Client& client : {test::udp_client(), test::tcp_client()}) {
      for (const Octets& query : {a_query(), edns_query()}) {
        const Reply reply = ask_signed(query, signing, client);
        EXPECT_EQ(error_, 0u);
        EXPECT_EQ(reply.rcode, code(Rcode::noerror));
        EXPECT_THAT(reply.answer, SizeIs(1));
      }
    }
  }
  EXPECT_EQ(tsig_count(TsigCheck::verified), 16u);
  EXPECT_FALSE(ask(a_query()).has_tsig);
}

// A key's name may be compressed (RFC 8945 §4.2): pointers into the question, followed back.
TEST_F(SenderTest, TheOwnerOfASignatureMayBeAPointer) {
  const Octets query = QueryBuilder("transfer.", RrType::soa).build();
  const Octets packet = sign(query, Signing());
  Octets compressed = query;
  compressed[11] = 1;  // a record in the additional section
  const std::size_t owner = std::string_view("\10transfer").size() + 1;
  compressed.insert(compressed.end(), {0xc0, 0x0c});
  compressed.insert(compressed.end(), packet.begin() + static_cast<std::ptrdiff_t>(query.size() + owner), packet.end());
  EXPECT_EQ(ask(compressed).rcode, code(Rcode::refused)) << "verified, then no zone of ours";
  EXPECT_EQ(tsig_count(TsigCheck::verified), 1U);
}

TEST_F(SenderTest, EveryReplyToASignedQueryIsSigned) {
  struct Row {
    const char* why;
    Octets query;
    Rcode rcode;
  };
  const Row rows[] = {
      {"NXDOMAIN", QueryBuilder("no.example.com.").build(), Rcode::nxdomain},
      {"no zone of ours", QueryBuilder("elsewhere.").edns().build(), Rcode::refused},
      {"a meta type", QueryBuilder("web.example.com.", RrType::tkey).build(), Rcode::formerr},
      {"an opcode that is not served", QueryBuilder("web.example.com.").flags(0x1000).build(), Rcode::notimp},
      {"another version of EDNS", QueryBuilder("web.example.com.").edns(1232, false, 1).build(),
       Rcode::badvers},
      {"a transfer", QueryBuilder("example.com.", RrType::ixfr).build(), Rcode::refused},
      {"class CH", QueryBuilder("id.server.", RrType::txt, 3).build(), Rcode::noerror},
      {"nothing but a cookie", QueryBuilder().option(10, Octets(8)).build(), Rcode::noerror},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    EXPECT_EQ(ask_signed(row.query, {}).rcode, code(row.rcode));
    EXPECT_EQ(error_, 0u);
  }
}

TEST_F(SenderTest, BadSignaturesAreNotauth) {
  struct Row {
    const char* why;
    Signing signing;
    Rcode rcode;
    unsigned error;
  };
  Signing key, algorithm, secret, late, short_mac, shorter;
  key.name = "stranger";
  algorithm.algorithm = "hmac-sha512";
  secret.secret = "guess";
  late.time = kNow - 1000;
  short_mac.mac_octets = 16;
  const Row rows[] = {{"an unknown key", key, Rcode::notauth, 17},
                      {"another algorithm on a plain query", algorithm, Rcode::notauth, 17},
                      {"another secret", secret, Rcode::notauth, 16},
                      {"another time: signed, our time inside", late, Rcode::notauth, 18},
                      {"a MAC cut short: signed", short_mac, Rcode::notauth, 22}};
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    for (const Client& client : {test::udp_client(), test::tcp_client()}) {
      const Reply reply = ask_signed(edns_query(), row.signing, client);
      EXPECT_EQ(reply.rcode, code(row.rcode));
      EXPECT_FALSE(reply.aa);
      EXPECT_THAT(reply.answer, IsEmpty());
      EXPECT_EQ(error_, row.error);
    }
  }
  EXPECT_EQ(tsig_count(TsigCheck::bad_key), 4u);
  EXPECT_EQ(tsig_count(TsigCheck::bad_time), 2u);

  shorter.mac_octets = 5;
  EXPECT_EQ(ask(sign(a_query(), shorter)).rcode, code(Rcode::formerr));
  EXPECT_FALSE(test::take_off(octets_));
}

TEST_F(SenderTest, WhatCannotBeReadIsToldAsThatWhoeverSignedIt) {
  Signing stranger;
  stranger.name = "stranger";
  const Reply reply = ask(sign(QueryBuilder("web.example.com.").edns(1232, false, 1).build(), stranger));
  EXPECT_EQ(reply.rcode, code(Rcode::badvers));
  EXPECT_FALSE(reply.has_tsig);
}

TEST_F(SenderTest, TheSignatureHasItsRoomAndTruncatedRepliesAreSigned) {
  for (const char* name : {"fat.example.com.", "_big._tcp.svc.internal."}) {
    SCOPED_TRACE(name);
    const RrType type = name[0] == 'f' ? RrType::txt : RrType::srv;
    const Reply reply = ask_signed(QueryBuilder(name, type).edns().build(), {});
    EXPECT_TRUE(reply.tc);
    EXPECT_THAT(reply.answer, IsEmpty());
  }
  // A set that is cut to what fits is cut before the signature.
  const Reply cut = ask_signed(QueryBuilder("many.svc.internal.").edns().build(), {});
  EXPECT_FALSE(cut.tc);
  EXPECT_LE(cut.size, 1232u);
  EXPECT_GT(cut.size, 1232u - 16);
  // The longest question, without EDNS.
  const std::string label(63, 'q');
  const std::string longest = label + "." + label + "." + label + "." + std::string(61, 'q') + ".";
  EXPECT_EQ(ask_signed(QueryBuilder(longest).build(), {}).rcode, code(Rcode::refused));
}

TEST_F(SenderTest, AStrangersLongNamesAreLeftOutWhereTheyDoNotFit) {
  const std::string label(63, 'q');
  const std::string longest = label + "." + label + "." + label + "." + std::string(61, 'q') + ".";
  const std::string rdata = std::string(zones::Name::from_text(longest)->wire()) + std::string(16, '\0');
  const Octets query =
      QueryBuilder(longest).record(3, test::record_octets(longest, RrType::tsig, 0, rdata, 255)).build();
  EXPECT_EQ(ask(query).rcode, code(Rcode::notauth));
  EXPECT_LE(octets_.size(), 512u);
  EXPECT_FALSE(ask(query).has_tsig);
  EXPECT_TRUE(ask(query, test::tcp_client()).has_tsig);
}

TEST_F(SenderTest, TheVerdictStaysForWhoAnswersLater) {
  ask_signed(a_query(), {});
  EXPECT_EQ(thread_.answerer().scratch.tsig.check, TsigCheck::verified);
  EXPECT_EQ(thread_.answerer().scratch.tsig.key->name.text(), "transfer.");
}

// Cookies

Octets cookie_query(const Octets& cookie) {
  return QueryBuilder("web.example.com.").option(10, cookie).build();
}

Octets octets_of(const std::string& text) { return {text.begin(), text.end()}; }

TEST_F(SenderTest, CookiesAreGivenAndTaken) {
  const Octets client_cookie(8, 'c');
  const Reply first = ask(cookie_query(client_cookie));
  ASSERT_TRUE(first.options.contains(10));
  const Octets given = octets_of(first.options.at(10));
  ASSERT_THAT(given, SizeIs(24));
  EXPECT_TRUE(std::equal(client_cookie.begin(), client_cookie.end(), given.begin()));
  EXPECT_THAT(first.answer, SizeIs(1));

  struct Row {
    const char* why;
    Octets cookie;
    std::int32_t later;
    CookieCheck check;
    bool same;  // the cookie comes back as it was sent
  };
  Octets other = given;
  other[3] ^= 1;
  const Row rows[] = {{"valid", given, 100, CookieCheck::valid, true},
                      {"old", given, 2000, CookieCheck::renewed, false},
                      {"too old", given, 4000, CookieCheck::invalid, false},
                      {"of another client", other, 0, CookieCheck::invalid, false},
                      {"not ours", Octets(40, 1), 0, CookieCheck::invalid, false}};
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    for (Client client : {test::udp_client(), test::tcp_client()}) {
      client.now += static_cast<std::uint32_t>(row.later);
      const std::uint64_t before = counters().cookies[static_cast<std::size_t>(row.check)].value();
      const Reply reply = ask(cookie_query(row.cookie), client);
      EXPECT_EQ(reply.rcode, code(Rcode::noerror)) << "always the answer";
      EXPECT_THAT(reply.answer, SizeIs(1));
      EXPECT_EQ(octets_of(reply.options.at(10)) == row.cookie, row.same);
      EXPECT_EQ(counters().cookies[static_cast<std::size_t>(row.check)].value(), before + 1);
    }
  }
}

TEST_F(SenderTest, CookiesStayOnErrorsAndTruncatedReplies) {
  const Octets rows[] = {QueryBuilder("fat.example.com.", RrType::txt).option(10, Octets(8)).build(),
                         QueryBuilder("elsewhere.").option(10, Octets(8)).build(),
                         QueryBuilder("web.example.com.").flags(0x1000).option(10, Octets(8)).build(),
                         QueryBuilder("no.example.com.").option(10, Octets(8)).build()};
  for (const Octets& query : rows) {
    SCOPED_TRACE(test::to_hex(query));
    EXPECT_TRUE(ask(query).options.contains(10));
  }
  EXPECT_FALSE(ask(cookie_query(Octets(9))).options.contains(10)) << "malformed: FORMERR";
  EXPECT_FALSE(ask(edns_query()).options.contains(10));
}

TEST_F(SenderTest, AQueryOfNothingButACookieGetsOne) {
  const Reply reply = ask(QueryBuilder().option(10, Octets(8, 'c')).build());
  EXPECT_EQ(reply.rcode, code(Rcode::noerror));
  EXPECT_FALSE(reply.aa);
  EXPECT_FALSE(reply.has_question);
  const Octets given = octets_of(reply.options.at(10));
  EXPECT_EQ(ask(QueryBuilder().option(10, given).build()).rcode, code(Rcode::noerror));
  Octets bad = given;
  bad.back() ^= 1;
  EXPECT_EQ(ask(QueryBuilder().option(10, bad).build()).rcode, code(Rcode::badcookie)) << "RFC 7873 §5.4";
}

TEST_F(SenderTest, WithoutCookiesTheOptionIsIgnored) {
  thread_.answerer().config.cookies.reset();
  EXPECT_FALSE(ask(cookie_query(Octets(8))).options.contains(10));
  EXPECT_EQ(ask(QueryBuilder().option(10, Octets(8)).build()).rcode, code(Rcode::formerr));
}

// Rate limiting

TEST_F(SenderTest, SuppressedRepliesAreSilentOrSlip) {
  limit_rate(2, 2);
  for (int i = 0; i < 2; ++i) EXPECT_THAT(ask(edns_query()).answer, SizeIs(1));
  EXPECT_TRUE(ask(edns_query()).silent);
  const Reply slipped = ask(edns_query());
  EXPECT_TRUE(slipped.tc);
  EXPECT_TRUE(slipped.aa);
  EXPECT_THAT(slipped.answer, IsEmpty());
  EXPECT_EQ(slipped.rcode, code(Rcode::noerror));
  EXPECT_EQ(counters().dropped[static_cast<std::size_t>(Dropped::rate_limit)].value(), 1u);
  EXPECT_EQ(counters().slipped[0].value(), 1u);

  EXPECT_THAT(ask(edns_query(), test::tcp_client()).answer, SizeIs(1)) << "TCP is exempt";
  Client other = test::udp_client();
  other.address.octets[1] = 1;
  EXPECT_THAT(ask(edns_query(), other).answer, SizeIs(1)) << "another network";
  Client later = test::udp_client();
  later.tick = 1000;
  EXPECT_THAT(ask(edns_query(), later).answer, SizeIs(1)) << "another second";
}

// Updates and UDP's IXFR are answered past the limit: who may be forged is held back before.
TEST_F(SenderTest, WhatIsHandedOnIsLimitedToo) {
  limit_rate(2, 1);
  thread_.answerer().config.updates = true;
  const Octets update = QueryBuilder("example.com.", RrType::soa).flags(5 << 11).build();
  const auto size = [&](const Octets& packet, const Client& client) {
    Octets reply(kPacketMax);
    const zones::NameTable::Reader::Online online(thread_.reader());
    return answer({packet.data(), packet.size()}, client, thread_.answerer(), {reply.data(), reply.size()});
  };
  for (int i = 0; i < 2; ++i) EXPECT_EQ(size(update, test::udp_client()), kHandOn);
  EXPECT_EQ(size(update, test::udp_client()), 0u);
  EXPECT_EQ(counters().dropped[static_cast<std::size_t>(Dropped::rate_limit)].value(), 1u);
  EXPECT_EQ(size(update, test::tcp_client()), kHandOn) << "TCP is exempt";
  EXPECT_EQ(size(sign(update, {}), test::udp_client()), kHandOn) << "a key of ours is nobody's forgery";
}

TEST_F(SenderTest, MadeUpNamesShareTheirBucket) {
  struct Row {
    const char* why;
    std::vector<const char*> names;
    bool shared;
  };
  const Row rows[] = {
      {"names that are there have their own", {"web.example.com.", "ns1.example.com."}, false},
      {"what is not there counts for the zone", {"x.web.example.com.", "y.ns1.example.com."}, true},
      {"NXDOMAIN of another zone", {"x.example.com.", "x.svc.internal."}, false},
      {"a wildcard", {"x.wild.example.com.", "y.wild.example.com."}, true},
      {"a wildcard alias", {"x.wildalias.example.com.", "y.wildalias.example.com."}, true},
      {"a DNAME", {"x.dn.example.com.", "wild.dn.example.com."}, true},
      {"below a cut", {"x.sub.example.com.", "y.sub.example.com."}, true},
      {"no zone of ours", {"x.", "y."}, true},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    limit_rate(1, 0);
    const Octets first = QueryBuilder(row.names[0]).build();
    EXPECT_FALSE(ask(first).silent);
    EXPECT_TRUE(ask(first).silent);
    EXPECT_EQ(ask(QueryBuilder(row.names[1]).build()).silent, row.shared);
  }
}

TEST_F(SenderTest, ACookieIsTheWayOutOfTheLimit) {
  limit_rate(1, 1);
  const Octets nobody = cookie_query(Octets(8, 'c'));
  EXPECT_THAT(ask(nobody).answer, SizeIs(1));
  const Reply limited = ask(nobody);
  EXPECT_EQ(limited.rcode, code(Rcode::badcookie));
  EXPECT_FALSE(limited.tc);
  EXPECT_THAT(limited.answer, IsEmpty());
  EXPECT_EQ(counters().slipped[1].value(), 1u);
  const Octets given = octets_of(limited.options.at(10));
  for (int i = 0; i < 5; ++i) EXPECT_THAT(ask(cookie_query(given)).answer, SizeIs(1)) << "valid: exempt";
}

TEST_F(SenderTest, ASlippedReplyIsSigned) {
  limit_rate(1, 1);
  ask_signed(a_query(), {});
  EXPECT_TRUE(ask_signed(a_query(), {}).tc);
}

}  // namespace
}  // namespace muster::dns
