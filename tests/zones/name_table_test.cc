#include "zones/name_table.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <stdexcept>

#include "tests/zones/specs.h"
#include "zones/entry_writer.h"
#include "zones/folded_wire.h"
#include "zones/rng.h"

namespace muster::zones {
namespace {

using namespace test;

EntryPtr entry(std::string_view owner, const std::string& a = "10.0.0.1", std::uint16_t flags = 0,
               ZoneId zone = 0) {
  return EntryWriter::build({name(owner), {a_set({a})}}, flags, zone);
}

std::string_view first_a(const Entry* entry) { return entry->find(RrType::a)->rdata(0); }

TEST(NameTable, FindsWhatIsThereAndNothingElse) {
  NameTable table;
  table.put(entry("Web.svc.internal."));
  table.put(entry("db.svc.internal."));
  NameTable::Reader reader(table);
  const NameTable::Reader::Online online(reader);
  EXPECT_NE(reader.find(name("web.svc.internal.").wire()), nullptr);
  EXPECT_EQ(reader.find(name("we.svc.internal.").wire()), nullptr);
  EXPECT_EQ(reader.find(name(".").wire()), nullptr);
  const auto hash = reader.hash(name("db.svc.internal.").wire());
  reader.prefetch_slot(hash);
  reader.prefetch_entry(hash);
  EXPECT_NE(reader.find(hash, name("db.svc.internal.").wire()), nullptr);
}

TEST(NameTable, AChangeIsSeenAtOnceByWhoIsOnline) {
  NameTable table;
  table.put(entry("web."));
  NameTable::Reader reader(table);
  const NameTable::Reader::Online online(reader);
  const Entry* before = reader.find(name("web.").wire());
  table.put(entry("WEB.", "10.0.0.2"));
  EXPECT_EQ(first_a(reader.find(name("web.").wire())), address("10.0.0.2").bytes());
  EXPECT_EQ(first_a(before), address("10.0.0.1").bytes()) << "what was found stays";
  table.remove(table.find(name("web.").wire()));
  EXPECT_EQ(reader.find(name("web.").wire()), nullptr);
  EXPECT_EQ(table.stats().names, 0U);
}

TEST(NameTable, RetiredEntriesWaitForReadersAndAreCounted) {
  NameTable table;
  table.put(entry("web."));
  NameTable::Reader reader(table);
  reader.online();
  for (int i = 0; i < 100; ++i) table.put(entry("web."));
  table.tidy();
  EXPECT_EQ(table.stats().retired, 100U);
  EXPECT_EQ(table.stats().retired_octets, 100 * table.stats().entry_octets);
  reader.offline();
  table.tidy();
  EXPECT_EQ(table.stats().retired, 0U);
  EXPECT_EQ(table.stats().retired_octets, 0U);
}

TEST(NameTable, AsideNamesAreFoundOnlyThroughTheirZone) {
  NameTable table;
  table.put(entry("internal.", "10.0.0.1", 0, 1));
  table.put(entry("svc.internal.", "10.0.0.2", 0, 2));
  table.put(entry("svc.internal.", "10.0.0.3", Entry::kAside, 1));
  table.put(entry("svc.internal.", "10.0.0.4", Entry::kAside, 3));
  NameTable::Reader reader(table);
  const NameTable::Reader::Online online(reader);
  const std::string wire(name("svc.internal.").wire());
  EXPECT_EQ(first_a(reader.find(wire)), address("10.0.0.2").bytes());
  const Entry* outer = reader.find(name("internal.").wire());
  EXPECT_EQ(first_a(reader.find_aside(*outer, wire)), address("10.0.0.3").bytes());
  EXPECT_EQ(reader.find_aside(*reader.find(wire), wire), nullptr);
}

// Against a map, through growth, tombstones, shrinking and many secrets.
TEST(NameTable, HoldsWhatAMapHolds) {
  struct Row {
    const char* why;
    NameTable::Tuning tuning;
    std::size_t names;
    int changes;
  };
  const Row rows[] = {
      {"as it runs", {}, 5000, 40'000},
      {"a new secret all the time", {.probe_max = 6}, 3000, 20'000},
      {"an array that is moved slot by slot", {.carry = 4}, 900, 20'000},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    NameTable table(row.tuning);
    NameTable::Reader reader(table);
    std::map<std::string, std::uint32_t> model;
    Rng rng(7);
    for (int i = 0; i < row.changes; ++i) {
      // Phases of mostly coming and mostly going.
      const bool add = rng.below(10) < (i / (row.changes / 4) % 2 == 0 ? 8U : 2U);
      const std::string owner = "n" + std::to_string(rng.below(row.names)) + ".svc.";
      const std::string wire(name(owner).wire());
      if (add) {
        const auto value = static_cast<std::uint32_t>(rng.next());
        RrsetSpec a = a_set({"10.0.0.1"});
        a.ttl = value;
        const NameTable::Found known = table.look_up(wire);
        ASSERT_EQ(known.entry, table.find(wire));
        EntryPtr fresh = EntryWriter::build({name(owner), {a}}, 0, 0);
        if (known.entry != nullptr && rng.below(2) == 0) {
          table.replace(known, std::move(fresh));
        } else {
          table.put(std::move(fresh));
        }
        model[wire] = value;
      } else if (model.erase(wire) > 0) {
        table.remove(table.find(wire));
      }
      ASSERT_EQ(table.stats().names, model.size());
      if (i % 500 != 0) continue;
      const NameTable::Reader::Online online(reader);
      for (std::size_t n = 0; n < row.names; ++n) {
        const std::string any(name("n" + std::to_string(n) + ".svc.").wire());
        const Entry* found = reader.find(any);
        const auto wanted = model.find(any);
        ASSERT_EQ(found != nullptr, wanted != model.end()) << n;
        if (found != nullptr) {
          ASSERT_EQ(found->find(RrType::a)->ttl(), wanted->second);
        }
      }
    }
    std::size_t octets = 0;
    std::size_t names = 0;
    table.for_each([&](const Entry& one) { octets += one.size(), ++names; });
    EXPECT_EQ(names, model.size());
    EXPECT_EQ(octets, table.stats().entry_octets);
    EXPECT_GT(table.stats().rebuilds, 0U);
    EXPECT_EQ(table.stats().secrets > 0, row.tuning.probe_max < 256);
  }
}

TEST(NameTable, IsNeverOverHalfFullAndShrinks) {
  NameTable table;
  for (int i = 0; i < 50'000; ++i) {
    table.put(entry("n" + std::to_string(i) + "."));
    const auto stats = table.stats();
    ASSERT_LE(stats.names, stats.slots * 9 / 16) << "a sixteenth may come while the next array is filled";
  }
  const std::size_t full = table.stats().slots;
  for (int i = 0; i < 49'900; ++i) table.remove(table.find(name("n" + std::to_string(i) + ".").wire()));
  for (int i = 0; i < 2000; ++i) table.tidy();
  EXPECT_LT(table.stats().slots, full / 16);
  for (int i = 49'900; i < 50'000; ++i) {
    EXPECT_NE(table.find(name("n" + std::to_string(i) + ".").wire()), nullptr) << i;
  }
}

TEST(NameTable, ReservedRoomIsThereBeforeTheNamesAndStays) {
  NameTable table;
  table.reserve(100'000);
  EXPECT_EQ(table.stats().slots, 262'144U);
  const std::uint64_t rebuilds = table.stats().rebuilds;
  for (int i = 0; i < 100'000; ++i) table.put(entry("n" + std::to_string(i) + "."));
  EXPECT_EQ(table.stats().rebuilds, rebuilds);
}

TEST(NameTable, ReadersEndWithAClearError) {
  NameTable table;
  std::vector<std::unique_ptr<NameTable::Reader>> readers;
  for (std::size_t i = 0; i < NameTable::kReadersMax; ++i) {
    readers.push_back(std::make_unique<NameTable::Reader>(table));
  }
  EXPECT_THROW(NameTable::Reader one_too_many(table), std::runtime_error);
  readers.pop_back();
  EXPECT_NO_THROW(NameTable::Reader again(table));
}

ZoneView view(std::string_view apex, std::uint32_t serial) {
  ZoneView one;
  one.apex = name(apex);
  one.serial = serial;
  return one;
}

TEST(NameTable, AnEntryLeadsToItsZoneAsItIsNow) {
  NameTable table;
  const auto zone = table.add_zone(view("a.", 1));
  table.put(entry("x.a.", "10.0.0.1", 0, *zone));
  NameTable::Reader reader(table);
  const NameTable::Reader::Online online(reader);
  const Entry* found = reader.find(name("x.a.").wire());
  EXPECT_EQ(reader.zone(*found).serial, 1U);
  table.set_view(*zone, view("a.", 2));
  EXPECT_EQ(reader.zone(*found).serial, 2U);
}

TEST(NameTable, AZoneIdComesBackOnlyWhenNobodyCanHoldItsEntries) {
  NameTable table;
  const auto zone = table.add_zone(view("a.", 1));
  table.put(entry("x.a.", "10.0.0.1", 0, *zone));
  NameTable::Reader reader(table);
  reader.online();
  const Entry* found = reader.find(name("x.a.").wire());
  table.remove(table.find(name("x.a.").wire()));
  table.remove_zone(*zone);
  table.tidy();
  EXPECT_NE(table.add_zone(view("b.", 1)), zone);
  EXPECT_EQ(reader.zone(*found).apex, name("a.")) << "still there for who found it before";
  reader.offline();
  table.tidy();
  EXPECT_EQ(table.add_zone(view("c.", 1)), zone);
}

}  // namespace
}  // namespace muster::zones
