#include "dns/update_message.h"

#include <gtest/gtest.h>

#include "tests/dns/support/packets.h"

namespace muster::dns {
namespace {

using test::append;
using test::append_u16;
using test::Octets;
using test::QueryBuilder;
using test::record_octets;
using zones::RrClass;
using zones::RrType;

constexpr std::uint16_t kUpdate = 0x2800;
constexpr std::uint16_t kAny = 255;
constexpr std::uint16_t kNone = 254;
constexpr int kPrerequisites = 1;
constexpr int kChanges = 2;

using std::string_view_literals::operator""sv;

QueryBuilder update(RrType type = RrType::soa, std::uint16_t rr_class = 1) {
  return QueryBuilder("T.", type, rr_class).flags(kUpdate);
}

// From an exact-size heap copy, so that AddressSanitizer sees an octet read too far.
UpdateResult read_exactly(const Octets& octets) {
  const std::vector<std::uint8_t> copy(octets.begin(), octets.end());
  const Packet packet(copy.data(), copy.size());
  Query query;
  static_cast<void>(read_query(packet, query));
  return read_update(packet, query);
}

// A record whose owner is a pointer to the zone's name.
Octets at_apex(RrType type, std::uint16_t rr_class, std::uint32_t ttl, std::string_view rdata) {
  Octets octets = {0xc0, 0x0c};
  append_u16(octets, static_cast<unsigned>(type));
  append_u16(octets, rr_class);
  append_u16(octets, ttl >> 16);
  append_u16(octets, ttl & 0xffff);
  append_u16(octets, static_cast<unsigned>(rdata.size()));
  append(octets, rdata);
  return octets;
}

TEST(UpdateMessage, BothSectionsAreReadInOrder) {
  const auto result =
      read_exactly(update()
                       .record(kPrerequisites, record_octets("a.t.", RrType::any, 0, "", kNone))
                       .record(kChanges, record_octets("Web.t.", RrType::a, 77, "\xc0\0\2\1"sv))
                       .record(kChanges, at_apex(RrType::txt, kAny, 0, ""))
                       .record(kChanges, at_apex(RrType::mx, kNone, 0, "\0\5\1m\xc0\x0c"sv))
                       .record(3, record_octets("ignored.", RrType::a, 0, "no address"))
                       .build());
  ASSERT_TRUE(result.has_value()) << to_string(result.error());
  EXPECT_EQ(result->zone.text(), "T.") << "as asked";
  ASSERT_EQ(result->prerequisites.size(), 1U);
  EXPECT_EQ(result->prerequisites[0].rr_class, RrClass::none);
  ASSERT_EQ(result->changes.size(), 3U);
  EXPECT_EQ(result->changes[0].owner.text(), "Web.t.");
  EXPECT_EQ(result->changes[0].ttl, 77U);
  EXPECT_EQ(result->changes[0].rdata, "\xc0\0\2\1"sv);
  EXPECT_EQ(result->changes[1].rr_class, RrClass::any);
  EXPECT_EQ(result->changes[1].type, RrType::txt);
  EXPECT_EQ(result->changes[2].owner.text(), "T.");
  EXPECT_EQ(result->changes[2].rdata, "\0\5\1m\1T\0"sv) << "names in rdata come out whole";
}

TEST(UpdateMessage, ATtlWithItsHighestBitCountsAsZero) {
  const auto result = read_exactly(update()
                                       .record(kChanges, record_octets("a.t.", RrType::a, 0x80000000, "\1\2\3\4"))
                                       .record(kChanges, record_octets("b.t.", RrType::a, 0x7fffffff, "\1\2\3\4"))
                                       .build());
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->changes[0].ttl, 0U);
  EXPECT_EQ(result->changes[1].ttl, 0x7fffffffU);
}

TEST(UpdateMessage, NamesInRdataMayBeCompressedWhereTheRfcsSaySo) {
  struct Row {
    RrType type;
    std::string_view rdata;
    bool ok;
  };
  const Row rows[] = {
      {RrType::ns, "\xc0\x0c"sv, true},
      {RrType::soa, "\xc0\x0c\xc0\x0c\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1"sv, true},
      {RrType::minfo, "\xc0\x0c\xc0\x0c"sv, true},
      {RrType::srv, "\0\1\0\1\0\1\xc0\x0c"sv, true},
      {RrType::rp, "\xc0\x0c\xc0\x0c"sv, true},
      {RrType::afsdb, "\0\1\xc0\x0c"sv, true},
      {RrType::naptr, "\0\1\0\1\0\0\0\xc0\x0c"sv, true},
      {RrType::kx, "\0\1\xc0\x0c"sv, false},
      {RrType::dname, "\xc0\x0c"sv, false},
      {RrType::svcb, "\0\1\xc0\x0c"sv, false},
      {static_cast<RrType>(65280), "\xc0\x0c"sv, true},  // data like any other
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(to_string(row.type));
    const auto result = read_exactly(update().record(kChanges, at_apex(row.type, 1, 5, row.rdata)).build());
    ASSERT_EQ(result.has_value(), row.ok);
    if (!row.ok) continue;
    const bool has_pointer = result->changes[0].rdata.find('\xc0') != std::string::npos;
    EXPECT_EQ(has_pointer, row.type == RrType{65280});
  }
}

TEST(UpdateMessage, WhatIsNoUpdateIsNamed) {
  struct Row {
    const char* why;
    Octets packet;
    UpdateError error;
  };
  QueryBuilder many = update();
  for (std::size_t i = 0; i <= zones::Update::kRecordsMost; ++i)
    many.record(i % 2 == 0 ? kChanges : kPrerequisites, at_apex(RrType::a, kAny, 0, ""));
  const auto change = [](RrType type, std::uint16_t rr_class, std::string_view rdata) {
    return update().record(kChanges, at_apex(type, rr_class, 5, rdata)).build();
  };
  const Row rows[] = {
      {"a zone section of another type", update(RrType::a).build(), UpdateError::zone_section},
      {"of another class", update(RrType::soa, 3).build(), UpdateError::zone_section},
      {"too many records", many.build(), UpdateError::too_many_records},
      {"an address of three octets", change(RrType::a, 1, "\1\2\3"sv), UpdateError::rdata},
      {"of five", change(RrType::a, 1, "\1\2\3\4\5"sv), UpdateError::rdata},
      {"of none, added", change(RrType::a, 1, ""), UpdateError::rdata},
      {"a name that runs on", change(RrType::ns, 1, "\3abc"sv), UpdateError::rdata},
      {"a name with something behind", change(RrType::ns, 1, "\1a\0x"sv), UpdateError::rdata},
      {"a pointer forwards", change(RrType::ns, 1, "\xc0\xff"sv), UpdateError::rdata},
      {"a pointer to itself", change(RrType::ns, 1, "\xc0\x1f"sv), UpdateError::rdata},
      {"a string that runs on", change(RrType::txt, 1, "\5abc"sv), UpdateError::rdata},
      {"a delete with half an address", change(RrType::a, kNone, "\1\2"sv), UpdateError::rdata},
      {"SVCB parameters that run out", change(RrType::svcb, 1, "\0\1\0\1\0\0\0\xc1\x0c"sv), UpdateError::rdata},
      {"SVCB parameters out of order", change(RrType::https, 1, "\0\1\0\0\3\0\0\0\2\0\0"sv), UpdateError::rdata},
      {"a delete of no record", change(RrType::srv, kNone, ""), UpdateError::rdata},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    const auto result = read_exactly(row.packet);
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error(), row.error) << to_string(result.error());
  }
}

TEST(UpdateMessage, EveryPrefixIsReadOrRefusedWithoutReadingOn) {
  const Octets whole = update()
                           .record(kPrerequisites, at_apex(RrType::ns, 1, 0, "\2ns\xc0\x0c"sv))
                           .record(kChanges, at_apex(RrType::srv, 1, 5, "\0\1\0\1\0\1\xc0\x0c"sv))
                           .build();
  for (std::size_t size = 19; size < whole.size(); ++size) {
    EXPECT_FALSE(
        read_exactly(Octets(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size))).has_value())
        << size;
  }
  EXPECT_TRUE(read_exactly(whole).has_value());
}

}  // namespace
}  // namespace muster::dns
