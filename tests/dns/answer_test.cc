#include "dns/answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "tests/dns/support/strict_reader.h"
#include "tests/dns/support/world.h"

namespace muster::dns {
namespace {

using test::Octets;
using test::QueryBuilder;
using test::Reply;
using testing::ElementsAreArray;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
using zones::RrType;

using Lines = std::vector<std::string>;

const char* const kExampleSoa =
    "example.com. 60 SOA ns1.example.com. hostmaster.example.com. 7 3600 600 86400 60";
const char* const kWildSoa = "example. 60 SOA ns1.example. hostmaster.example. 7 3600 600 86400 60";
const char* const kServiceSoa =
    "svc.internal. 2 SOA ns1.svc.internal. hostmaster.svc.internal. 9 60 15 86400 2";
const char* const kDs = "3600 DS 1 8 2 0102030405060708091011121314151617181920212223242526272829303132";

const Lines kSubServers = {"sub.example.com. 3600 NS ns.sub.example.com.",
                           "sub.example.com. 3600 NS ns1.example.com.",
                           "sub.example.com. 3600 NS ns.sub2.example.com."};
const Lines kSubGlue = {"ns.sub.example.com. 3600 A 192.0.2.54", "ns.sub.example.com. 3600 AAAA 2001:db8::54",
                        "ns1.example.com. 3600 A 192.0.2.53", "ns1.example.com. 3600 AAAA 2001:db8::53",
                        "ns.sub2.example.com. 3600 A 192.0.2.56"};

class Answers : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    world_ = new test::World;
    test::build_shapes(*world_);
  }
  static void TearDownTestSuite() {
    delete world_;
    world_ = nullptr;
  }

  Reply ask(const Octets& query, bool udp = true) {
    return test::read_reply(query, thread_.ask(query, udp ? test::udp_client() : test::tcp_client()), udp);
  }
  Reply ask(const char* name, RrType type, bool udp = true) {
    return ask(QueryBuilder(name, type).edns().build(), udp);
  }

  static test::World* world_;
  test::Thread thread_{*world_};
};
test::World* Answers::world_ = nullptr;

struct Row {
  const char* why;
  const char* name;
  RrType type;
  Rcode rcode = Rcode::noerror;
  bool aa = true;
  Lines answer = {};
  Lines authority = {};
  Lines additional = {};
};

void expect(const Reply& reply, const Row& row) {
  EXPECT_EQ(reply.rcode, static_cast<unsigned>(row.rcode));
  EXPECT_EQ(reply.aa, row.aa);
  EXPECT_FALSE(reply.tc);
  EXPECT_THAT(reply.answer, ElementsAreArray(row.answer));
  EXPECT_THAT(reply.authority, ElementsAreArray(row.authority));
  EXPECT_THAT(reply.additional, ElementsAreArray(row.additional));
}

TEST_F(Answers, OfAPlainZone) {
  const Row rows[] = {
      {"a hit", "web.example.com.", RrType::a, Rcode::noerror, true, {"web.example.com. 300 A 192.0.2.81"}},
      {"the owner has the question's case",
       "WEB.eXample.COM.",
       RrType::a,
       Rcode::noerror,
       true,
       {"WEB.eXample.COM. 300 A 192.0.2.81"}},
      {"MX brings all addresses of targets of ours, each as written",
       "example.com.",
       RrType::mx,
       Rcode::noerror,
       true,
       {"example.com. 300 MX 10 Mail.example.com.", "example.com. 300 MX 20 mail.elsewhere.test."},
       {},
       {"Mail.example.com. 300 A 192.0.2.25", "Mail.example.com. 300 A 192.0.2.26",
        "Mail.example.com. 300 AAAA 2001:db8::25"}},
      {"the zone's part of a name has the question's case, the labels before it their own (CAS4)",
       "cased.example.com.",
       RrType::mx,
       Rcode::noerror,
       true,
       {"cased.example.com. 300 MX 10 Mail.example.com."},
       {},
       {"Mail.example.com. 300 A 192.0.2.25", "Mail.example.com. 300 A 192.0.2.26",
        "Mail.example.com. 300 AAAA 2001:db8::25"}},
      {"NS at the apex is an answer, not a referral",
       "example.com.",
       RrType::ns,
       Rcode::noerror,
       true,
       {"example.com. 3600 NS ns1.example.com.", "example.com. 3600 NS ns2.Elsewhere.test."},
       {},
       {"ns1.example.com. 3600 A 192.0.2.53", "ns1.example.com. 3600 AAAA 2001:db8::53"}},
      {"a SOA that was asked for has its own TTL (NEG2)",
       "example.com.",
       RrType::soa,
       Rcode::noerror,
       true,
       {"example.com. 3600 SOA ns1.example.com. hostmaster.example.com. 7 3600 600 86400 60"}},
      {"SRV: addresses of targets of ours, none below a cut, none of an alias",
       "_ldap._tcp.example.com.",
       RrType::srv,
       Rcode::noerror,
       true,
       {"_ldap._tcp.example.com. 300 SRV 0 1 389 Mail.Example.com.",
        "_ldap._tcp.example.com. 300 SRV 5 1 389 ns.sub.Example.com.",
        "_ldap._tcp.example.com. 300 SRV 9 1 389 www.Example.com."},
       {},
       {"Mail.Example.com. 300 A 192.0.2.25", "Mail.Example.com. 300 A 192.0.2.26",
        "Mail.Example.com. 300 AAAA 2001:db8::25"}},
      {"labels that people wrote keep their case, the zone's part is the question's (CAS4)",
       "case.people.EXAMPLE.com.",
       RrType::mx,
       Rcode::noerror,
       true,
       {"case.people.EXAMPLE.com. 300 MX 1 Mail.PEOPLE.EXAMPLE.com."},
       {},
       {"Mail.PEOPLE.EXAMPLE.com. 300 A 192.0.2.27"}},
      {"unknown types go out octet for octet, pointer look-alikes too",
       "odd.example.com.",
       static_cast<RrType>(65280),
       Rcode::noerror,
       true,
       {"odd.example.com. 300 TYPE65280 \\# 5 000ac00c01"}},
      {"labels of any octets",
       "odd\\032name\\000.\\200.example.com.",
       RrType::txt,
       Rcode::noerror,
       true,
       {"odd\\032name\\000.\\200.example.com. 300 TXT \"octets\""}},
      {"another type is NODATA", "web.example.com.", RrType::aaaa, Rcode::noerror, true, {}, {kExampleSoa}},
      {"also a type never heard of",
       "web.example.com.",
       static_cast<RrType>(64999),
       Rcode::noerror,
       true,
       {},
       {kExampleSoa}},
      {"RRSIG is an ordinary type",
       "web.example.com.",
       RrType::rrsig,
       Rcode::noerror,
       true,
       {},
       {kExampleSoa}},
      {"NSEC too", "web.example.com.", RrType::nsec, Rcode::noerror, true, {}, {kExampleSoa}},
      {"the last type of all",
       "web.example.com.",
       static_cast<RrType>(65535),
       Rcode::noerror,
       true,
       {},
       {kExampleSoa}},
      {"HTTPS of a name that has addresses",
       "web.example.com.",
       RrType::https,
       Rcode::noerror,
       true,
       {},
       {kExampleSoa}},
      {"the SOA of a negative answer has its TTL for type SOA too (NEG2)",
       "web.example.com.",
       RrType::soa,
       Rcode::noerror,
       true,
       {},
       {kExampleSoa}},
      {"a TTL of 0 stays 0",
       "zero.example.com.",
       RrType::a,
       Rcode::noerror,
       true,
       {"zero.example.com. 0 A 192.0.2.70"}},
      {"@ is not the upper case of a grave accent, nor [ of a brace",
       "at\\064[.example.com.",
       RrType::txt,
       Rcode::noerror,
       true,
       {"at@[.example.com. 300 TXT \"at\""}},
      {"an empty non-terminal is NODATA",
       "deep.ent.example.com.",
       RrType::a,
       Rcode::noerror,
       true,
       {},
       {kExampleSoa}},
      {"two labels above a name too", "ent.example.com.", RrType::a, Rcode::noerror, true, {}, {kExampleSoa}},
      {"no such name", "nothing.example.com.", RrType::a, Rcode::nxdomain, true, {}, {kExampleSoa}},
      {"nothing below a leaf", "x.web.example.com.", RrType::a, Rcode::nxdomain, true, {}, {kExampleSoa}},
      {"nothing below an alias", "x.www.example.com.", RrType::a, Rcode::nxdomain, true, {}, {kExampleSoa}},
      {"not ours", "www.elsewhere.test.", RrType::a, Rcode::refused, false},
      {"no upward referral", ".", RrType::ns, Rcode::refused, false},
      {"MINFO's names are compressed",
       "minfo.example.com.",
       static_cast<RrType>(14),
       Rcode::noerror,
       true,
       {"minfo.example.com. 300 MINFO mail.example.com. web.example.com."}},
      {"an AliasMode record brings its target's (RFC 9460 §4.1)",
       "svcb.example.com.",
       RrType::https,
       Rcode::noerror,
       true,
       {"svcb.example.com. 300 HTTPS 0 svcb-target.Example.com."},
       {},
       {"svcb-target.Example.com. 300 HTTPS 1 . alpn=h2", "svcb-target.Example.com. 300 A 192.0.2.82"}},
      {"the target . is the owner",
       "svcb-target.example.com.",
       RrType::https,
       Rcode::noerror,
       true,
       {"svcb-target.example.com. 300 HTTPS 1 . alpn=h2"},
       {},
       {"svcb-target.example.com. 300 A 192.0.2.82"}},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    expect(ask(row.name, row.type), row);
  }
}

