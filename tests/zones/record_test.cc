#include "zones/record.h"

#include <gtest/gtest.h>
#include <ldns/ldns.h>

#include <memory>

#include "zones/rdata_fields.h"
#include "zones/zone_lexer.h"

namespace muster::zones {
namespace {

Name name(std::string_view text) { return *Name::from_text(text); }

net::Result<std::string, RdataError> read(RrType type, const std::string& text,
                                          const Name& origin = name("example.test.")) {
  ZoneLexer lexer(text);
  if (lexer.next() != ZoneLexer::Found::entry) return rdata_from_words(type, {}, origin);
  return rdata_from_words(type, lexer.words(), origin);
}

// What ldns makes of a whole record: the independent reader.
struct FreeRr {
  void operator()(ldns_rr* rr) const { ldns_rr_free(rr); }
};
using Rr = std::unique_ptr<ldns_rr, FreeRr>;

Rr ldns_read(RrType type, const std::string& text) {
  const std::string line = "x.example.test. 60 IN " + to_string(type) + " " + text;
  ldns_rdf* origin = ldns_dname_new_frm_str("example.test.");
  ldns_rr* rr = nullptr;
  const auto status = ldns_rr_new_frm_str(&rr, line.c_str(), 0, origin, nullptr);
  ldns_rdf_deep_free(origin);
  return Rr(status == LDNS_STATUS_OK ? rr : nullptr);
}

std::string octets_of(const ldns_rr& rr) {
  std::string octets;
  for (std::size_t i = 0; i < ldns_rr_rd_count(&rr); ++i) {
    const ldns_rdf* rdf = ldns_rr_rdf(&rr, i);
    octets.append(reinterpret_cast<const char*>(ldns_rdf_data(rdf)), ldns_rdf_size(rdf));
  }
  return octets;
}

std::string hex(std::string_view octets) {
  std::string text;
  for (const char c : octets) {
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02x", static_cast<unsigned char>(c));
    text += digits;
  }
  return text;
}

struct TypeRow {
  RrType type;
  const char* text;
};
constexpr TypeRow kEveryType[] = {
    {RrType::a, "192.0.2.1"},
    {RrType::aaaa, "2001:db8::1"},
    {RrType::aaaa, "::ffff:192.0.2.1"},
    {RrType::ns, "ns1"},
    {RrType::ns, "ns1.Other.test."},
    {RrType::cname, "www"},
    {RrType::cname, "@"},
    {RrType::soa, "ns1 host\\.master 2024010101 3600 900 1209600 60"},
    {RrType::soa, "ns1 hostmaster 1 1h 15m 2w 1h"},
    {RrType::ptr, "host.example.net."},
    {RrType::mx, "10 mail"},
    {RrType::mx, "0 ."},
    {RrType::txt, "\"two words\" bare \"\""},
    {RrType::txt, "\"say \\\"hi\\\" \\009 back\\\\slash\""},
    {RrType::srv, "10 60 5060 sip"},
    {RrType::caa, "0 issue \"ca.example; policy=ev\""},
    {RrType::caa, "128 iodef \"mailto:security@example.test\""},
    {RrType::naptr, "100 50 \"s\" \"http+I2R\" \"\" _http._tcp"},
    {RrType::naptr, "100 50 u E2U+sip \"!^.*$!sip:info@example.test!\" ."},
    {RrType::dname, "elsewhere.test."},
    {RrType::hinfo, "\"PDP 11\" UNIX"},
    {RrType::rp, "admin text"},
    {RrType::afsdb, "1 afs"},
    {RrType::kx, "1 kx"},
    {RrType::loc, "52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m"},
    {RrType::sshfp, "1 1 123456789abcdef67890123456789abcdef67890"},
    {RrType::tlsa, "3 1 1 0d6fce13243aa7aabbccddeeff00112233445566778899aabbccddeeff001122"},
    {RrType::uri, "10 1 \"ftp://ftp.example.test/public\""},
    {RrType::spf, "\"v=spf1 -all\""},
    {RrType::svcb, "1 svc alpn=h2,h3 port=8443"},
    {RrType::svcb, "0 svc.example.net."},
    {RrType::https, "1 . alpn=h2 ipv4hint=192.0.2.1,192.0.2.2 ipv6hint=2001:db8::1"},
    {RrType::https, "1 . alpn=\"h2,h3\" key667=hello"},
    {RrType::eui48, "00-00-5e-00-53-2a"},
    {RrType::eui64, "00-00-5e-ef-10-00-00-2a"},
    {RrType::ds, "60485 5 1 2bb183af5f22588179a53b0a98631fad1a292118"},
    {RrType::dnskey, "256 3 8 AQPSKmynfzW4kyBv015MUG2DeIQ3Cbl+BBZH4b/0PY1kxkmvHjcZc8no"},
    {RrType::rrsig,
     "A 5 3 86400 20300322173103 20230220173103 2642 example.test. "
     "oJB1W6WNGv+ldvQ3WDG0MQkg5IEhjRip8WTrPYGv07h108dUKGMeDPKijVCHX3DDKdfb"},
    {RrType::nsec, "host A MX RRSIG NSEC TYPE1234"},
    {RrType::mb, "mailbox"},
    {RrType::mg, "group"},
    {RrType::mr, "renamed"},
    {RrType::minfo, "owner errors"},
};

TEST(Rdata, EveryTypeReadsAsLdnsReadsIt) {
  for (const TypeRow& row : kEveryType) {
    SCOPED_TRACE(to_string(row.type) + " " + row.text);
    const auto ours = read(row.type, row.text);
    ASSERT_TRUE(ours.has_value()) << ours.error().message;
    const Rr theirs = ldns_read(row.type, row.text);
    ASSERT_TRUE(theirs != nullptr);
    EXPECT_EQ(hex(*ours), hex(octets_of(*theirs)));
  }
}

TEST(Rdata, EveryTypeIsWrittenSoThatItReadsBack) {
  for (const TypeRow& row : kEveryType) {
    SCOPED_TRACE(to_string(row.type) + " " + row.text);
    const auto rdata = read(row.type, row.text);
    ASSERT_TRUE(rdata.has_value());
    const std::string text = rdata_text(row.type, *rdata);
    const auto again = read(row.type, text, Name());
    ASSERT_TRUE(again.has_value()) << text << ": " << again.error().message;
    EXPECT_EQ(hex(*again), hex(*rdata)) << text;
    EXPECT_EQ(text.find("\\#"), std::string::npos) << "the typed form: " << text;
    const Rr theirs = ldns_read(row.type, text);
    ASSERT_TRUE(theirs != nullptr) << text;
    EXPECT_EQ(hex(octets_of(*theirs)), hex(*rdata)) << text;
  }
}

struct ServedRow {
  const char* type;
  const char* text;
  const char* octets;
};
// Text in the zone t., and what BIND 9.18, NSD 4.6 and Knot DNS 3.2 serve of it: all that read it (at least two do)
// agree.
constexpr ServedRow kAsServed[] = {
    {"APL", "1:192.168.32.0/21 !1:192.168.38.0/28 2:ff00::/8", "00011503c0a82000011c83c0a82600020801ff"},
    {"CERT", "PKIX 1 RSASHA256 AQIDBA==", "000100010801020304"},
    {"CERT", "65534 257 8 AQIDBA==", "fffe01010801020304"},
    {"CERT", "ipgp 0 ecdsap256sha256 AQ ID", "000600000d010203"},
    {"CERT", "URI 0 0 aHR0cA==", "00fd00000068747470"},
    {"DHCID", "AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=",
     "000201636fc0b8271c82825bb1ac5c41cf5351aa69b4febd94e8f17cdb95000da48c40"},
    {"SMIMEA", "3 1 1 d2abde240d7cd3ee6b4b28c54df034b97983a1d16e8a410e4561cb106618e971",
     "030101d2abde240d7cd3ee6b4b28c54df034b97983a1d16e8a410e4561cb106618e971"},
    {"OPENPGPKEY", "AQIDBAUGBwg=", "0102030405060708"},
    {"CSYNC", "66 3 A NS AAAA", "000000420003000460000008"},
    {"ZONEMD", "2018031900 1 1 c68090d90a7aed716bc459f9340e3d7c1370d4d24b7e2fc3a1ddc0b9a87153b9a9713b3c9ae5cc27777f98b8e730044c",
     "7848b91c0101c68090d90a7aed716bc459f9340e3d7c1370d4d24b7e2fc3a1ddc0b9a87153b9a9713b3c9ae5cc27777f98b8e730044c"},
    {"NID", "10 0014:4fff:ff20:ee64", "000a00144fffff20ee64"},
    {"L32", "10 10.1.2.0", "000a0a010200"},
    {"L64", "10 2001:0DB8:1140:1000", "000a20010db811401000"},
    {"LP", "10 l64-subnet1", "000a0b6c36342d7375626e657431017400"},
    {"PX", "10 map822 mapx400", "000a066d6170383232017400076d617078343030017400"},
    {"X25", "311061700956", "0c333131303631373030393536"},
    {"X25", "\"311061700956\"", "0c333131303631373030393536"},
    {"RT", "2 relay", "00020572656c6179017400"},
    {"KX", "2 rt1", "000203727431017400"},
    {"CDS", "60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118",
     "ec4505012bb183af5f22588179a53b0a98631fad1a292118"},
    {"CDS", "0 0 0 00", "0000000000"},
    {"CDNSKEY", "256 3 5 AQPSKmynfzW4kyBv015MUG2DeIQ3", "010003050103d22a6ca77f35b893206fd35e4c506d83788437"},
    {"CDNSKEY", "0 3 0 AA==", "0000030000"},
    {"IPSECKEY", "10 1 2 192.0.2.38 AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==",
     "0a0102c0000226010351537986ed35533b6064478eeeb27b5bd74dae149b6e81ba3a0521af82ab7801"},
    {"IPSECKEY", "10 0 2 . AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==",
     "0a0002010351537986ed35533b6064478eeeb27b5bd74dae149b6e81ba3a0521af82ab7801"},
    {"IPSECKEY", "10 3 2 mygateway AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==",
     "0a0302096d7967617465776179017400010351537986ed35533b6064478eeeb27b5bd74dae149b6e81ba3a0521af82ab7801"},
    {"IPSECKEY", "10 2 2 2001:0DB8:0:8002::2000:1 AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==",
     "0a020220010db8000080020000000020000001010351537986ed35533b6064478eeeb27b5bd74dae149b6e81ba3a0521af82ab7801"},
    {"URI", "10 1 \"ftp://ftp1.example.com/public\"",
     "000a00016674703a2f2f667470312e6578616d706c652e636f6d2f7075626c6963"},
    {"EUI48", "00-00-5e-00-53-2a", "00005e00532a"},
    {"EUI64", "00-00-5e-ef-10-00-00-2a", "00005eef1000002a"},
    {"AVC", "\"app-name:WOLFGANG|app-class:OAM\"",
     "1f6170702d6e616d653a574f4c4647414e477c6170702d636c6173733a4f414d"},
    {"KEY", "256 3 5 AQPSKmynfzW4kyBv", "010003050103d22a6ca77f35b893206f"},
    {"SIG", "A 5 3 86400 20300101000000 20200101000000 2642 example.com. AQID",
     "000105030001518070dbd8805e0be1000a52076578616d706c6503636f6d00010203"},
    {"NULL", "\\# 3 abcdef", "abcdef"},
    {"NSEC3PARAM", "1 0 12 aabbccdd", "0100000c04aabbccdd"},
    {"NSEC3PARAM", "1 0 0 -", "0100000000"},
    {"NSEC", "host A MX RRSIG NSEC TYPE1234",
     "04686f73740174000006400100000003041b000000000000000000000000000000000000000000000000000020"},
    {"SSHFP", "2 1 123456789abcdef67890123456789abcdef67890", "0201123456789abcdef67890123456789abcdef67890"},
    {"TLSA", "3 1 1 d2abde240d7cd3ee6b4b28c54df034b97983a1d16e8a410e4561cb106618e971",
     "030101d2abde240d7cd3ee6b4b28c54df034b97983a1d16e8a410e4561cb106618e971"},
    {"DS", "60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118",
     "ec4505012bb183af5f22588179a53b0a98631fad1a292118"},
    {"LOC", "42 21 54 N 71 06 18 W -24m 30m", "0033161389172dd070be15f000988d20"},
    {"HTTPS", "1 . alpn=h2", "00010000010003026832"},
};

TEST(Rdata, TypedTextIsReadAsOtherServersReadIt) {
  for (const ServedRow& row : kAsServed) {
    SCOPED_TRACE(std::string(row.type) + " " + row.text);
    const auto type = parse_type(row.type);
    ASSERT_TRUE(type.has_value());
    EXPECT_EQ(to_string(*type), row.type);
    const auto rdata = read(*type, row.text, name("t."));
    ASSERT_TRUE(rdata.has_value()) << rdata.error().message;
    EXPECT_EQ(hex(*rdata), row.octets);
    const std::string text = rdata_text(*type, *rdata);
    const auto again = read(*type, text, Name());
    ASSERT_TRUE(again.has_value()) << text << ": " << again.error().message;
    EXPECT_EQ(hex(*again), row.octets) << text;
  }
}

TEST(Rdata, TypesThatAreNotReadAsTextSayWhatToWrite) {
  const std::pair<const char*, int> rows[] = {
      {"WKS", 11}, {"ISDN", 20}, {"NSAP", 22}, {"NSAP-PTR", 23}, {"GPOS", 27}, {"NXT", 30}, {"EID", 31},
      {"NIMLOC", 32}, {"ATMA", 34}, {"A6", 38}, {"SINK", 40}, {"HIP", 55}, {"NINFO", 56}, {"RKEY", 57},
      {"TALINK", 58}, {"DSYNC", 66}, {"UINFO", 100}, {"UID", 101}, {"GID", 102}, {"UNSPEC", 103}, {"DOA", 259},
      {"AMTRELAY", 260}, {"RESINFO", 261}, {"WALLET", 262}, {"TA", 32768}, {"DLV", 32769},
  };
  for (const auto& [type_name, number] : rows) {
    SCOPED_TRACE(type_name);
    const auto type = parse_type(type_name);
    ASSERT_EQ(type, static_cast<RrType>(number));
    EXPECT_EQ(to_string(*type), "TYPE" + std::to_string(number)) << "whoever reads it knows the number";
    const auto rdata = read(*type, "1 2 3");
    ASSERT_FALSE(rdata.has_value());
    EXPECT_NE(rdata.error().message.find("TYPE" + std::to_string(number) + " \\# length hex"), std::string::npos)
        << rdata.error().message;
    EXPECT_EQ(*read(*type, "\\# 2 c00c"), "\xc0\x0c");
  }
}

TEST(Rdata, TypedTextIsWhatPeopleWrite) {
  struct Row {
    RrType type;
    const char* read;
    const char* written;
  };
  const Row rows[] = {
      {RrType::srv, "10 0 8080 i1", "10 0 8080 i1.example.test."},
      {RrType::txt, "a \"b c\"", "\"a\" \"b c\""},
      {RrType::txt, "caf\xc3\xa9", "\"caf\\195\\169\""},
      {RrType::caa, "0 issue ca.test", "0 issue \"ca.test\""},
      {RrType::naptr, "1 2 s x \"\" y", "1 2 \"s\" \"x\" \"\" y.example.test."},
      {RrType::svcb, "1 svc port=53", "1 svc.example.test. port=53"},
      {static_cast<RrType>(65280), "\\# 3 01C0 0c", "\\# 3 01c00c"},
      {static_cast<RrType>(65280), "\\# 0", "\\# 0"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.read);
    const auto rdata = read(row.type, row.read);
    ASSERT_TRUE(rdata.has_value()) << rdata.error().message;
    EXPECT_EQ(rdata_text(row.type, *rdata), row.written);
  }
}

TEST(Rdata, GenericFormStandsForKnownTypesToo) {
  EXPECT_EQ(*read(RrType::a, "\\# 4 c0000201"), *read(RrType::a, "192.0.2.1"));
  EXPECT_EQ(*read(RrType::mx, "\\# 8 000a 046d61696c 00"), *read(RrType::mx, "10 mail."));
  EXPECT_EQ(*read(RrType::https, "\\# 3 0001 00"), *read(RrType::https, "1 ."));
}

TEST(Rdata, BadTextSaysWhichWordAndWhy) {
  struct Row {
    const char* why;
    RrType type;
    std::string text;
    std::size_t token;
    const char* part;
  };
  const Row rows[] = {
      {"five numbers", RrType::a, "1.2.3.4.5", 0, "is not an IPv4 address"},
      {"leading zeros are octal to some", RrType::a, "192.0.02.1", 0, "is not an IPv4 address"},
      {"the other family", RrType::a, "2001:db8::1", 0, "an AAAA record?"},
      {"the other family", RrType::aaaa, "192.0.2.1", 0, "an A record?"},
      {"nothing", RrType::a, "", 0, "A takes: an IPv4 address"},
      {"one too many", RrType::a, "192.0.2.1 192.0.2.2", 1, "is too much"},
      {"no preference", RrType::mx, "mail", 0, "is not a number from 0 to 65535"},
      {"no name", RrType::mx, "10", 1, "MX takes: a number from 0 to 65535, a name"},
      {"a port too high", RrType::srv, "0 0 65536 x", 2, "is not a number from 0 to 65535"},
      {"a sign", RrType::srv, "0 -1 80 x", 1, "is not a number"},
      {"a quoted name", RrType::cname, "\"www\"", 0, "is quoted"},
      {"a bad name", RrType::cname, "a..b", 0, "two dots"},
      {"an escape over 255", RrType::txt, "a\\256", 0, "three digits up to 255"},
      {"a long string", RrType::txt, "\"" + std::string(256, 'x') + "\"", 0, "255 are allowed"},
      {"a quote inside", RrType::txt, "ab\"cd\"", 0, "quotation mark inside"},
      {"a time too long", RrType::soa, "a b 1 2147483648 1 1 1", 3, "more than 2147483647"},
      {"odd digits", RrType::a, "\\# 4 c000020", 2, "odd number"},
      {"a wrong length", RrType::a, "\\# 5 c0000201", 1, "says 5 octets, but 4 follow"},
      {"no such A", RrType::a, "\\# 3 c00002", 0, "no A record"},
      {"a pointer is no name", RrType::cname, "\\# 2 c00c", 0, "no CNAME record"},
      {"not hexadecimal", RrType::a, "\\# 4 c00002zz", 2, "not hexadecimal"},
      {"not understood", RrType::eui48, "00-00", 0, "write it as TYPE108 \\#"},
      {"the type is not known", static_cast<RrType>(65280), "hello", 0, "write it as TYPE65280 \\#"},
      {"a locator of three groups", RrType::nid, "10 1:2:3", 1, "four groups"},
      {"a locator of five", RrType::l64, "10 1:2:3:4:5", 1, "four groups"},
      {"a group of five digits", RrType::nid, "10 1:2:3:00004", 1, "four groups"},
      {"an empty group", RrType::nid, "10 1::3:4", 1, "four groups"},
      {"no digest", RrType::zonemd, "1 1 1", 3, "ZONEMD takes"},
      {"half an octet", RrType::zonemd, "1 1 1 abc", 3, "odd number"},
      {"no digits", RrType::zonemd, "1 1 1 ab xx", 4, "not hexadecimal"},
      {"a gateway of another kind", RrType::ipseckey, "10 1 2 2001:db8::1 AQID", 3, "not an IPv4 address"},
      {"a gateway of no kind", RrType::ipseckey, "10 4 2 x AQID", 1, "no type of gateway"},
      {"a gateway where none is", RrType::ipseckey, "10 0 2 x AQID", 3, "`.` where its type is 0"},
      {"no gateway", RrType::ipseckey, "10 1 2", 3, "IPSECKEY takes"},
      {"no key", RrType::ipseckey, "10 0 2 .", 2, "no key follows"},
      {"a key without algorithm", RrType::ipseckey, "10 0 0 . AQID", 2, "no key follows"},
      {"no base64", RrType::ipseckey, "10 0 2 . A*ID", 4, "not base64"},
      {"no certificate", RrType::cert, "PKIX 1 8", 3, "CERT takes"},
      {"a certificate of no kind", RrType::cert, "PKCS 1 8 AQID", 0, "not a name for one, like PKIX"},
      {"a key tag too large", RrType::cert, "PKIX 65536 8 AQID", 1, "from 0 to 65535"},
      {"an algorithm too large", RrType::cert, "PKIX 1 256 AQID", 2, "from 0 to 255"},
      {"a certificate not in base64", RrType::cert, "PKIX 1 8 A*ID", 3, "not base64"},
      {"an alias with parameters", RrType::svcb, "0 svc port=53", 0, "alias"},
      {"mandatory without its key", RrType::https, "1 . mandatory=port alpn=h2", 0,
       "key3, which is not given"},
      {"keys out of order on the wire", RrType::svcb, "\\# 13 0001 00 0003 0002 0035 0002 0000", 0,
       "out of order"},
      {"keys twice on the wire", RrType::svcb, "\\# 15 0001 00 0003 0002 0035 0003 0002 0035", 0,
       "given twice"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(std::string(row.why) + ": " + row.text);
    const auto rdata = read(row.type, row.text);
    ASSERT_FALSE(rdata.has_value());
    EXPECT_EQ(rdata.error().token, row.token) << rdata.error().message;
    EXPECT_NE(rdata.error().message.find(row.part), std::string::npos) << rdata.error().message;
  }
}

TEST(Rdata, SvcParamsMayComeInAnyOrder) {
  EXPECT_EQ(*read(RrType::svcb, "1 . port=53 alpn=h2"), *read(RrType::svcb, "1 . alpn=h2 port=53"));
}

TEST(Rdata, NamesInsideAreFound) {
  struct Row {
    RrType type;
    const char* text;
    std::vector<std::pair<std::size_t, bool>> names;
  };
  const Row rows[] = {
      {RrType::a, "192.0.2.1", {}},
      {RrType::ns, "a.", {{0, true}}},
      {RrType::soa, "a. bb. 1 1 1 1 1", {{0, true}, {3, true}}},
      {RrType::mx, "1 a.", {{2, true}}},
      {RrType::srv, "1 1 1 a.", {{6, false}}},
      {RrType::dname, "a.", {{0, false}}},
      {RrType::rp, "a. b.", {{0, false}, {3, false}}},
      {RrType::naptr, "1 1 \"\" \"\" \"\" a.", {{7, false}}},
      {RrType::svcb, "1 a. port=1", {{2, false}}},
      {RrType::minfo, "a. b.", {{0, true}, {3, true}}},
      {RrType::txt, "a.", {}},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(to_string(row.type));
    std::vector<std::pair<std::size_t, bool>> found;
    for (const RdataName& n : names_in(row.type, *read(row.type, row.text)))
      found.emplace_back(n.offset, n.compressible);
    EXPECT_EQ(found, row.names);
  }
}

TEST(Rdata, AdditionalTargets) {
  const auto target = [](RrType type, const char* text) {
    return additional_target(type, *read(type, text)).has_value();
  };
  EXPECT_EQ(*additional_target(RrType::srv, *read(RrType::srv, "1 2 3 x.")), name("x.").wire());
  EXPECT_EQ(*additional_target(RrType::https, *read(RrType::https, "1 x. port=1")), name("x.").wire());
  EXPECT_TRUE(target(RrType::ns, "x."));
  EXPECT_TRUE(target(RrType::mx, "1 x."));
  EXPECT_FALSE(target(RrType::cname, "x."));
  EXPECT_FALSE(additional_target(RrType::srv, "123").has_value());
}

TEST(Rdata, EqualityFoldsNamesOnly) {
  EXPECT_TRUE(equal_rdata(RrType::mx, *read(RrType::mx, "10 Mail"), *read(RrType::mx, "10 mAIL")));
  // 0x4141 and 0x6161: letters to a fold that does not look, two numbers to us.
  EXPECT_FALSE(equal_rdata(RrType::mx, *read(RrType::mx, "16705 x"), *read(RrType::mx, "24929 X")));
  EXPECT_FALSE(equal_rdata(RrType::txt, *read(RrType::txt, "a"), *read(RrType::txt, "A")));
}

TEST(Rdata, EncodersAgreeWithTheReader) {
  const Soa soa{name("ns1.x."), name("h.x."), 7, 1, 2, 3, 4};
  EXPECT_EQ(encode(soa), *read(RrType::soa, "ns1.x. h.x. 7 1 2 3 4"));
  EXPECT_EQ(encode(*decode_soa(encode(soa))), encode(soa));
  EXPECT_FALSE(decode_soa("short").has_value());
  EXPECT_FALSE(decode_soa(encode(soa) + "x").has_value());
  EXPECT_EQ(encode_srv(1, 2, 3, name("x.y.")), *read(RrType::srv, "1 2 3 x.y."));
  const std::string strings[] = {"a=1", ""};
  EXPECT_EQ(encode_txt(strings), *read(RrType::txt, "a=1 \"\""));
  EXPECT_EQ(encode_txt({}), *read(RrType::txt, "\"\""));
  EXPECT_EQ(encode_address(*net::parse_ip("2001:db8::7")), *read(RrType::aaaa, "2001:db8::7"));
}

TEST(Types, TextBothWays) {
  EXPECT_EQ(parse_type("aaaa"), RrType::aaaa);
  EXPECT_EQ(parse_type("TYPE28"), RrType::aaaa);
  EXPECT_EQ(parse_type("type65280"), static_cast<RrType>(65280));
  EXPECT_EQ(to_string(static_cast<RrType>(65280)), "TYPE65280");
  for (const char* bad : {"", "TYPE", "TYPE65536", "TYPE1x", "AAAAA"}) EXPECT_FALSE(parse_type(bad)) << bad;
}

TEST(Types, EveryNameIsLdnsName) {
  for (std::uint16_t number = 1; number < 300; ++number) {
    const std::string text = to_string(static_cast<RrType>(number));
    EXPECT_EQ(parse_type(text), static_cast<RrType>(number));
    if (text.starts_with("TYPE") || text == "AVC") continue;  // AVC is newer than ldns 1.8
    EXPECT_EQ(ldns_get_rr_type_by_name(text.c_str()), number) << text;
  }
}

// Whatever octets a record holds, its text reads back to them: the generic form where the typed one cannot.
TEST(Rdata, AnyOctetsSurviveTheirText) {
  std::uint32_t state = 12345;
  const auto random = [&] { return state = state * 1664525 + 1013904223, state >> 16; };
  for (int round = 0; round < 3000; ++round) {
    const auto type = static_cast<RrType>(random() % 110 + 1);
    std::string rdata;
    for (std::uint32_t size = random() % 24; size > 0; --size)
      rdata += static_cast<char>(random() % 4 ? random() % 8 : random());
    const std::string text = rdata_text(type, rdata);
    const auto again = read(type, text, Name());
    if (!again.has_value()) {
      EXPECT_EQ(text.rfind("\\#", 0), 0U) << to_string(type) << " " << text << ": " << again.error().message;
    } else {
      EXPECT_EQ(hex(*again), hex(rdata)) << to_string(type) << " " << text;
    }
  }
}

}  // namespace
}  // namespace muster::zones
