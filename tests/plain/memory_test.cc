// What a record costs in memory, entries, allocator and slots together, for services of 6 names and 9
// records: three A and three SRV of weights 10, 20, 30 with their targets' addresses, and an A for each of
// the three targets. A sanitizer has an allocator of its own.
#include <gtest/gtest.h>
#include <malloc.h>

#include <iostream>
#include <string>

#include "tests/zones/specs.h"
#include "zones/zone.h"

namespace muster::zones {
namespace {

using namespace test;

constexpr std::size_t kServices = 100'000;
constexpr std::size_t kRecords = 9;
constexpr double kOctetsMax = 180;

std::string ip(std::size_t service, int instance) {
  const std::size_t host = service * 3 + static_cast<std::size_t>(instance);
  return "10." + std::to_string(host >> 16 & 255) + "." + std::to_string(host >> 8 & 255) + "." +
         std::to_string(host & 255);
}

void put_service(Zones& zones, Zone& zone, std::size_t service) {
  const std::string base = "web-" + std::to_string(service) + ".svc.internal.";
  RrsetSpec a = a_set({ip(service, 0), ip(service, 1), ip(service, 2)});
  RrsetSpec srv = rrset(RrType::srv, {});
  a.order = srv.order = Order::weighted;
  for (int i = 0; i < 3; ++i) {
    const std::string target = "i" + std::to_string(i) + "." + base;
    const auto weight = static_cast<std::uint16_t>(10 * (i + 1));
    zones.put(zone, {name(target), {a_set({ip(service, i)})}});
    srv.members.push_back({srv_rdata(0, weight, 8080, target), weight, 0, {address(ip(service, i))}});
  }
  zones.put(zone, {name(base), {a}});
  zones.put(zone, {name("_http._tcp." + base), {srv}});
}

TEST(Memory, ARecordCostsAtMost180Octets) {
  NameTable table;
  Zones zones(table);
  ZoneConfig config;
  config.apex = name("svc.internal.");
  Zone& zone = zones.add(config);
  const std::size_t before = mallinfo2().uordblks;
  for (std::size_t i = 0; i < kServices; ++i) put_service(zones, zone, i);
  for (int i = 0; i < 10'000; ++i) table.tidy();

  const NameTable::Stats stats = table.stats();
  ASSERT_EQ(stats.names, kServices * 6 + 1);
  const std::size_t entries = mallinfo2().uordblks - before;
  const std::size_t slots = stats.slots * 8;
  const double records = kServices * kRecords;
  const double octets = static_cast<double>(entries + slots) / records;
  std::cout << "octets per record: " << octets << " (entries as asked "
            << static_cast<double>(stats.entry_octets) / records << ", with the allocator's "
            << static_cast<double>(entries) / records << ", slots " << static_cast<double>(slots) / records
            << ")\n";
  EXPECT_LE(octets, kOctetsMax);
}

}  // namespace
}  // namespace muster::zones