// RFC 3597 §4: whoever does not know a type cannot follow a pointer inside it.
TEST_F(Answers, CompressNamesInRdataOfTheFirstTypesOnly) {
  struct TypeRow {
    const char* why;
    const char* name;
    unsigned type;
    std::size_t size;  // of the rdata on the wire
  };
  constexpr std::size_t kWhole = sizeof "\3web\7example\3com";
  constexpr std::size_t kShort = 1 + 3 + 2;  // web and a pointer
  const TypeRow rows[] = {
      {"CNAME", "www.example.com.", 5, kShort},
      {"NS", "sub2.example.com.", 2, 5},
      {"MB", "old.example.com.", 7, kShort},
      {"MD", "old.example.com.", 3, kShort},
      {"MF", "old.example.com.", 4, kShort},
      {"MG", "old.example.com.", 8, kShort},
      {"MR", "old.example.com.", 9, kShort},
      {"MINFO", "minfo.example.com.", 14, 7 + kShort},
      {"MX", "x.wild.example.com.", 15, 9},
      {"RP", "later.example.com.", 17, 2 * kWhole + 1},
      {"AFSDB", "later.example.com.", 18, 2 + kWhole},
      {"KX", "later.example.com.", 36, 2 + kWhole},
      {"SRV", "later.example.com.", 33, 6 + kWhole},
      {"SVCB", "later.example.com.", 64, 2 + kWhole},
      {"NAPTR", "later.example.com.", 35, 4 + 2 + 4 + 1 + kWhole},
      {"DNAME", "below.later.example.com.", 39, kWhole},
  };
  for (const TypeRow& row : rows) {
    SCOPED_TRACE(row.why);
    const Octets query = QueryBuilder(row.name, static_cast<RrType>(row.type)).build();
    const Reply reply = ask(query);
    const auto& section = reply.sections[reply.sections[1].empty() ? 2 : 1];
    ASSERT_FALSE(section.empty());
    EXPECT_EQ(section[0].type, row.type);
    EXPECT_EQ(section[0].wire_rdata_size, row.size);
  }
}

