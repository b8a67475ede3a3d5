#include "zones/zone_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "zones/zone_writer.h"

namespace muster::zones {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Name name(std::string_view text) { return *Name::from_text(text); }

using Files = std::map<std::string, std::string>;

CompiledZoneResult compile(const Files& files, const ZoneFileLimits& limits = {}) {
  const FileReader read = [&](const std::string& path) -> net::Result<std::string, std::error_code> {
    const auto found = files.find(path);
    if (found == files.end()) return std::make_error_code(std::errc::no_such_file_or_directory);
    return found->second;
  };
  return compile_zone("z", name("example.test."), read, limits);
}

// SOA and NS on line 1 and 2, the text from line 3 on.
const std::string kHead = "@ 60 IN SOA ns1 host 1 3600 900 86400 30\n@ NS ns1.other.test.\n";

CompiledZoneResult with_head(const std::string& text) { return compile({{"z", kHead + text}}); }

// The records of a zone without SOA and the head's NS, as sorted text lines without the origin.
std::vector<std::string> records(const CompiledZone& zone) {
  std::vector<std::string> lines;
  std::string text;
  for (std::uint32_t i = 0; i < zone.names(); ++i) write_name(text, zone.name(i));
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    const std::string line = text.substr(at, end - at);
    if (line.find("ns1.other.test.") == std::string::npos) lines.push_back(line);
    at = end + 1;
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

std::vector<std::string> texts(const std::vector<ZoneFault>& faults) {
  std::vector<std::string> list;
  for (const ZoneFault& fault : faults) list.push_back(to_string(fault));
  return list;
}

struct GoodRow {
  const char* why;
  std::string text;
  std::vector<std::string> records;
};

TEST(ZoneFile, WhatTheTextMeans) {
  const GoodRow rows[] = {
      {"TTL and class", "w 10 IN A 192.0.2.1\n", {"w.example.test. 10 IN A 192.0.2.1"}},
      {"class and TTL", "w IN 10 A 192.0.2.1\n", {"w.example.test. 10 IN A 192.0.2.1"}},
      {"the previous record's TTL", "w A 192.0.2.1\n", {"w.example.test. 60 IN A 192.0.2.1"}},
      {"$TTL before the previous record's",
       "$TTL 1h30m\nw A 192.0.2.1\n",
       {"w.example.test. 5400 IN A 192.0.2.1"}},
      {"a TTL of 0 stays 0", "w 0 A 192.0.2.1\n", {"w.example.test. 0 IN A 192.0.2.1"}},
      {"the largest TTL", "w 2147483647 A 192.0.2.1\n", {"w.example.test. 2147483647 IN A 192.0.2.1"}},
      {"no final newline", "w 1 A 192.0.2.1", {"w.example.test. 1 IN A 192.0.2.1"}},
      {"CRLF",
       "w 1 A 192.0.2.1\r\n\r\n\tAAAA ::1\r\n",
       {"w.example.test. 1 IN A 192.0.2.1", "w.example.test. 1 IN AAAA ::1"}},
      {"blank owner, blank and comment lines between",
       "w 1 A 192.0.2.1\n\n  ; note\n A 192.0.2.2 ; two\n",
       {"w.example.test. 1 IN A 192.0.2.1", "w.example.test. 1 IN A 192.0.2.2"}},
      {"@ is the origin", "@ 1 TXT x\n", {"example.test. 1 IN TXT \"x\""}},
      {"parentheses over lines, comments inside",
       "w 1 ( A ; first\n  192.0.2.1\n)\n",
       {"w.example.test. 1 IN A 192.0.2.1"}},
      {"parentheses in a string are text", "w 1 TXT \"(\" \";\"\n", {"w.example.test. 1 IN TXT \"(\" \";\""}},
      {"escapes in names and strings",
       "a\\.b\\032c 1 TXT a\\;b\\034 \"\\\\\"\n",
       {"a\\.b\\032c.example.test. 1 IN TXT \"a;b\\\"\" \"\\\\\""}},
      {"raw octets", "caf\xc3\xa9 1 TXT \xff\n", {"caf\\195\\169.example.test. 1 IN TXT \"\\255\""}},
      {"the case of names is kept",
       "WeB 1 CNAME Other.Test.\n",
       {"WeB.example.test. 1 IN CNAME Other.Test."}},
      {"$ORIGIN is relative to the current one",
       "$ORIGIN sub\nw 1 A 192.0.2.1\n$ORIGIN x\n@ 1 TXT y\n",
       {"w.sub.example.test. 1 IN A 192.0.2.1", "x.sub.example.test. 1 IN TXT \"y\""}},
      {"a blank owner stays across $ORIGIN",
       "w 1 A 192.0.2.1\n$ORIGIN sub\n A 192.0.2.2\nw A 192.0.2.3\n",
       {"w.example.test. 1 IN A 192.0.2.1", "w.example.test. 1 IN A 192.0.2.2",
        "w.sub.example.test. 1 IN A 192.0.2.3"}},
      {"names in all rdata are relative",
       "$ORIGIN d\nn 1 NAPTR 1 1 s x \"\" y\nh 1 HTTPS 1 svc\nr 1 RP a @\n",
       {"h.d.example.test. 1 IN HTTPS 1 svc.d.example.test.",
        "n.d.example.test. 1 IN NAPTR 1 1 \"s\" \"x\" \"\" y.d.example.test.",
        "r.d.example.test. 1 IN RP a.d.example.test. d.example.test."}},
      {"unknown types",
       "u 1 TYPE65280 \\# 2 ( C0\n 0c )\nu TYPE65281 \\# 0\n",
       {"u.example.test. 1 IN TYPE65280 \\# 2 c00c", "u.example.test. 1 IN TYPE65281 \\# 0"}},
      {"$GENERATE",
       "$GENERATE 1-3/2 h$ 5 IN A 192.0.2.$\n",
       {"h1.example.test. 5 IN A 192.0.2.1", "h3.example.test. 5 IN A 192.0.2.3"}},
      {"$GENERATE with offset, width and base",
       "$GENERATE 9-10 x${1,4,x}-${-9}\\$ 5 TXT \"${0,3}$$\"\n",
       {"x000a-0\\$.example.test. 5 IN TXT \"009$\"", "x000b-1\\$.example.test. 5 IN TXT \"010$\""}},
      {"$GENERATE with nibbles",
       "$GENERATE 26-26 ${0,7,n} 5 TXT ${0,0,X}\n",
       {"a.1.0.0.example.test. 5 IN TXT \"1A\""}},
      {"an even width of nibbles ends in a dot, as in BIND",
       "$GENERATE 18-18 d${0,4,n}w 5 TXT x\n",
       {"d2.1.w.example.test. 5 IN TXT \"x\""}},
      {"a byte order mark", "w 1 A 192.0.2.1\n", {"w.example.test. 1 IN A 192.0.2.1"}},
  };
  for (const GoodRow& row : rows) {
    SCOPED_TRACE(row.why);
    const auto zone = with_head(row.text);
    ASSERT_TRUE(zone.has_value()) << to_string(zone.error().list.at(0));
    EXPECT_EQ(records(*zone), row.records);
    EXPECT_THAT(texts(zone->warnings().list()), IsEmpty());
  }
}

// Odd files that kzonecheck 3.2.6, nsd-checkzone and named-checkzone all take.
TEST(ZoneFile, WhatOtherServersTakeIsTaken) {
  struct Row {
    const char* why;
    const char* text;
  };
  const Row rows[] = {
      {"lower case type and class", "w 10 in a 192.0.2.1\n"},
      {"$TTL 0", "$TTL 0\nw A 192.0.2.1\n"},
      {"$ORIGIN root", "$ORIGIN .\nw.example.test A 192.0.2.1\n"},
      {"owner IN", "in A 192.0.2.1\n"},
      {"owner 60", "60 A 192.0.2.1\n"},
      {"owner A", "A A 192.0.2.1\n"},
      {"owner TTL-like and ttl", "1h 1h A 192.0.2.1\n"},
      {"glued parens", "w A(192.0.2.1)\n"},
      {"two groups", "w ( TXT ) ( a b )\n"},
      {"comment glued", "w A 192.0.2.1;c\n"},
      {"comment in parens holds paren", "w TXT ( a ; ) \n b )\n"},
      {"tab in quotes", "w TXT \"a\tb\"\n"},
      {"escaped blank in owner", "a\\ b TXT x\n"},
      {"escape of a letter", "\\w TXT \\x\n"},
      {"decimal of a letter", "\\119 TXT \\120\n"},
      {"escape @", "\\@ TXT x\n"},
      {"nul octet in owner", "a\\000b TXT x\n"},
      {"v4 mapped", "w AAAA ::ffff:192.0.2.1\n"},
      {"mx root", "w MX 0 .\n"},
      {"txt empty", "w TXT \"\"\n"},
      {"TYPE1 with text", "w TYPE1 192.0.2.1\n"},
      {"A generic words", "w A \\# 4 c0 00 ( 02\n01 )\n"},
      {"CNAME generic", "w CNAME \\# 5 016d017800\n"},
      {"label 63", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx A 192.0.2.1\n"},
      {"name 255",
       "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx."
       "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx."
       "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx."
       "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy A 192.0.2.1\n"},
      {"wildcards twice", "*.*.w A 192.0.2.1\n"},
      {"asterisk inside", "a*b.*.c A 192.0.2.1\n"},
      {"blank lines of blanks", "   \n\t\n \t ; x\nw A 192.0.2.1\n"},
      {"LOC short", "w LOC 52 N 4 E 0m\n"},
      {"LOC no m", "w LOC 52 22 23.000 N 4 53 32.000 E -2.00 1 10000 10\n"},
      {"NAPTR backslash", "w NAPTR 100 10 \"u\" \"E2U+sip\" \"!^(.*)$!sip:\\\\1@x!\" .\n"},
      {"NAPTR relative", "w NAPTR 100 10 \"S\" \"SIP+D2U\" \"\" _sip._udp\n"},
      {"CAA bare", "w CAA 128 issue ca.test\n"},
      {"CAA semicolon only", "w CAA 0 issue \";\"\n"},
      {"CAA empty", "w CAA 0 issue \"\"\n"},
      {"SSHFP split", "w SSHFP 1 1 ( 123456789abcdef67890 123456789abcdef67890 )\n"},
      {"TLSA upper", "w TLSA 3 1 1 0D6FCE3320315023FF499E3FC66B1CB00D6FCE3320315023FF499E3FC66B1CB0\n"},
      {"DS split", "w NS a.b.\nw DS 60485 5 1 ( 2BB183AF5F22588179A53B0A\n 98631FAD1A292118 )\n"},
      {"DS mnemonic", "w NS a.b.\nw DS 60485 RSASHA1 1 2BB183AF5F22588179A53B0A98631FAD1A292118\n"},
      {"HTTPS order", "w HTTPS 1 . port=443 alpn=h2\n"},
      {"HTTPS quoted", "w HTTPS 1 . alpn=\"h2,h3\" ipv4hint=192.0.2.1,192.0.2.2 ipv6hint=2001:db8::1\n"},
      {"HTTPS mandatory", "w HTTPS 1 . mandatory=alpn,port alpn=h2 port=1\n"},
      {"HTTPS alias", "w HTTPS 0 svc\n"},
      {"HTTPS key667 quoted", "w HTTPS 1 . key667=\"hello\\210qoo\"\n"},
      {"HTTPS key667 empty", "w HTTPS 1 . key667\n"},
      {"SVCB mandatory order",
       "w SVCB 16 foo.example.org. alpn=h2,h3-19 mandatory=ipv4hint,alpn ipv4hint=192.0.2.1\n"},
      {"SVCB alpn escaped", "w SVCB 16 foo.example.org. alpn=\"f\\\\\\\\oo\\\\,bar,h2\"\n"},
      {"SVCB v6 mapped", "w SVCB 1 example.com. ipv6hint=\"2001:db8:122:344::192.0.2.33\"\n"},
      {"URI", "w URI 10 1 \"ftp://ftp1.example.com/public\"\n"},
      {"EUI48", "w EUI48 00-00-5e-00-53-2a\n"},
      {"EUI64", "w EUI64 00-00-5e-ef-10-00-00-2a\n"},
      {"HINFO", "w HINFO PC \"Linux 6\"\n"},
      {"RP", "w RP a txt.b\n"},
      {"AFSDB", "w AFSDB 1 a\n"},
      {"SPF", "w SPF \"v=spf1 -all\"\n"},
      {"MINFO", "w MINFO a b\n"},
      {"KX", "w KX 10 a\n"},
      {"CERT", "w CERT PGP 0 0 AAAA\n"},
      {"APL", "w APL 1:192.168.32.0/21 !1:192.168.38.0/28 2:2001:db8::/32\n"},
      {"SMIMEA", "w SMIMEA 3 1 1 0d6fce3320315023ff499e3fc66b1cb00d6fce3320315023ff499e3fc66b1cb0\n"},
      {"CSYNC", "w CSYNC 66 3 A NS AAAA\n"},
      {"NSEC", "w NSEC x A MX RRSIG NSEC TYPE1234\n"},
      {"CNAME + NSEC", "w CNAME a.b.\nw NSEC x CNAME\n"},
      {"DNAME beside A", "d DNAME o.test.\nd A 192.0.2.1\n"},
      {"DNAME at apex", "@ DNAME o.test.\n"},
      {"DS without NS", "w DS 60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118\n"},
      {"A empty non-terminal", "a.b.c.d A 192.0.2.1\n"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    const auto zone = with_head(row.text);
    EXPECT_TRUE(zone.has_value()) << to_string(zone.error().list.at(0));
  }
}

TEST(ZoneFile, SoaAndTtlFromMinimum) {
  const auto zone = compile({{"z",
                              "\xef\xbb\xbf$TTL 1d\n$ORIGIN test.\nexample SOA ns1.example host.example (\n "
                              "7 1h 15m 2w 30 )\n NS a.b.\n"}});
  ASSERT_TRUE(zone.has_value()) << to_string(zone.error().list.at(0));
  EXPECT_EQ(zone->soa().serial, 7U);
  EXPECT_EQ(zone->soa().refresh, 3600U);
  EXPECT_EQ(zone->soa().expire, 1209600U);
  EXPECT_EQ(zone->soa().rname.text(), "host.example.test.");
  EXPECT_EQ(zone->soa_ttl(), 86400U);

  const auto bare = compile({{"z", "@ SOA a. b. 1 1 1 1 33\n@ NS c.\n"}});
  ASSERT_TRUE(bare.has_value());
  EXPECT_EQ(bare->soa_ttl(), 33U) << "nothing says a TTL: MINIMUM";
  EXPECT_EQ(bare->name(0).rrsets.at(0).ttl, 33U);
}

struct BadRow {
  const char* why;
  std::string text;  // behind kHead, so its first line is line 3
  const char* fault;
};

TEST(ZoneFile, ErrorsSayWhereAndWhat) {
  const BadRow rows[] = {
      {"unbalanced (", "w 1 A 192.0.2.1\nx 1 TXT ( a\ny 1 A 192.0.2.2\n",
       "z:4:9: this parenthesis is never closed"},
      {"unbalanced )", "w 1 TXT a )\n", "z:3:11: this parenthesis closes nothing"},
      {"unbalanced quote", "w 1 TXT \"a\n", "z:3:9: this quotation mark has no partner"},
      {"a backslash at the end", "w 1 TXT a\\\n", "z:3:10: a backslash at the end"},
      {"a control character", "w 1 TXT a\001\n", "z:3:10: a control character"},
      {"TTL over 32 bits", "w 4294967296 A 192.0.2.1\n", "z:3:3: a TTL is at most 2147483647"},
      {"TTL of 2^31", "w 2147483648 A 192.0.2.1\n", "z:3:3: a TTL is at most 2147483647"},
      {"$TTL too large", "$TTL 3551w\n", "z:3:6: a TTL is at most"},
      {"$TTL is no time", "$TTL x\n", "z:3:6: `x` is not a time"},
      {"a TTL with a strange unit", "w 1y A 192.0.2.1\n", "z:3:3: `1y` is no TTL"},
      {"second SOA", "@ SOA a b 1 1 1 1 1\n", "z:3:3: a second SOA"},
      {"SOA below the apex", "w SOA a b 1 1 1 1 1\n", "z:3:3: a SOA stands at the apex"},
      {"owner outside the zone", "www.other.test. 1 A 192.0.2.1\n",
       "z:3:1: www.other.test. is not in the zone"},
      {"an owner that only ends like the apex", "badexample.test. 1 A 192.0.2.1\n",
       "z:3:1: badexample.test. is not in"},
      {"class CH", "w 1 CH A 192.0.2.1\n", "z:3:5: class CH"},
      {"class by number", "w 1 CLASS3 A 192.0.2.1\n", "z:3:5: class CLASS3"},
      {"unknown type", "w 1 AAA ::1\n", "z:3:5: `AAA` is no type of record (AAAA meant?)"},
      {"unknown type", "w 1 FROB x\n", "z:3:5: `FROB` is no type of record"},
      {"no type", "w 1 IN\n", "the type of the record is missing"},
      {"a type of questions", "w 1 ANY \\# 0\n", "z:3:5: ANY is for messages"},
      {"bad data on a later line", "w 1 MX (\n  10\n  a..b )\n", "z:5:3: `a..b`: a label is empty"},
      {"missing data", "w 1 MX 10\n", "z:3:10: something is missing here (MX takes"},
      {"an escape over 255", "w\\256 1 A 192.0.2.1\n", "z:3:1: `w\\256`: a backslash needs"},
      {"unknown directive", "$INCLUED x\n", "z:3:1: `$INCLUED` is no directive"},
      {"CNAME and other data", "w 1 CNAME x.y.\nw 1 A 192.0.2.1\n",
       "z:4:1: w.example.test. has a CNAME and other data (A)"},
      {"two CNAMEs", "w 1 CNAME x.y.\nw 1 CNAME z.y.\n", "z:4:1: w.example.test. has two CNAME"},
      {"CNAME and DNAME", "w 1 CNAME x.y.\nw 1 DNAME z.y.\n",
       "z:4:1: w.example.test. has a CNAME and other data (DNAME)"},
      {"two DNAMEs", "w 1 DNAME x.y.\nw 1 DNAME z.y.\n", "z:4:1: w.example.test. has two DNAME"},
      {"CNAME at the apex", "@ 1 CNAME x.y.\n", "z:2:1: example.test. has a CNAME and other data (NS)"},
      {"a name below a DNAME", "d 1 DNAME x.y.\na.b.d 1 A 192.0.2.1\n",
       "z:4:1: a.b.d.example.test. is below the DNAME of d.example.test."},
      {"NS at a wildcard", "*.w 1 NS x.y.\n", "z:3:1: *.w.example.test. has NS records"},
      {"a missing include", "$INCLUDE nowhere\n", "nowhere:1:1: cannot be read: No such file"},
      {"a file that includes itself", "$INCLUDE z\n", "z:3:10: `z` includes itself"},
      {"$GENERATE backwards", "$GENERATE 3-1 h$ A 192.0.2.1\n", "z:3:11: `3-1` is no range"},
      {"$GENERATE of too many", "$GENERATE 0-65536 h$ A 192.0.2.1\n", "z:3:11: a $GENERATE of 65537 records"},
      {"$GENERATE with step 0", "$GENERATE 1-2/0 h$ A 192.0.2.1\n", "z:3:11: `1-2/0` is no range"},
      {"$GENERATE below zero", "$GENERATE 1-2 h${-2} A 192.0.2.1\n", "z:3:1: a $ pattern is not understood"},
      {"$GENERATE with a bad pattern", "$GENERATE 1-2 h${1,2,q} A 192.0.2.1\n", "z:3:1: a $ pattern"},
      {"$GENERATE of bad data, said once", "$GENERATE 1-9 h$ A 192.0.2.x\n",
       "z:3:1: `192.0.2.x` is not an IPv4"},
  };
  for (const BadRow& row : rows) {
    SCOPED_TRACE(row.why);
    const auto zone = with_head(row.text);
    ASSERT_FALSE(zone.has_value());
    EXPECT_THAT(texts(zone.error().list), ElementsAre(HasSubstr(row.fault)));
  }
}

TEST(ZoneFile, WhatIsMissing) {
  const auto no_soa = compile({{"z", "w 1 A 192.0.2.1\n@ NS a.\n"}});
  ASSERT_FALSE(no_soa.has_value());
  EXPECT_THAT(texts(no_soa.error().list), ElementsAre(HasSubstr("z:1:1: the zone example.test. has no SOA")));
  const auto no_ns = compile({{"z", "@ 1 SOA a. b. 1 1 1 1 1\n"}});
  ASSERT_FALSE(no_ns.has_value());
  EXPECT_THAT(texts(no_ns.error().list), ElementsAre(HasSubstr("has no NS records at its apex")));
  EXPECT_EQ(compile({{"z", ""}}).error().list.size(), 2U);
  const auto no_owner = compile({{"z", "  A 192.0.2.1\n  A 192.0.2.1\n"}});
  ASSERT_FALSE(no_owner.has_value());
  EXPECT_THAT(to_string(no_owner.error().list.at(0)), HasSubstr("z:1:3: a record without an owner"));
  const auto no_file = compile({});
  ASSERT_FALSE(no_file.has_value());
  EXPECT_THAT(texts(no_file.error().list), ElementsAre("z:1:1: cannot be read: No such file or directory"));
}

TEST(ZoneFile, AMessageHoldsTheLargestRrset) {
  // 12 + 16 of header and question + 4 for type and class, then 12 + 256 a record: 244 fit, 245 do not.
  const auto strings = [](int count) {
    std::string text;
    for (int i = 0; i < count; ++i)
      text += "@ 1 TXT " + std::to_string(1000 + i) + std::string(251, 'x') + "\n";
    return text;
  };
  EXPECT_TRUE(with_head(strings(244)).has_value());
  const auto zone = with_head(strings(245));
  ASSERT_FALSE(zone.has_value());
  EXPECT_THAT(texts(zone.error().list), ElementsAre(HasSubstr("a message holds 65535")));
}

TEST(ZoneFile, AtMostTwentyErrors) {
  std::string text;
  for (int i = 0; i < 50; ++i) text += "w A bad\n";
  const auto zone = with_head(text);
  ASSERT_FALSE(zone.has_value());
  ASSERT_EQ(zone.error().list.size(), 20U);
  EXPECT_EQ(zone.error().list[19].at.line, 22U);
}

TEST(ZoneFile, RecordsUnderABadOwnerAreNotReportedAgain) {
  const auto zone = with_head("w.. A 192.0.2.1\n  A bad\nx A bad\n");
  ASSERT_FALSE(zone.has_value());
  EXPECT_THAT(texts(zone.error().list), ElementsAre(HasSubstr("z:3:1: `w..`"), HasSubstr("z:5:5: `bad`")));
}

TEST(ZoneFile, IncludesAreRelativeAndRestoreTheOrigin) {
  const auto zone =
      compile({{"z", kHead + "w 1 A 192.0.2.1\n$INCLUDE d/a sub\n  A 192.0.2.2\nv A 192.0.2.3\n"},
               {"d/a", "$ORIGIN deep\nx A 192.0.2.4\n$INCLUDE ../b\ny A 192.0.2.5\n"},
               {"b", "b A 192.0.2.6\n"}});
  ASSERT_TRUE(zone.has_value()) << to_string(zone.error().list.at(0));
  EXPECT_THAT(
      records(*zone),
      ElementsAre("b.deep.sub.example.test. 1 IN A 192.0.2.6", "v.example.test. 1 IN A 192.0.2.3",
                  "w.example.test. 1 IN A 192.0.2.1", "w.example.test. 1 IN A 192.0.2.2",
                  "x.deep.sub.example.test. 1 IN A 192.0.2.4", "y.deep.sub.example.test. 1 IN A 192.0.2.5"));
}

TEST(ZoneFile, ErrorsAndWarningsNameTheirFile) {
  const auto bad =
      compile({{"z", kHead + "$INCLUDE a\nw CNAME x.\n"}, {"a", "\n\nw A 192.0.2.1\nv A bad\n"}});
  ASSERT_FALSE(bad.has_value());
  EXPECT_THAT(texts(bad.error().list),
              ElementsAre(HasSubstr("a:4:5: `bad`"),
                          HasSubstr("a:3:1: w.example.test. has a CNAME and other data (A)")));
  const auto odd = compile({{"z", kHead + "$INCLUDE a\nw MX 1 m2\n"}, {"a", "\nw 60 MX 1 m1\n"}});
  ASSERT_TRUE(odd.has_value());
  EXPECT_THAT(texts(odd->warnings().list()),
              ElementsAre(HasSubstr("a:2:1: MX m1"), HasSubstr("z:4:1: MX m2")));
}

TEST(ZoneFile, IncludesHaveADepth) {
  const auto chain = [](int depth) {
    Files files{{"z", kHead + "$INCLUDE f1\n"}};
    for (int i = 1; i < depth; ++i)
      files["f" + std::to_string(i)] = "$INCLUDE f" + std::to_string(i + 1) + "\n";
    files["f" + std::to_string(depth)] = "w A 192.0.2.1\n";
    return files;
  };
  EXPECT_TRUE(compile(chain(10)).has_value());
  const auto deep = compile(chain(11));
  ASSERT_FALSE(deep.has_value());
  EXPECT_THAT(texts(deep.error().list),
              ElementsAre(HasSubstr("f10:1:10: files are included more than 10 deep")));
  const auto loop = compile({{"z", kHead + "$INCLUDE a\n"}, {"a", "$INCLUDE d/../z\n"}});
  ASSERT_FALSE(loop.has_value());
  EXPECT_THAT(texts(loop.error().list), ElementsAre(HasSubstr("a:1:10: `z` includes itself")));
}

TEST(ZoneFile, Warnings) {
  const BadRow rows[] = {
      {"mixed TTLs", "w 9 A 192.0.2.1\nw 5 A 192.0.2.2\n",
       "z:4:1: the A records of one name have different TTLs: the lowest, 5"},
      {"duplicates", "w A 192.0.2.1\nw A 192.0.2.2\nw A 192.0.2.1\n",
       "z:5:1: this A record stands here twice"},
      {"duplicates but for case", "@ NS NS1.OTHER.test.\n", "z:3:1: this NS record stands here twice"},
      {"an MX without address", "w MX 10 mail\n", "z:3:1: MX mail.example.test.: the target has no address"},
      {"an SRV to an alias", "w SRV 1 1 1 a\na CNAME b\nb A 192.0.2.1\n",
       "z:3:1: SRV a.example.test.: the target is an alias"},
      {"an apex NS without address", "@ NS ns2\n", "z:3:1: NS ns2.example.test.: the target has no address"},
      {"a delegation without glue", "d NS ns.d\n",
       "z:3:1: NS ns.d.example.test.: the name server lies below the delegation"},
      {"data below a cut", "d NS x.y.\nw.d A 192.0.2.1\n",
       "z:4:1: this A record is hidden: d.example.test. is delegated"},
      {"data at a cut", "d NS x.y.\nd TXT x\n",
       "z:4:1: this TXT record is hidden: d.example.test. is delegated"},
      {"a signed zone", "@ RRSIG A 5 3 60 20300322173103 20230220173103 2642 @ AAAA\n",
       "z:3:1: the zone is signed"},
  };
  for (const BadRow& row : rows) {
    SCOPED_TRACE(row.why);
    const auto zone = with_head(row.text);
    ASSERT_TRUE(zone.has_value()) << to_string(zone.error().list.at(0));
    EXPECT_THAT(texts(zone->warnings().list()), ElementsAre(HasSubstr(row.fault)));
  }
}

TEST(ZoneFile, WhatWarningsChange) {
  const auto zone = with_head("w 9 A 192.0.2.1\nw 5 A 192.0.2.2\nw 9 A 192.0.2.1\n");
  ASSERT_TRUE(zone.has_value());
  EXPECT_THAT(records(*zone),
              ElementsAre("w.example.test. 5 IN A 192.0.2.1", "w.example.test. 5 IN A 192.0.2.2"));
}

TEST(ZoneFile, NothingToWarnOf) {
  const char* const texts_without[] = {
      "d NS ns.d\nns.d A 192.0.2.1\n",             // glue
      "d NS ns.e\ne NS ns.e\nns.e A 192.0.2.1\n",  // sibling glue
      "d NS d\nd A 192.0.2.1\nd DS 1 8 2 00\n",    // the cut is its own name server, DS is the parent's
      "w MX 0 .\nx SRV 0 0 0 .\n",                 // "no such service"
      "w MX 0 a.wild\n*.wild A 192.0.2.1\n",       // a wildcard has it
      "w MX 0 m.d\nd NS x.y.\n",                   // the child's business
      "w TXT a\nw TXT A\n",                        // strings do not fold
      "w CNAME x.\nw RRSIG CNAME 5 3 60 20300322173103 20230220173103 1 @ AAAA\n",  // allowed beside (but
                                                                                    // signed)
  };
  for (const char* text : texts_without) {
    SCOPED_TRACE(text);
    const auto zone = with_head(text);
    ASSERT_TRUE(zone.has_value()) << to_string(zone.error().list.at(0));
    const bool is_signed = std::string_view(text).find("RRSIG") != std::string_view::npos;
    EXPECT_EQ(zone->warnings().total(), is_signed ? 1U : 0U) << to_string(zone->warnings().list().at(0));
  }
}

TEST(ZoneFile, WarningsAreCountedBeyondTheirList) {
  std::string text;
  for (int i = 0; i < 150; ++i) text += "w" + std::to_string(i) + " MX 1 nowhere\n";
  const auto zone = with_head(text);
  ASSERT_TRUE(zone.has_value());
  EXPECT_EQ(zone->warnings().list().size(), 100U);
  EXPECT_EQ(zone->warnings().total(), 150U);
}

TEST(ZoneFile, RecordsHaveALimit) {
  ZoneFileLimits limits;
  limits.records = 4;
  EXPECT_TRUE(compile({{"z", kHead + "$GENERATE 1-2 h$ A 192.0.2.1\n"}}, limits).has_value());
  const auto zone = compile({{"z", kHead + "$GENERATE 1-3 h$ A 192.0.2.1\n"}}, limits);
  ASSERT_FALSE(zone.has_value());
  EXPECT_THAT(texts(zone.error().list), ElementsAre(HasSubstr("a zone has at most 4 records")));
}

TEST(ZoneFile, ParentsComeBeforeChildren) {
  const auto zone = with_head("a.b.c A 192.0.2.1\nc TXT x\nb.c TXT x\nd A 192.0.2.1\n");
  ASSERT_TRUE(zone.has_value());
  std::vector<std::string> order;
  for (std::uint32_t i = 0; i < zone->names(); ++i) order.push_back(zone->name(i).owner.text());
  EXPECT_THAT(order, ElementsAre("example.test.", "c.example.test.", "b.c.example.test.",
                                 "a.b.c.example.test.", "d.example.test."));
  EXPECT_EQ(zone->find(name("B.c.Example.test.").wire()), 2U);
  EXPECT_FALSE(zone->find(name("x.example.test.").wire()).has_value());
}

TEST(ZoneFile, TheApexComesWithoutItsSoa) {
  const auto zone = with_head("");
  ASSERT_TRUE(zone.has_value());
  ASSERT_EQ(zone->name(0).rrsets.size(), 1U);
  EXPECT_EQ(zone->name(0).rrsets[0].type, RrType::ns);
  EXPECT_EQ(zone->name(0).rrsets[0].order, Order::fixed);
}

TEST(ZoneFile, ScatteredRecordsOfOneNameAreGathered) {
  const auto zone = with_head("w TXT b\nv TXT x\nw A 192.0.2.2\nw TXT a\nW A 192.0.2.1\n");
  ASSERT_TRUE(zone.has_value());
  const auto found = zone->find(name("w.example.test.").wire());
  ASSERT_TRUE(found.has_value());
  const NameSpec spec = zone->name(*found);
  ASSERT_EQ(spec.rrsets.size(), 2U);
  EXPECT_EQ(spec.owner.text(), "w.example.test.") << "as first written";
  EXPECT_EQ(rdata_text(RrType::a, spec.rrsets[0].members.at(0).rdata), "192.0.2.2") << "in the file's order";
  EXPECT_EQ(spec.rrsets[1].members.size(), 2U);
}

TEST(ZoneFile, EveryPrefixIsReadOrRefused) {
  const std::string text = kHead +
                           "$TTL 1h\n$ORIGIN sub\nw ( 10 IN ; c\n TXT \"a b\" \\100 )\n"
                           "$GENERATE 1-2 h${0,2,x} MX $ m\nx TYPE900 \\# 1 ff\ny HTTPS 1 . alpn=\"h2,h3\"\n";
  ASSERT_TRUE(compile({{"z", text}}).has_value());
  for (std::size_t size = 0; size < text.size(); ++size) {
    const std::string exact(text.data(), size);
    const auto zone = compile({{"z", exact}});
    EXPECT_TRUE(zone.has_value() || !zone.error().list.empty());
  }
}

TEST(ZoneWriter, WhatIsWrittenReadsBack) {
  const auto zone = with_head(
      "WeB 5 A 192.0.2.1\n A 192.0.2.2\n*.w TXT \"a \\\"b\\\" \\000\" c\na\\.b\\@ CNAME \\$x\nd NS "
      "ns.d\nns.d AAAA ::1\n"
      "u TYPE65280 \\# 3 C00C01\nh HTTPS 1 . port=1 alpn=h2\nl LOC 52 22 23.000 N 4 53 32.000 E -2.00m\n"
      "n NAPTR 1 1 s x \"!^.*$!a;b!\" .\nc CAA 0 issue \"ca;x\"\n@ TXT \"\"\n");
  ASSERT_TRUE(zone.has_value()) << to_string(zone.error().list.at(0));
  const std::string once = write_zone(*zone);
  const auto again = compile({{"z", once}});
  ASSERT_TRUE(again.has_value()) << to_string(again.error().list.at(0)) << "\n" << once;
  EXPECT_EQ(write_zone(*again), once);
  EXPECT_EQ(again->records(), zone->records());
  for (std::uint32_t i = 0; i < zone->names(); ++i) {
    ASSERT_EQ(zone->owner(i), again->owner(i));
    ASSERT_EQ(zone->records_of(i).size(), again->records_of(i).size());
    for (std::size_t r = 0; r < zone->records_of(i).size(); ++r) {
      EXPECT_EQ(zone->records_of(i)[r].rdata(), again->records_of(i)[r].rdata());
      EXPECT_EQ(zone->records_of(i)[r].ttl, again->records_of(i)[r].ttl);
    }
  }
}

TEST(ZoneExamples, LoadWithoutAWarning) {
  const auto zone = compile_zone(MUSTER_SOURCE_DIR "/zones/examples/example.test.zone", name("example.test."),
                                 read_whole_file);
  ASSERT_TRUE(zone.has_value()) << to_string(zone.error().list.at(0));
  EXPECT_THAT(texts(zone->warnings().list()), IsEmpty());
  EXPECT_GT(zone->records(), 12U);
}

TEST(ZoneCorpus, EveryFileIsReadOrRefusedAndWritesStably) {
  std::size_t good = 0;
  std::size_t bad = 0;
  for (const auto& file :
       std::filesystem::directory_iterator(MUSTER_SOURCE_DIR "/tools/fuzz/corpus/zone_file")) {
    SCOPED_TRACE(file.path().filename().string());
    const auto text = read_whole_file(file.path().string());
    ASSERT_TRUE(text.has_value());
    const auto zone = compile({{"z", *text}, {"inc", "i 1 A 192.0.2.1\n"}});
    ++(zone.has_value() ? good : bad);
    if (!zone.has_value()) continue;
    const std::string once = write_zone(*zone);
    const auto again = compile({{"z", once}});
    ASSERT_TRUE(again.has_value()) << to_string(again.error().list.at(0));
    EXPECT_EQ(write_zone(*again), once);
  }
  EXPECT_GE(good, 4U);
  EXPECT_GE(bad, 2U);
}

}  // namespace
}  // namespace muster::zones
