// A zone written out beside a writer that adds, removes and grows: worth most under TSan and ASan.
#include "zones/zone_listing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <random>
#include <sstream>
#include <thread>

#include "tests/zones/specs.h"
#include "zones/zone.h"

namespace muster::zones {
namespace {

using namespace test;
using testing::ElementsAre;

ZoneConfig generated(std::string_view apex) {
  ZoneConfig config;
  config.apex = name(apex);
  config.generated = true;
  config.soa = {name("ns1.example."), name("host.example."), 7, 3600, 600, 86400, 2};
  return config;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::string host(std::string_view kind, std::size_t number) {
  return std::string(kind) + std::to_string(number) + ".svc.internal.";
}

TEST(ZoneListing, IsInCanonicalOrderAndOfOneZone) {
  NameTable table;
  Zones zones(table);
  Zone& outer = zones.add(generated("internal."));
  Zone& zone = zones.add(generated("svc.internal."));
  for (const char* owner : {"b.svc.internal.", "a.b.svc.internal.", "Z.svc.internal.", "c.svc.internal."})
    zones.put(zone, {name(owner), {a_set({"192.0.2.1"})}});
  zones.put(outer, {name("x.internal."), {a_set({"192.0.2.2"})}});
  zones.put(outer, {name("ns.svc.internal."), {a_set({"192.0.2.3"})}});
  zones.erase(zone, name("c.svc.internal."));

  NameTable::Reader reader(table);
  EXPECT_THAT(lines_of(*write_live_zone(reader, name("SVC.internal."))),
              ElementsAre("svc.internal. 2 IN SOA ns1.example. host.example. 7 3600 600 86400 2",
                          "b.svc.internal. 30 IN A 192.0.2.1", "a.b.svc.internal. 30 IN A 192.0.2.1",
                          "Z.svc.internal. 30 IN A 192.0.2.1"));
  EXPECT_THAT(lines_of(*write_live_zone(reader, name("internal."))),
              ElementsAre("internal. 2 IN SOA ns1.example. host.example. 7 3600 600 86400 2",
                          "ns.svc.internal. 30 IN A 192.0.2.3", "x.internal. 30 IN A 192.0.2.2"))
      << "the glue that the inner zone hides is the outer one's";
  EXPECT_FALSE(write_live_zone(reader, name("b.svc.internal."))) << "a name, but no apex";
  EXPECT_FALSE(write_live_zone(reader, name("example.")));
  const std::atomic<bool> stopping = true;
  EXPECT_FALSE(write_live_zone(reader, name("internal."), &stopping)) << "given up";
}

TEST(ZoneListing, MissesNothingThatStaysWhileTheTableChangesAndGrows) {
  constexpr std::size_t kLasting = 30'000;
  const auto seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  NameTable table;
  Zones zones(table);
  Zone& zone = zones.add(generated("svc.internal."));
  for (std::size_t i = 0; i < kLasting; ++i) zones.put(zone, {name(host("stays", i)), {a_set({"192.0.2.1"})}});

  std::atomic<bool> stop{false};
  std::size_t listings = 0;
  std::thread lister([&] {
    NameTable::Reader reader(table);
    for (; !stop; ++listings) {
      std::map<std::string, int> met;
      for (const std::string& line : lines_of(*write_live_zone(reader, name("svc.internal."))))
        ++met[line.substr(0, line.find(' '))];
      for (const auto& [owner, times] : met) ASSERT_EQ(times, 1) << owner;
      for (std::size_t i = 0; i < kLasting; ++i) ASSERT_TRUE(met.contains(host("stays", i))) << i;
    }
  });
  std::mt19937 random(seed);
  for (int i = 0; i < 150'000; ++i) {
    const Name owner = name(host("passes", random() % 60'000));
    random() % 3 == 0 ? zones.erase(zone, owner) : zones.put(zone, {owner, {a_set({"192.0.2.2"})}});
  }
  stop = true;
  lister.join();
  EXPECT_GT(listings, 0U);
  EXPECT_GT(table.stats().rebuilds, 1U) << "the table has grown meanwhile";
}

}  // namespace
}  // namespace muster::zones