TEST_F(Answers, FollowAliases) {
  Lines sixteen;
  for (int i = 0; i < 16; ++i) {
    sixteen.push_back("c" + std::to_string(i) + ".example.com. 300 CNAME c" + std::to_string(i + 1) +
                      ".example.com.");
  }
  Lines reaches(sixteen.begin() + 4, sixteen.end());
  for (int i = 16; i < 20; ++i) {
    reaches.push_back("c" + std::to_string(i) + ".example.com. 300 CNAME c" + std::to_string(i + 1) +
                      ".example.com.");
  }
  reaches.push_back("c20.example.com. 300 A 192.0.2.20");
  const std::string dname = "dn.example.com. 300 DNAME other.Example.com.";
  const std::string l63(63, 'l');
  const std::string too_long = l63 + ".long.example.com.";
  const Row rows[] = {
      {"one step",
       "www.example.com.",
       RrType::a,
       Rcode::noerror,
       true,
       {"www.example.com. 300 CNAME web.example.com.", "web.example.com. 300 A 192.0.2.81"}},
      {"asked for itself it is not followed",
       "www.example.com.",
       RrType::cname,
       Rcode::noerror,
       true,
       {"www.example.com. 300 CNAME web.example.com."}},
      {"ANY does not follow",
       "www.example.com.",
       RrType::any,
       Rcode::noerror,
       true,
       {"www.example.com. 300 CNAME web.example.com."}},
      {"unknown types follow",
       "www.example.com.",
       static_cast<RrType>(64999),
       Rcode::noerror,
       true,
       {"www.example.com. 300 CNAME web.example.com."},
       {kExampleSoa}},
      {"out of our zones: the chain alone",
       "away.example.com.",
       RrType::a,
       Rcode::noerror,
       true,
       {"away.example.com. 300 CNAME www.elsewhere.test."}},
      {"rcode and SOA are the last name's (RFC 6604)",
       "gone.example.com.",
       RrType::a,
       Rcode::nxdomain,
       true,
       {"gone.example.com. 300 CNAME nothing.example.com."},
       {kExampleSoa}},
      {"NODATA at the end",
       "nodata.example.com.",
       RrType::mx,
       Rcode::noerror,
       true,
       {"nodata.example.com. 300 CNAME ns1.example.com."},
       {kExampleSoa}},
      {"into another zone of ours, whose SOA it is",
       "to-svc.example.com.",
       RrType::txt,
       Rcode::noerror,
       true,
       {"to-svc.example.com. 300 CNAME web.svc.internal."},
       {kServiceSoa}},
      {"whose negative TTL it is, too",
       "to-rfc4592.example.com.",
       RrType::mx,
       Rcode::noerror,
       true,
       {"to-rfc4592.example.com. 300 CNAME host1.example."},
       {kWildSoa}},
      {"into a wildcard",
       "to-wild.example.com.",
       RrType::a,
       Rcode::noerror,
       true,
       {"to-wild.example.com. 300 CNAME x.wild.example.com.", "x.wild.example.com. 300 A 192.0.2.99"}},
      {"below a cut: the chain and the referral, AA stays",
       "to-cut.example.com.",
       RrType::a,
       Rcode::noerror,
       true,
       {"to-cut.example.com. 300 CNAME host.sub.example.com."},
       kSubServers,
       kSubGlue},
      {"at itself: once",
       "self.example.com.",
       RrType::a,
       Rcode::noerror,
       true,
       {"self.example.com. 300 CNAME self.example.com."}},
      {"a loop of two: each once",
       "ping.example.com.",
       RrType::a,
       Rcode::noerror,
       true,
       {"ping.example.com. 300 CNAME pong.example.com.", "pong.example.com. 300 CNAME ping.example.com."}},
      {"sixteen steps reach the address", "c4.example.com.", RrType::a, Rcode::noerror, true, reaches},
      {"a longer chain ends after sixteen", "c0.example.com.", RrType::a, Rcode::noerror, true, sixteen},
      {"DNAME",
       "x.dn.example.com.",
       RrType::a,
       Rcode::noerror,
       true,
       {dname, "x.dn.example.com. 300 CNAME x.other.Example.com.", "x.other.Example.com. 300 A 192.0.2.91"}},
      {"DNAME over two labels into a wildcard",
       "a.B.dn.example.com.",
       RrType::txt,
       Rcode::noerror,
       true,
       {dname, "a.B.dn.example.com. 300 CNAME a.B.other.Example.com.",
        "a.B.other.Example.com. 300 TXT \"wild behind a DNAME\""}},
      {"a DNAME leaves its owner alone",
       "dn.example.com.",
       RrType::a,
       Rcode::noerror,
       true,
       {"dn.example.com. 300 A 192.0.2.90"}},
      {"CNAME asked below it: both",
       "x.dn.example.com.",
       RrType::cname,
       Rcode::noerror,
       true,
       {dname, "x.dn.example.com. 300 CNAME x.other.Example.com."}},
      {"DNAME asked below it: both, and what the end says",
       "x.dn.example.com.",
       RrType::dname,
       Rcode::noerror,
       true,
       {dname, "x.dn.example.com. 300 CNAME x.other.Example.com."},
       {kExampleSoa}},
      {"a target over 255 octets (RFC 6672 §2.2)",
       too_long.c_str(),
       RrType::a,
       Rcode::yxdomain,
       true,
       {"long.example.com. 300 DNAME " + l63 + "." + l63 + "." + l63 + ".Example.com."}},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    Reply reply = ask(row.name, row.type, false);
    // Zone parts that stand behind a literal label may have the zone file's case or the question's.
    const auto unify = [](Lines& lines) {
      for (std::string& line : lines) {
        for (std::size_t at; (at = line.find("Example.com.")) != std::string::npos;) line[at] = 'e';
      }
    };
    Row unified = row;
    unify(unified.answer);
    unify(reply.answer);
    expect(reply, unified);
  }
}

TEST_F(Answers, ADnameThatGrowsStopsAfterSixteen) {
  const Reply reply = ask("a.loop.example.com.", RrType::a, false);
  EXPECT_EQ(reply.rcode, 0u);
  ASSERT_EQ(reply.answer.size(), 17u) << "the DNAME once, sixteen steps";
}

TEST_F(Answers, OfWildcards) {
  const Row rows[] = {
      {"a name is made",
       "x.wild.example.com.",
       RrType::a,
       Rcode::noerror,
       true,
       {"x.wild.example.com. 300 A 192.0.2.99"}},
      {"at any depth",
       "y.X.wild.example.com.",
       RrType::a,
       Rcode::noerror,
       true,
       {"y.X.wild.example.com. 300 A 192.0.2.99"}},
      {"without the type: NODATA",
       "x.wild.example.com.",
       RrType::txt,
       Rcode::noerror,
       true,
       {},
       {kExampleSoa}},
      {"the literal name",
       "*.wild.example.com.",
       RrType::a,
       Rcode::noerror,
       true,
       {"*.wild.example.com. 300 A 192.0.2.99"}},
      {"a name that exists hides it for every type",
       "real.wild.example.com.",
       RrType::a,
       Rcode::noerror,
       true,
       {},
       {kExampleSoa}},
      {"and for what is below",
       "x.real.wild.example.com.",
       RrType::a,
       Rcode::nxdomain,
       true,
       {},
       {kExampleSoa}},
      {"additional records come with it",
       "x.wild.example.com.",
       RrType::mx,
       Rcode::noerror,
       true,
       {"x.wild.example.com. 300 MX 5 mail.example.com."},
       {},
       {"mail.example.com. 300 A 192.0.2.25", "mail.example.com. 300 A 192.0.2.26",
        "mail.example.com. 300 AAAA 2001:db8::25"}},
      {"an alias",
       "x.wildalias.example.com.",
       RrType::a,
       Rcode::noerror,
       true,
       {"x.wildalias.example.com. 300 CNAME web.example.com.", "web.example.com. 300 A 192.0.2.81"}},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    expect(ask(row.name, row.type), row);
  }
}

// The worked zone of RFC 4592 §2.2.1 and its queries.
TEST_F(Answers, OfRfc4592) {
  const Row rows[] = {
      {"synthesised",
       "host3.example.",
       RrType::mx,
       Rcode::noerror,
       true,
       {"host3.example. 3600 MX 10 host1.example."},
       {},
       {"host1.example. 3600 A 192.0.2.1"}},
      {"synthesised, but there is no A at *.example",
       "host3.example.",
       RrType::a,
       Rcode::noerror,
       true,
       {},
       {kWildSoa}},
      {"the wildcard works through bar.example",
       "foo.bar.example.",
       RrType::txt,
       Rcode::noerror,
       true,
       {"foo.bar.example. 3600 TXT \"this is a wildcard\""}},
      {"host1.example exists", "host1.example.", RrType::mx, Rcode::noerror, true, {}, {kWildSoa}},
      {"sub.*.example exists", "sub.*.example.", RrType::mx, Rcode::noerror, true, {}, {kWildSoa}},
      {"_tcp.host1.example exists, without data",
       "_telnet._tcp.host1.example.",
       RrType::srv,
       Rcode::nxdomain,
       true,
       {},
       {kWildSoa}},
      {"a delegation",
       "host.subdel.example.",
       RrType::a,
       Rcode::noerror,
       false,
       {},
       {"subdel.example. 3600 NS ns.example.com.", "subdel.example. 3600 NS ns.example.net."}},
      {"*.example is its closest encloser, and *.*.example is not there",
       "ghost.*.example.",
       RrType::mx,
       Rcode::nxdomain,
       true,
       {},
       {kWildSoa}},
      {"an empty non-terminal", "host2.example.", RrType::a, Rcode::noerror, true, {}, {kWildSoa}},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    expect(ask(row.name, row.type), row);
  }
}

