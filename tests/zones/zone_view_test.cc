#include "zones/zone_view.h"

#include <gtest/gtest.h>

#include "tests/zones/specs.h"

namespace muster::zones {
namespace {

using namespace test;

// The negative answer's SOA with every pointer leading to `at`.
std::string patched(const ZoneView& view, std::uint16_t at) {
  std::string record = view.negative;
  for (std::size_t i = 0; i < view.pointer_count; ++i) {
    record[view.pointers[i]] = static_cast<char>(0xc0 | at >> 8);
    record[view.pointers[i] + 1] = static_cast<char>(at & 0xff);
  }
  return record;
}

ZoneView view(std::string_view apex, std::string_view mname, std::string_view rname) {
  return make_zone_view(name(apex), {name(mname), name(rname), 1, 2, 3, 4, 5}, 60, 2, Readiness::ready, true);
}

TEST(ZoneView, TheNegativeSoaSharesTheZonesPartOfTheQuestion) {
  const std::string numbers("\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5", 20);
  const std::string fixed("\0\6\0\1\0\0\0\2\0", 9);  // SOA IN, TTL 2
  struct Row {
    const char* why;
    const char* mname;
    const char* rname;
    std::string rdata;
  };
  const Row rows[] = {
      {"both inside", "ns1.svc.internal.", "hostmaster.svc.internal.", "\3ns1\xc0\x11\12hostmaster\xc0\x11"},
      {"one is the apex, in other case", "SVC.internal.", "x.svc.internal.", "\xc0\x11\1x\xc0\x11"},
      {"one outside", "ns.other.", "x.svc.internal.", std::string("\2ns\5other\0\1x\xc0\x11", 14)},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    const std::string length(1, static_cast<char>(row.rdata.size() + 20));
    EXPECT_EQ(patched(view("svc.internal.", row.mname, row.rname), 0x11),
              "\xc0\x11" + fixed + length + row.rdata + numbers);
  }
}

TEST(ZoneView, TheRootIsNotPointedToInsideNames) {
  const ZoneView root = view(".", "a.", "b.");
  EXPECT_EQ(root.pointer_count, 1);
  EXPECT_EQ(patched(root, 0x11).substr(12, 6), std::string("\1a\0\1b\0", 6));
}

TEST(ZoneView, TheSoaIsThereUncompressedToo) {
  const ZoneView zone = view("svc.internal.", "ns1.svc.internal.", "x.svc.internal.");
  EXPECT_EQ(zone.soa_rdata.substr(0, 18), name("ns1.svc.internal.").wire());
  EXPECT_EQ(zone.soa_rdata.size(), 18U + 16U + 20U);
}

}  // namespace
}  // namespace muster::zones