TEST_F(Answers, ReferAtCuts) {
  const Row rows[] = {
      {"below the cut", "host.sub.example.com.", RrType::a, Rcode::noerror, false, {}, kSubServers, kSubGlue},
      {"at the cut", "sub.example.com.", RrType::a, Rcode::noerror, false, {}, kSubServers, kSubGlue},
      {"NS at the cut", "sub.example.com.", RrType::ns, Rcode::noerror, false, {}, kSubServers, kSubGlue},
      {"SOA at the cut", "sub.example.com.", RrType::soa, Rcode::noerror, false, {}, kSubServers, kSubGlue},
      {"ANY at the cut", "sub.example.com.", RrType::any, Rcode::noerror, false, {}, kSubServers, kSubGlue},
      {"glue asked directly",
       "ns.sub.example.com.",
       RrType::a,
       Rcode::noerror,
       false,
       {},
       kSubServers,
       kSubGlue},
      {"hidden below another cut: the upper one refers",
       "x.deeper.sub.example.com.",
       RrType::a,
       Rcode::noerror,
       false,
       {},
       kSubServers,
       kSubGlue},
      {"DS below the cut is not ours",
       "deeper.sub.example.com.",
       RrType::ds,
       Rcode::noerror,
       false,
       {},
       kSubServers,
       kSubGlue},
      {"DS at the cut is",
       "sub.example.com.",
       RrType::ds,
       Rcode::noerror,
       true,
       {std::string("sub.example.com. ") + kDs}},
      {"no DS there", "sub2.example.com.", RrType::ds, Rcode::noerror, true, {}, {kExampleSoa}},
      {"DS at an inner zone of ours is the outer's",
       "svc.internal.",
       RrType::ds,
       Rcode::noerror,
       true,
       {std::string("svc.internal. ") + kDs}},
      {"DS at an apex without a parent here",
       "example.com.",
       RrType::ds,
       Rcode::noerror,
       true,
       {},
       {kExampleSoa}},
      {"DS of an ordinary name", "web.svc.internal.", RrType::ds, Rcode::noerror, true, {}, {kServiceSoa}},
      {"an inner zone answers for itself",
       "svc.internal.",
       RrType::a,
       Rcode::noerror,
       true,
       {},
       {kServiceSoa}},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    Reply reply = ask(row.name, row.type);
    expect(reply, row);
  }
}

TEST_F(Answers, RequiredGlueIsThereOrTcSaysSo) {
  const Reply small = ask(QueryBuilder("x.wide.example.com.").build());
  EXPECT_TRUE(small.tc);
  EXPECT_FALSE(small.aa);
  EXPECT_EQ(small.authority.size(), 8u);
  EXPECT_FALSE(small.additional.empty()) << "the glue that fits stays";
  const Reply large = ask("x.wide.example.com.", RrType::a, false);
  EXPECT_EQ(large.additional.size(), 40u);
  const Reply sibling = ask(QueryBuilder("x.sibling.example.com.").build());
  EXPECT_FALSE(sibling.tc) << "glue of siblings is a kindness (RFC 9471 §2.2)";
  EXPECT_EQ(sibling.authority.size(), 8u);
  EXPECT_FALSE(sibling.additional.empty());
}

TEST_F(Answers, ToAny) {
  const Row udp[] = {
      {"one RRset over UDP (RFC 8482)",
       "web.example.com.",
       RrType::any,
       Rcode::noerror,
       true,
       {"web.example.com. 300 A 192.0.2.81"}},
      {"NXDOMAIN as usual", "nothing.example.com.", RrType::any, Rcode::nxdomain, true, {}, {kExampleSoa}},
      {"NODATA as usual", "ent.example.com.", RrType::any, Rcode::noerror, true, {}, {kExampleSoa}},
      {"the first when no A, AAAA, SRV",
       "odd.example.com.",
       RrType::any,
       Rcode::noerror,
       true,
       {"odd.example.com. 300 TYPE65280 \\# 5 000ac00c01"}},
  };
  for (const Row& row : udp) {
    SCOPED_TRACE(row.why);
    expect(ask(row.name, row.type), row);
  }
  EXPECT_THAT(ask("web.example.com.", RrType::any, false).answer,
              UnorderedElementsAre("web.example.com. 300 A 192.0.2.81", "web.example.com. 300 TXT \"v=1\""));
}

TEST_F(Answers, ToAnyOverTcpAreWholeSetsOnly) {
  const auto any = [&](const char* name) { return QueryBuilder(name, RrType::any).edns().build(); };
  const Reply wide = ask(any("wide.svc.internal."), false);
  EXPECT_EQ(wide.answer.size(), 2001u) << "A and TXT; AAAA does not fit beside them";
  EXPECT_THAT(wide.answer, testing::Contains("wide.svc.internal. 5 TXT \"t\""));
  EXPECT_FALSE(wide.tc) << "there is no larger transport to go to";
  EXPECT_EQ(wide.extended_text(), "2 of 3 RRsets fit");
  EXPECT_EQ(ask("wide.svc.internal.", RrType::aaaa, false).answer.size(), 1200u) << "asked for by its type";

  const Reply big = ask(any("_big._tcp.svc.internal."), false);
  EXPECT_GT(big.answer.size(), 1400u)
      << "one set alone, larger than a message: as when asked for by its type";
  EXPECT_EQ(big.extended_text(), std::to_string(big.answer.size()) + " of 4000 records fit");
}

TEST_F(Answers, OfAService) {
  for (int round = 0; round < 20; ++round) {
    const Reply a = ask("web.svc.internal.", RrType::a);
    EXPECT_THAT(a.answer,
                UnorderedElementsAre("web.svc.internal. 5 A 10.0.0.1", "web.svc.internal. 5 A 10.0.0.2"));
    const Reply srv = ask("_WEB._tcp.svc.internal.", RrType::srv);
    EXPECT_THAT(srv.answer,
                UnorderedElementsAre("_WEB._tcp.svc.internal. 5 SRV 1 6 8080 i1.web.svc.internal.",
                                     "_WEB._tcp.svc.internal. 5 SRV 1 3 8080 i2.web.svc.internal.",
                                     "_WEB._tcp.svc.internal. 5 SRV 1 1 8080 i3.web.svc.internal."));
    EXPECT_THAT(srv.additional,
                UnorderedElementsAre("i1.web.svc.internal. 5 A 10.0.0.1", "i2.web.svc.internal. 5 A 10.0.0.2",
                                     "i3.web.svc.internal. 5 AAAA 2001:db8::3"));
  }
  const Reply none = ask("web.svc.internal.", RrType::txt);
  EXPECT_THAT(none.authority, ElementsAreArray({kServiceSoa}));
}

TEST_F(Answers, BehindAnAliasAreTheSame) {
  const Reply reply = ask("to-svc.example.com.", RrType::srv);
  ASSERT_EQ(reply.answer.size(), 4u);
  EXPECT_EQ(reply.answer[0], "to-svc.example.com. 300 CNAME web.svc.internal.");
  EXPECT_THAT(reply.additional,
              UnorderedElementsAre("i1.web.svc.internal. 5 A 10.0.0.1", "i2.web.svc.internal. 5 A 10.0.0.2",
                                   "i3.web.svc.internal. 5 AAAA 2001:db8::3"));
}

TEST_F(Answers, HoldATargetsAddressesOnce) {
  const Reply reply = ask("ports.svc.internal.", RrType::srv);
  EXPECT_EQ(reply.answer.size(), 3u);
  EXPECT_THAT(reply.additional, UnorderedElementsAre("i1.ports.svc.internal. 5 A 10.2.0.1",
                                                     "i2.ports.svc.internal. 5 A 10.2.0.1"));
}

TEST_F(Answers, NameTheirTargetsBehindTheReachOfPointers) {
  const Reply reply = ask("_far._tcp.svc.internal.", RrType::srv, false);
  EXPECT_GT(reply.size, 0x4000u + 600 * 16);
  ASSERT_EQ(reply.answer.size(), 600u);
  std::set<std::string> targets;
  for (const std::string& line : reply.answer) targets.insert(line.substr(line.rfind(' ') + 1));
  std::set<std::string> owners;
  for (const std::string& line : reply.additional) owners.insert(line.substr(0, line.find(' ')));
  EXPECT_EQ(owners, targets);
}

TEST_F(Answers, FirstPlacesFollowTheWeights) {
  std::map<std::string, int> first;
  constexpr int kRounds = 10'000;
  for (int i = 0; i < kRounds; ++i) ++first[ask("_web._tcp.svc.internal.", RrType::srv).answer.at(0)];
  ASSERT_EQ(first.size(), 3u);
  double chi = 0;
  for (const auto& [line, count] : first) {
    const double expected = kRounds * (line.find("i1") != std::string::npos   ? 0.6
                                       : line.find("i2") != std::string::npos ? 0.3
                                                                              : 0.1);
    chi += (count - expected) * (count - expected) / expected;
  }
  EXPECT_LT(chi, 18.4) << "two degrees of freedom, 1 in 10,000; the thread's seed is 1";
}

TEST_F(Answers, BrowsingBringsWholeInstances) {
  const Reply all = ask("_http._tcp.svc.internal.", RrType::ptr);
  ASSERT_EQ(all.answer.size(), 8u);
  EXPECT_EQ(all.answer[0], "_http._tcp.svc.internal. 5 PTR Web\\032UI\\0320._http._tcp.svc.internal.");
  EXPECT_EQ(all.additional.size(), 24u) << "SRV, TXT and A of each";
  const Reply some = ask("_all._tcp.svc.internal.", RrType::ptr);
  EXPECT_FALSE(some.tc);
  ASSERT_EQ(some.answer.size(), 30u);
  EXPECT_EQ(some.additional.size() % 3, 0u) << "whole instances only";
  EXPECT_LT(some.additional.size(), 90u);
  EXPECT_GT(some.additional.size(), 0u);
  EXPECT_EQ(ask("_all._tcp.svc.internal.", RrType::ptr, false).additional.size(), 90u);
}

TEST_F(Answers, TellWhyASetIsAsItIs) {
  const Reply panic = ask("panic.svc.internal.", RrType::a);
  EXPECT_EQ(panic.answer.size(), 1u);
  EXPECT_EQ(panic.extended_error(), 0);
  EXPECT_EQ(panic.extended_text(), "0 of 1 ready");
  const Reply none = ask("none.svc.internal.", RrType::a);
  EXPECT_EQ(none.rcode, 0u);
  EXPECT_THAT(none.authority, ElementsAreArray({kServiceSoa}));
  EXPECT_EQ(none.extended_text(), "0 of 4 ready");
  const Reply any = ask("none.svc.internal.", RrType::any);
  EXPECT_THAT(any.authority, ElementsAreArray({kServiceSoa}));
  EXPECT_EQ(any.extended_text(), "0 of 4 ready");
  const Reply fail = ask("fail.svc.internal.", RrType::a);
  EXPECT_EQ(fail.rcode, static_cast<unsigned>(Rcode::servfail));
  EXPECT_FALSE(fail.aa);
  EXPECT_EQ(fail.extended_text(), "0 of 4 ready");
  EXPECT_EQ(ask("fail.svc.internal.", RrType::any).rcode, static_cast<unsigned>(Rcode::servfail));
  EXPECT_EQ(ask("one.svc.internal.", RrType::a).answer.size(), 1u) << "answers = 1";
}

TEST_F(Answers, SayThatTheyAreStaleAndSinceWhen) {
  const Reply stale = ask("stale.svc.internal.", RrType::a);
  EXPECT_EQ(stale.rcode, 0u);
  EXPECT_EQ(stale.answer.size(), 1u);
  EXPECT_EQ(stale.extended_error(), 3);
  EXPECT_EQ(stale.extended_text(), "heartbeats silent, 34 s");
  EXPECT_EQ(ask("stale.svc.internal.", RrType::any).extended_error(), 3);
  EXPECT_EQ(ask("stale.svc.internal.", RrType::txt).extended_error(), -1) << "what is not there is not stale";

  Client client = test::udp_client();
  client.now = test::kNow - 35;
  const Octets query = QueryBuilder("stale.svc.internal.", RrType::a).edns().build();
  EXPECT_EQ(test::read_reply(query, thread_.ask(query, client), true).extended_text(), "heartbeats silent, 0 s")
      << "the clock was set back";
}

TEST_F(Answers, OfAZoneThatIsStaleAllSaySo) {
  for (const auto& [name, type, rcode] : {std::tuple("silent.test.", RrType::soa, Rcode::noerror),
                                          std::tuple("silent.test.", RrType::a, Rcode::noerror),
                                          std::tuple("x.silent.test.", RrType::a, Rcode::nxdomain)}) {
    SCOPED_TRACE(name);
    const Reply reply = ask(name, type);
    EXPECT_EQ(reply.rcode, static_cast<unsigned>(rcode));
    EXPECT_TRUE(reply.aa);
    EXPECT_EQ(reply.extended_error(), 3);
    EXPECT_EQ(reply.extended_text(), "mesos silent, 34 s");
  }
}

TEST_F(Answers, OfZonesThatAreNotReadyLieToNobody) {
  struct ErrorRow {
    const char* why;
    const char* name;
    RrType type;
    int error;
  };
  const ErrorRow rows[] = {
      {"no NXDOMAIN while it is not filled", "x.unfilled.test.", RrType::a, 14},
      {"no NODATA either", "unfilled.test.", RrType::a, 14},
      {"no NXDOMAIN while it is not complete", "x.incomplete.test.", RrType::a, 14},
      {"a file that failed to load", "x.broken.test.", RrType::a, 24},
      {"its apex too", "broken.test.", RrType::soa, 24},
      {"it is the parent of a zone of ours, asked for its DS", "inner.broken.test.", RrType::ds, 24},
      {"a file half handed over: the name may still come that hides the wildcard", "x.loading.test.",
       RrType::txt, 14},
      {"what is there already stays unsaid as well", "www.loading.test.", RrType::a, 14},
      {"and the apex, by which others see that it is loaded", "loading.test.", RrType::soa, 14},
  };
  for (const ErrorRow& row : rows) {
    SCOPED_TRACE(row.why);
    const Reply reply = ask(row.name, row.type);
    EXPECT_EQ(reply.rcode, static_cast<unsigned>(Rcode::servfail));
    EXPECT_FALSE(reply.aa);
    EXPECT_EQ(reply.extended_error(), row.error);
    EXPECT_THAT(reply.authority, IsEmpty());
  }
  EXPECT_EQ(ask("unfilled.test.", RrType::soa).rcode, 0u) << "generated: what is there is answered";
  EXPECT_EQ(ask("incomplete.test.", RrType::a).rcode, 0u) << "NODATA: that the name is there is known";
}

TEST_F(Answers, Sizes) {
  struct SizeRow {
    const char* why;
    Octets query;
    bool udp;
    bool tc;
    std::size_t answers;
  };
  const char* fat = "fat.example.com.";
  const char* many = "many.svc.internal.";
  const SizeRow rows[] = {
      {"a file's RRset over 512: TC, empty (SIZ3)", QueryBuilder(fat, RrType::txt).build(), true, true, 0},
      {"also over 1232, whatever is offered", QueryBuilder(fat, RrType::txt).edns(65535).build(), true, true,
       0},
      {"TCP holds it", QueryBuilder(fat, RrType::txt).build(), false, false, 40},
      {"TCP ignores the offered size", QueryBuilder(fat, RrType::txt).edns(512).build(), false, false, 40},
      {"a generated set is cut to 512: 12+18+4+29*16", QueryBuilder(many).build(), true, false, 29},
      {"an offer of 0 counts as 512, less the OPT", QueryBuilder(many).edns(0).build(), true, false, 29},
      {"an offer of 100 too", QueryBuilder(many).edns(100).build(), true, false, 29},
      {"600", QueryBuilder(many).edns(600).build(), true, false, 34},
      {"ours is the limit", QueryBuilder(many).edns(4096).build(), true, false, 74},
      {"TCP: all", QueryBuilder(many).build(), false, false, 2000},
      {"a large SRV set over UDP: TC", QueryBuilder("_big._tcp.svc.internal.", RrType::srv).edns().build(),
       true, true, 0},
  };
  for (const SizeRow& row : rows) {
    SCOPED_TRACE(row.why);
    const Reply reply = ask(row.query, row.udp);
    EXPECT_EQ(reply.tc, row.tc);
    EXPECT_TRUE(reply.aa) << "glibc rejects TC without AA";
    EXPECT_EQ(reply.answer.size(), row.answers);
    EXPECT_THAT(reply.authority, IsEmpty());
  }
}

// RFC 2181 §9: what is not there is asked for; half an RRset would be taken for the whole.
TEST_F(Answers, AdditionalRecordsAreWholeRrsetsOrNone) {
  struct AdditionalRow {
    const char* why;
    const char* name;
    RrType type;
    std::size_t all;
  };
  const AdditionalRow rows[] = {
      {"looked up", "to-crowd.example.com.", RrType::mx, 30},
      {"ready-made", "_crowd._tcp.svc.internal.", RrType::srv, 30},
  };
  for (const AdditionalRow& row : rows) {
    SCOPED_TRACE(row.why);
    const Reply small = ask(QueryBuilder(row.name, row.type).build());
    EXPECT_FALSE(small.tc);
    EXPECT_EQ(small.answer.size(), 1u);
    EXPECT_THAT(small.additional, IsEmpty());
    EXPECT_EQ(ask(row.name, row.type).additional.size(), row.all);
  }
  EXPECT_EQ(ask("twice.example.com.", RrType::mx).additional.size(), 3u) << "two records, one target";
}

TEST_F(Answers, ATruncatedAliasLeavesNothing) {
  const Reply reply = ask(QueryBuilder("to-fat.example.com.", RrType::txt).build());
  EXPECT_TRUE(reply.tc);
  EXPECT_TRUE(reply.aa);
  EXPECT_THAT(reply.answer, IsEmpty());
  EXPECT_EQ(ask("to-fat.example.com.", RrType::txt, false).answer.size(), 41u);
}

TEST(ReplyOpt, AnErrorsTextIsLeftOutWhereItHasNoRoom) {
  ReplyEdns edns;
  edns.present = true;
  edns.error = ExtendedError::other;
  edns.error_text = "0 of 4 ready";
  Octets room(100, 0xee);
  const std::size_t whole = kOptSize + kExtendedErrorFixed + edns.error_text.size();
  EXPECT_EQ(write_opt(edns, room.data(), whole), whole);
  EXPECT_EQ(write_opt(edns, room.data(), whole - 1), kOptSize + kExtendedErrorFixed);
  EXPECT_EQ(write_opt(edns, room.data(), kOptSize + kExtendedErrorFixed - 1), kOptSize);
  const std::string text(129, 'x');
  edns.error_text = text;
  Octets large(1000);
  EXPECT_EQ(write_opt(edns, large.data(), large.size()), kOptSize + kExtendedErrorFixed) << "over 128 octets";
}

TEST_F(Answers, MoreThanTcpHoldsIsCutAndTold) {
  const Reply reply = ask("_big._tcp.svc.internal.", RrType::srv, false);
  EXPECT_GT(reply.answer.size(), 1400u);
  EXPECT_LT(reply.answer.size(), 4000u);
  EXPECT_GT(reply.size, 65'400u);
  EXPECT_EQ(reply.extended_error(), 0);
  EXPECT_EQ(reply.extended_text(), std::to_string(reply.answer.size()) + " of 4000 records fit");
}

TEST_F(Answers, RefuseWithTheirReason) {
  struct ErrorRow {
    const char* why;
    Octets query;
    bool udp;
    Rcode rcode;
    int error;
  };
  const auto type = [](unsigned number) {
    return QueryBuilder("web.example.com.", static_cast<RrType>(number)).edns().build();
  };
  const ErrorRow rows[] = {  // without a desk (tests/dns/desk_test.cc)
      {"not ours", QueryBuilder("a.test.").edns().build(), true, Rcode::refused, 20},
      {"AXFR over UDP", type(252), true, Rcode::formerr, -1},
      {"AXFR", type(252), false, Rcode::refused, 18},
      {"IXFR", type(251), true, Rcode::refused, 18},
      {"IXFR over TCP", type(251), false, Rcode::refused, 18},
      {"type 0", type(0), true, Rcode::formerr, 30},
      {"OPT asked", type(41), true, Rcode::formerr, 30},
      {"TSIG asked", type(250), true, Rcode::formerr, 30},
      {"TKEY asked", type(249), true, Rcode::formerr, 30},
      {"a query type that nobody assigned", type(128), true, Rcode::formerr, 30},
      {"MAILA", type(254), true, Rcode::notimp, 21},
      {"MAILB", type(253), true, Rcode::notimp, 21},
      {"class HS", QueryBuilder("web.example.com.", RrType::a, 4).edns().build(), true, Rcode::refused, 20},
      {"STATUS", QueryBuilder("a.").flags(0x1000).edns().build(), true, Rcode::notimp, 21},
      {"UPDATE", QueryBuilder("example.com.", RrType::soa).flags(0x2800).edns().build(), true, Rcode::notimp,
       21},
      {"DSO without a question", QueryBuilder().flags(0x3000).build(), false, Rcode::notimp, -1},
      {"EDNS version 1", QueryBuilder("web.example.com.").edns(1232, true, 1).build(), true, Rcode::badvers,
       -1},
      {"two questions", QueryBuilder("a.").question("b.", RrType::a).edns().build(), true, Rcode::formerr,
       -1},
      {"no question", QueryBuilder().edns().build(), true, Rcode::formerr, -1},
      {"flags that a query has no right to change nothing",
       QueryBuilder("web.example.com.", static_cast<RrType>(0)).flags(0x06ff).edns().build(), true,
       Rcode::formerr, 30},
  };
  for (const ErrorRow& row : rows) {
    SCOPED_TRACE(row.why);
    const Reply reply = ask(row.query, row.udp);
    EXPECT_EQ(reply.rcode, static_cast<unsigned>(row.rcode));
    EXPECT_FALSE(reply.aa);
    EXPECT_FALSE(reply.tc);
    EXPECT_EQ(reply.extended_error(), row.error);
    EXPECT_LE(reply.size, row.query.size() + 40);
    EXPECT_THAT(reply.answer, IsEmpty());
    EXPECT_THAT(reply.authority, IsEmpty());
  }
}

TEST_F(Answers, RefuseEveryTypeThatIsNoRecord) {
  for (unsigned number = 128; number <= 250; ++number) {
    SCOPED_TRACE(number);
    const Reply reply = ask("web.example.com.", static_cast<RrType>(number));
    EXPECT_EQ(reply.rcode, static_cast<unsigned>(Rcode::formerr));
    EXPECT_EQ(reply.extended_error(), 30);
  }
  EXPECT_EQ(ask("web.example.com.", static_cast<RrType>(127)).rcode, 0u);
  EXPECT_EQ(ask("web.example.com.", static_cast<RrType>(256)).rcode, 0u);
}

// RFC 8906 §3.1.4: NOTIMP, whatever else is in the packet; a header alone too.
TEST_F(Answers, RefuseEveryOpcodeThatIsNotServed) {
  for (const unsigned opcode : {1u, 2u, 3u, 6u, 7u, 8u, 9u, 10u, 11u, 12u, 13u, 14u, 15u}) {
    SCOPED_TRACE(opcode);
    const auto flags = static_cast<std::uint16_t>(opcode << 11);
    const Reply whole = ask(QueryBuilder("web.example.com.").flags(flags).edns().build());
    EXPECT_EQ(whole.rcode, static_cast<unsigned>(Rcode::notimp));
    EXPECT_TRUE(whole.has_question);
    EXPECT_EQ(whole.extended_error(), 21);
    EXPECT_THAT(whole.answer, IsEmpty());
    for (const bool udp : {true, false}) {
      const Reply bare = ask(QueryBuilder().flags(flags).build(), udp);
      EXPECT_EQ(bare.rcode, static_cast<unsigned>(Rcode::notimp));
      EXPECT_EQ(bare.size, 12u);
    }
    const Reply garbage = ask(QueryBuilder().flags(flags).count(0, 3).raw({0xff, 1, 2}).build());
    EXPECT_EQ(garbage.rcode, static_cast<unsigned>(Rcode::notimp));
  }
}

// The checks of RFC 8906 §8, at a name with an answer.
TEST_F(Answers, PassTheChecksOfRfc8906) {
  const auto base = [] { return QueryBuilder("example.com.", RrType::soa); };
  const auto opt = [](unsigned version, unsigned flags, std::string_view options = {}) {
    return QueryBuilder("example.com.", RrType::soa)
        .record(3, test::record_octets(".", RrType::opt, version << 16 | flags, options, 1232))
        .build();
  };
  const std::string_view unknown("\0\x64\0\0", 4);  // option 100, empty
  const auto several = base().option(3).option(8, {0, 0, 0, 0}).option(9).option(10, Octets(8)).build();
  struct Check {
    const char* why;
    Octets query;
    Rcode rcode = Rcode::noerror;
    bool edns = false;
  };
  const Check checks[] = {
      {"8.1.1 configured for the zone", base().build()},
      {"8.1.3.1 CD", base().flags(0x0010).build()},
      {"8.1.3.2 AD", base().flags(0x0020).build()},
      {"8.1.3.3 the last bit", base().flags(0x0040).build()},
      {"8.1.3.4 RD", base().flags(0x0100).build()},
      {"AA, TC, RA and an rcode, which only replies have", base().flags(0x068f).build()},
      {"8.2.1 minimal EDNS", opt(0, 0), Rcode::noerror, true},
      {"8.2.2 version 1", opt(1, 0), Rcode::badvers, true},
      {"8.2.3 an unknown option", opt(0, 0, unknown), Rcode::noerror, true},
      {"8.2.4 unknown flags", opt(0, 0x0080), Rcode::noerror, true},
      {"8.2.5 version 1 with unknown flags", opt(1, 0x0080), Rcode::badvers, true},
      {"8.2.6 version 1 with an option", opt(1, 0, unknown), Rcode::badvers, true},
      {"8.2.8 DO", opt(0, 0x8000), Rcode::noerror, true},
      {"8.2.9 version 1 with DO", opt(1, 0x8000), Rcode::badvers, true},
      {"8.2.10 several options that are defined", several, Rcode::noerror, true},
  };
  for (const Check& check : checks) {
    for (const bool udp : {true, false}) {
      SCOPED_TRACE(std::string(check.why) + (udp ? "" : " over TCP"));
      const Reply reply = ask(check.query, udp);
      EXPECT_EQ(reply.rcode, static_cast<unsigned>(check.rcode));
      EXPECT_EQ(reply.answer.size(), check.rcode == Rcode::noerror ? 1u : 0u);
      EXPECT_EQ(reply.aa, check.rcode == Rcode::noerror);
      EXPECT_FALSE(reply.tc);
      EXPECT_EQ(reply.has_opt, check.edns);
      EXPECT_EQ(reply.options.count(100), 0u);
    }
  }
  EXPECT_EQ(ask("example.com.", static_cast<RrType>(1000)).rcode, 0u) << "8.1.2 an unknown type";
  EXPECT_EQ(ask(QueryBuilder().flags(0x7800).build()).rcode, static_cast<unsigned>(Rcode::notimp)) << "8.1.4";
  const Reply truncated = ask(QueryBuilder("fat.example.com.", RrType::txt).edns(512).build());
  EXPECT_TRUE(truncated.tc && truncated.has_opt) << "8.2.7";
}

TEST_F(Answers, StaySilentWhereAReplyInvitesLoops) {
  const Octets good = QueryBuilder("web.example.com.").build();
  Client spoofed = test::udp_client();
  spoofed.port = 0;
  EXPECT_TRUE(thread_.ask(good, spoofed).empty());
  EXPECT_TRUE(
      thread_.ask(QueryBuilder("web.example.com.").flags(0x8000).build(), test::udp_client()).empty());
  EXPECT_TRUE(thread_.ask(Octets(11), test::udp_client()).empty());
  EXPECT_FALSE(thread_.ask(good, test::udp_client()).empty());
  const auto& dropped = thread_.answerer().counters.dropped;
  for (const Dropped reason : {Dropped::header_short, Dropped::response, Dropped::port_zero})
    EXPECT_EQ(dropped[static_cast<std::size_t>(reason)].value(), 1u);
}

TEST_F(Answers, OfClassChaos) {
  struct ChaosRow {
    const char* why;
    const char* name;
    RrType type;
    const char* text;  // null: refused
  };
  const ChaosRow rows[] = {
      {"RFC 4892", "id.server.", RrType::txt, "ns1.muster.test"},
      {"any case", "HostName.BIND.", RrType::txt, "ns1.muster.test"},
      {"of another name, though it ends alike", "x.id.server.", RrType::txt, nullptr},
      {"no version is configured", "version.bind.", RrType::txt, nullptr},
      {"another type", "id.server.", RrType::a, nullptr},
      {"never a record of class IN", "web.example.com.", RrType::a, nullptr},
  };
  for (const ChaosRow& row : rows) {
    SCOPED_TRACE(row.why);
    const Reply reply = ask(QueryBuilder(row.name, row.type, 3).edns().build());
    EXPECT_EQ(reply.rcode, static_cast<unsigned>(row.text != nullptr ? Rcode::noerror : Rcode::refused));
    ASSERT_EQ(reply.sections[1].size(), row.text != nullptr ? 1u : 0u);
    if (row.text == nullptr) continue;
    EXPECT_EQ(reply.sections[1][0].rr_class, 3);
    EXPECT_EQ(reply.sections[1][0].rdata.substr(1), row.text);
  }
  thread_.answerer().config.version = "muster";
  EXPECT_EQ(ask(QueryBuilder("version.server.", RrType::txt, 3).build()).sections[1].size(), 1u);
}

TEST_F(Answers, ToNotify) {
  const Reply ours = ask(QueryBuilder("example.com.", RrType::soa).flags(0x2400).build());
  EXPECT_EQ(ours.rcode, 0u);
  EXPECT_TRUE(ours.aa);
  EXPECT_EQ(ask(QueryBuilder("web.example.com.", RrType::soa).flags(0x2400).build()).rcode,
            static_cast<unsigned>(Rcode::notauth));
}

TEST_F(Answers, CarryTheOptionsThatWereAskedFor) {
  const auto base = [] { return QueryBuilder("example.com.", RrType::soa); };
  EXPECT_THAT(ask(base().option(65001, {1}).option(12, Octets(20)).option(8, {0, 1, 24, 0, 10, 0, 0}).build())
                  .options,
              IsEmpty())
      << "nothing unasked, nothing unknown";
  EXPECT_EQ(ask(base().option(3, {9, 9}).build()).options.at(3), "ns1.muster.test");
  EXPECT_EQ(ask(base().option(9).build()).options.at(9), std::string("\0\1\x51\x80", 4))
      << "SOA EXPIRE 86400";
  EXPECT_EQ(ask(QueryBuilder("web.example.com.").option(9).build()).options.count(9), 0u);
  EXPECT_EQ(ask(QueryBuilder("sub.example.com.", RrType::soa).option(9).build()).options.count(9), 0u);
  EXPECT_EQ(ask(base().option(11).build()).options.count(11), 0u) << "keepalive is for TCP";
  const Octets keepalive = base().option(11, {0, 1}).build();
  EXPECT_EQ(ask(keepalive, false).options.at(11), std::string("\0\x64", 2)) << "10 s in 100 ms";
  Client crowded = test::tcp_client();
  crowded.crowded = true;
  EXPECT_EQ(test::read_reply(keepalive, thread_.ask(keepalive, crowded), false).options.at(11),
            std::string("\0\0", 2));
}

TEST_F(Answers, AreCounted) {
  ask("web.example.com.", RrType::a);
  ask("web.example.com.", RrType::naptr);
  ask("nothing.example.com.", RrType::a, false);
  ask("fat.example.com.", RrType::txt);
  ask(QueryBuilder("x.test.").build());
  ask(QueryBuilder("x.test.").raw({0}).build());
  const Counters& counters = thread_.answerer().counters;
  const auto udp = [&](TypeSlot slot) { return counters.queries[0][static_cast<std::size_t>(slot)].value(); };
  EXPECT_EQ(udp(TypeSlot::a), 2u);
  EXPECT_EQ(udp(TypeSlot::other), 1u);
  EXPECT_EQ(counters.queries[1][static_cast<std::size_t>(TypeSlot::a)].value(), 1u);
  EXPECT_EQ(counters.truncated.value(), 1u);
  EXPECT_EQ(counters.malformed[static_cast<std::size_t>(WireError::trailing_octets)].value(), 1u);
  const auto& none = counters.responses[Counters::kNoZone];
  EXPECT_EQ(none[static_cast<std::size_t>(Rcode::refused)].value(), 1u);
  EXPECT_EQ(none[static_cast<std::size_t>(Rcode::formerr)].value(), 1u);
  std::uint64_t nxdomain = 0;
  for (const auto& row : counters.responses)
    nxdomain += row[static_cast<std::size_t>(Rcode::nxdomain)].value();
  EXPECT_EQ(nxdomain, 1u);
}

// A batch in steps gives what one call gives.
TEST_F(Answers, OfABatchAreThoseOfSingleQueries) {
  const std::vector<Octets> queries = {QueryBuilder("web.example.com.").build(),
                                       QueryBuilder("c4.example.com.").build(),
                                       QueryBuilder("nothing.example.com.").edns().build(), Octets(5)};
  const Client client = test::udp_client();
  std::vector<Pending> pending(queries.size());
  const zones::NameTable::Reader::Online online(thread_.reader());
  for (std::size_t i = 0; i < queries.size(); ++i)
    prepare(queries[i], client, thread_.answerer(), pending[i]);
  for (const Pending& one : pending) fetch(one, thread_.answerer());
  for (Pending& one : pending) look_up(one, thread_.answerer());
  for (std::size_t i = 0; i < queries.size(); ++i) {
    Octets batch(1232);
    Octets single(1232);
    batch.resize(finish(pending[i], thread_.answerer(), batch));
    single.resize(answer(queries[i], client, thread_.answerer(), single));
    EXPECT_EQ(batch, single);
  }
}

TEST_F(Answers, EveryPrefixOfAQueryIsAnsweredOrRefused) {
  for (const char* name : {"x.dn.example.com.", "host.sub.example.com.", "example.com."}) {
    const Octets whole = QueryBuilder(name, RrType::mx).option(3).option(10, Octets(8)).build();
    for (std::size_t size = 0; size <= whole.size(); ++size) {
      SCOPED_TRACE(size);
      const Octets prefix(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      const Reply reply = ask(prefix);
      EXPECT_EQ(reply.silent, size < kHeaderSize);
      if (!reply.silent && size < whole.size()) {
        EXPECT_EQ(reply.rcode, static_cast<unsigned>(Rcode::formerr));
      }
    }
  }
}

}  // namespace
}  // namespace muster::dns
