// The history against a model: a replica that has taken the zone by a walk and applied every difference since
// holds exactly what the zone holds.
#include "zones/zone_history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <random>
#include <set>

#include "tests/zones/specs.h"
#include "zones/zone.h"

namespace muster::zones {
namespace {

using test::a_set;
using test::name;
using test::name_set;
using test::rrset;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// "owner ttl type rdata" of each record.
using Records = std::multiset<std::string>;

std::string text_of(const RecordView& record) {
  return Name::from_wire(record.owner)->lower().text() + " " + std::to_string(record.ttl) + " " +
         to_string(record.type) + " " + rdata_text(record.type, record.rdata);
}

Records records_of(const RecordList& list) {
  Records records;
  list.for_each([&](const RecordView& record) { records.insert(text_of(record)); });
  return records;
}

// What the zone holds, straight from its entries; without the SOA.
Records records_of(const Zones& zones, const Zone& zone) {
  Records records;
  zones.for_each(zone, [&](const NameSpec& spec) {
    for (const RrsetSpec& set : spec.rrsets) {
      if (set.type == RrType::soa) continue;
      const std::uint32_t ttl = set.full_ttl != 0 ? set.full_ttl : set.ttl;
      for (const Member& member : set.members)
        records.insert(text_of({spec.owner.wire(), set.type, ttl, member.rdata}));
    }
  });
  return records;
}

bool is_soa(const std::string& record) { return record.find(" SOA ") != record.npos; }

ZoneConfig zone_config(const char* apex, std::uint32_t serial = 1) {
  ZoneConfig config;
  config.apex = name(apex);
  config.soa.serial = serial;
  return config;
}

Soa soa(std::uint32_t serial, std::uint32_t refresh = 60) {
  Soa to;
  to.serial = serial;
  to.refresh = refresh;
  return to;
}

// A secondary: the records of one serial.
struct Replica {
  std::uint32_t serial = 0;
  Records records;

  void apply(const Difference& difference) {
    EXPECT_EQ(difference.from, serial);
    serial = difference.to;
    for (const std::string& record : records_of(difference.deleted)) {
      if (is_soa(record)) continue;
      const auto found = records.find(record);
      EXPECT_NE(found, records.end()) << "deleted, but not there: " << record;
      if (found != records.end()) records.erase(found);
    }
    for (const std::string& record : records_of(difference.added)) {
      if (!is_soa(record)) records.insert(record);
    }
  }
  void apply(const std::vector<DifferencePtr>& differences) {
    for (const auto& one : differences) apply(*one);
  }
};

class History : public ::testing::Test {
 protected:
  History() : zones_(table_), zone_(&zones_.add(zone_config("example.test."))) {
    zones_.keep_history(*zone_, true);
    put("example.test.", {name_set(RrType::ns, {"ns1.example.test."})});
  }

  void put(std::string_view owner, std::vector<RrsetSpec> sets) {
    zones_.put(*zone_, {name(owner), std::move(sets)});
  }
  void erase(std::string_view owner) { zones_.erase(*zone_, name(owner)); }
  bool close() { return zones_.close_batch(*zone_, zones_.serial(*zone_) + 1); }
  std::vector<DifferencePtr> since(std::uint32_t serial) {
    return history().journal().since(serial).value_or(std::vector<DifferencePtr>());
  }
  ZoneHistory& history() { return *zones_.history(*zone_); }

  NameTable table_;
  Zones zones_;
  Zone* zone_;
};

TEST_F(History, ABatchBecomesOneDifference) {
  ASSERT_TRUE(close());
  put("www.example.test.", {a_set({"192.0.2.1", "192.0.2.2"})});
  put("gone.example.test.", {a_set({"192.0.2.9"})});
  ASSERT_TRUE(close());
  put("www.example.test.", {a_set({"192.0.2.1", "192.0.2.3"})});
  put("www.example.test.", {a_set({"192.0.2.3", "192.0.2.1"}), rrset(RrType::txt, {"\1x"})});
  erase("gone.example.test.");
  ASSERT_TRUE(close());
  const auto differences = since(3);
  ASSERT_THAT(differences, SizeIs(1));
  EXPECT_EQ(differences[0]->to, 4u);
  EXPECT_EQ(records_of(differences[0]->deleted),
            (Records{"example.test. 2 SOA . . 3 60 15 86400 2", "www.example.test. 30 A 192.0.2.2",
                     "gone.example.test. 30 A 192.0.2.9"}));
  EXPECT_EQ(records_of(differences[0]->added),
            (Records{"example.test. 2 SOA . . 4 60 15 86400 2", "www.example.test. 30 A 192.0.2.3",
                     "www.example.test. 30 TXT \"x\""}));
  EXPECT_THAT(since(1), SizeIs(3));
  EXPECT_FALSE(history().journal().since(7).has_value());
}

TEST_F(History, WhatIsAsItWasIsNoDifference) {
  put("www.example.test.", {a_set({"192.0.2.1", "192.0.2.2"})});
  ASSERT_TRUE(close());
  RrsetSpec lowered = a_set({"192.0.2.2", "192.0.2.1"});
  lowered.full_ttl = lowered.ttl;
  lowered.ttl = 1;
  put("www.example.test.", {lowered});
  put("new.example.test.", {a_set({"192.0.2.7"})});
  erase("new.example.test.");
  put("empty.example.test.", {});
  EXPECT_FALSE(close()) << "a lowered TTL, another order, a name come and gone, a name without records";
  EXPECT_EQ(zones_.serial(*zone_), 2u);

  RrsetSpec changed = a_set({"192.0.2.2", "192.0.2.1"});
  changed.ttl = 60;
  put("www.example.test.", {changed});
  ASSERT_TRUE(close()) << "a configured TTL is content";
  EXPECT_THAT(records_of(since(2)[0]->added), SizeIs(3));
}

TEST_F(History, ASoaAloneIsADifferenceAndABackwardSerialForgets) {
  ASSERT_TRUE(close());
  zones_.set_soa(*zone_, soa(10, 7), 5);
  ASSERT_THAT(since(2), SizeIs(1));
  EXPECT_EQ(since(2)[0]->to, 10u);
  EXPECT_THAT(records_of(since(2)[0]->added), SizeIs(1));
  zones_.set_soa(*zone_, soa(0xfffffffe), 5);
  EXPECT_FALSE(history().journal().since(10).has_value());
  zones_.set_soa(*zone_, soa(3), 5);
  EXPECT_THAT(since(0xfffffffe), SizeIs(1)) << "RFC 1982: across zero is forward";
}

TEST_F(History, IsBoundedAndDropsTheOldest) {
  ASSERT_TRUE(close());
  const std::string large(60'000, 'x');
  for (int i = 0; i < 400; ++i) {
    put("big.example.test.", {rrset(RrType::null, {large + std::to_string(i)})});
    ASSERT_TRUE(close());
  }
  EXPECT_LE(history().journal().octets(), Journal::kOctetsMost);
  EXPECT_GT(history().journal().octets(), Journal::kOctetsMost - 2 * large.size());
  EXPECT_GT(history().journal().dropped(), 200u);
  EXPECT_FALSE(history().journal().since(2).has_value());
  EXPECT_THAT(since(401), SizeIs(1));
}

TEST_F(History, ABatchThatOutgrowsItsBoundEmptiesTheJournal) {
  const std::string large(60'000, 'x');
  for (int i = 0; i < 1200; ++i)
    put("n" + std::to_string(i) + ".example.test.", {rrset(RrType::null, {large})});
  ASSERT_TRUE(close());
  ASSERT_THAT(since(1), IsEmpty()) << "a difference beyond the journal's bound";
  put("small.example.test.", {a_set({"192.0.2.7"})});
  ASSERT_TRUE(close());
  ASSERT_THAT(since(2), SizeIs(1));
  const auto under_way = history().begin_walk();
  for (int i = 0; i < 1200; ++i) erase("n" + std::to_string(i) + ".example.test.");
  EXPECT_EQ(history().counts().batches_overgrown, 1u);
  EXPECT_EQ(history().counts().walks_aborted, 1u);
  RecordList records;
  EXPECT_FALSE(history().next(*under_way, records));
  EXPECT_TRUE(under_way->is_aborted());
  EXPECT_EQ(history().begin_walk(), nullptr) << "what the serial held is known no more";
  ASSERT_TRUE(close());
  EXPECT_THAT(since(2), IsEmpty());
  EXPECT_NE(history().begin_walk(), nullptr);
}

TEST_F(History, AWalkEndsWithItsZoneAndWithTheEndOfReadiness) {
  const auto first = history().begin_walk();
  zones_.set_readiness(*zone_, Readiness::not_ready);
  EXPECT_TRUE(first->is_aborted());
  zones_.set_readiness(*zone_, Readiness::ready);
  const auto second = history().begin_walk();
  zones_.remove(*zone_);
  EXPECT_TRUE(second->is_aborted());
}

TEST_F(History, TellsOfEachNewSerialOfAReadyZone) {
  std::vector<std::uint32_t> told;
  zones_.on_serial([&](const Zone& zone) { told.push_back(zones_.serial(zone)); });
  ASSERT_TRUE(close());
  EXPECT_FALSE(close());
  zones_.set_readiness(*zone_, Readiness::not_ready);
  zones_.set_soa(*zone_, soa(5), 5);
  zones_.set_readiness(*zone_, Readiness::ready);
  EXPECT_EQ(told, (std::vector<std::uint32_t>{2, 5}));
}

TEST_F(History, KnowsTheSizeOfTheZone) {
  const auto walked = [&] {
    RecordList records;
    const auto walk = history().begin_walk();
    while (history().next(*walk, records)) {
    }
    return records.octets();
  };
  ASSERT_TRUE(close());
  EXPECT_EQ(history().octets(), walked());
  put("www.example.test.", {a_set({"192.0.2.1", "192.0.2.2"}), rrset(RrType::txt, {"\1x", "\3abc"})});
  put("a.b.example.test.", {a_set({"192.0.2.1"})});
  EXPECT_NE(history().octets(), walked()) << "a walk shows the zone before the open batch";
  ASSERT_TRUE(close());
  EXPECT_EQ(history().octets(), walked());
  erase("www.example.test.");
  erase("a.b.example.test.");
  ASSERT_TRUE(close());
  EXPECT_EQ(history().octets(), walked());
}

// Changes of every kind at random: names of two zones of which one lies inside the other, so that names are
// kept aside and come back; cuts with glue, wildcards, lowered TTLs, batches that cancel out.
class Model {
 public:
  explicit Model(std::uint64_t seed) : random_(seed), zones_(table_) {
    zone_ = &zones_.add(zone_config("example.test.", 0xfffffff0));
    zones_.keep_history(*zone_, true);
    replica_ = {zones_.serial(*zone_), records_of(zones_, *zone_)};
  }

  void run(int steps) {
    for (int i = 0; i < steps; ++i) step();
    close();
    while (!walkers_.empty()) advance(0, 1000);
    EXPECT_GT(walked_, 5);
    EXPECT_GT(meanwhile_, 5);
    EXPECT_GT(batches_, 20);
    EXPECT_GT(unchanged_, 0);
  }

 private:
  struct Walker {
    std::shared_ptr<ZoneWalk> walk;
    std::uint32_t serial;
    Records expected;
    RecordList seen;
  };

  std::size_t below(std::size_t most) {
    return std::uniform_int_distribution<std::size_t>(0, most - 1)(random_);
  }

  Name owner() {
    static const std::vector<std::string> kOwners = {
        "@",       "a",   "b",      "c.d",        "d",          "*.wild", "inner", "x.inner",
        "y.inner", "cut", "ns.cut", "Deep.a.b.c", "_http._tcp", "wild",   "Inner", "z.x.inner",
        "q",       "r",   "s",      "t",          "u",          "v",      "w",     "Zz"};
    const std::string& label = kOwners[below(kOwners.size())];
    return name(label == "@" ? "example.test." : label + ".example.test.");
  }

  RrsetSpec random_set(RrType type) {
    RrsetSpec set = rrset(type, {}, 30);
    if (below(3) == 0) set = rrset(type, {}, 60);
    if (below(3) == 0) {
      set.full_ttl = set.ttl;
      set.ttl = 1;
    }
    std::set<std::string> texts;
    for (std::size_t i = 0; i <= below(type == RrType::a ? 20 : 2); ++i) {
      const auto octet = static_cast<char>(below(20));
      texts.insert(type == RrType::a    ? std::string{10, 0, 0, octet}
                   : type == RrType::ns ? std::string(name("ns.cut.example.test.").wire())
                                        : std::string{1, octet});
    }
    for (const std::string& rdata : texts) set.members.push_back({rdata, 1, 0, {}});
    std::shuffle(set.members.begin(), set.members.end(), random_);
    if (below(2) == 0) set.order = Order::weighted;
    return set;
  }

  NameSpec random_spec() {
    NameSpec spec{owner(), {}};
    if (spec.owner == name("cut.example.test.")) return {spec.owner, {random_set(RrType::ns)}};
    if (below(10) != 0) spec.rrsets.push_back(random_set(RrType::a));
    if (below(3) == 0) spec.rrsets.push_back(random_set(RrType::txt));
    return spec;
  }

  void step() {
    switch (below(20)) {
      case 0: return close();
      case 1: return begin();
      case 2: return toggle_inner();
      case 3: return undo_later();
      case 4:
      case 5:
      case 9:
        if (!walkers_.empty()) advance(below(walkers_.size()), 2);
        return;
      case 6:
      case 7:
      case 8: return zones_.erase(*zone_, owner());
      default: return zones_.put(*zone_, random_spec());
    }
  }

  // A batch of its own whose changes cancel each other out.
  void undo_later() {
    close();
    const Name changed = owner();
    const auto was = zones_.read(*zone_, changed);
    zones_.put(*zone_, {changed, {random_set(RrType::a)}});
    if (was && (!was->rrsets.empty() || changed == name("example.test."))) {
      zones_.put(*zone_, *was);
    } else {
      zones_.erase(*zone_, changed);
    }
    const std::uint32_t serial = zones_.serial(*zone_);
    close();
    EXPECT_EQ(zones_.serial(*zone_), serial);
    ++unchanged_;
  }

  void toggle_inner() {
    const Name apex = name("inner.example.test.");
    if (Zone* inner = zones_.find(apex)) return zones_.remove(*inner);
    zones_.add(zone_config("inner.example.test."));
  }

  void close() {
    if (zones_.close_batch(*zone_, zones_.serial(*zone_) + 1)) ++batches_;
    const auto differences = zones_.history(*zone_)->journal().since(replica_.serial);
    if (differences) replica_.apply(*differences);
    ASSERT_EQ(replica_.serial, zones_.serial(*zone_));
    ASSERT_EQ(replica_.records, records_of(zones_, *zone_));
  }

  // The expected content is that of the last closed batch, which the replica holds.
  void begin() {
    if (walkers_.size() == 8) return;
    walkers_.push_back({zones_.history(*zone_)->begin_walk(), replica_.serial, replica_.records, {}});
  }

  void advance(std::size_t i, int slices) {
    Walker& walker = walkers_[i];
    while (slices-- > 0) {
      const std::size_t before = walker.seen.octets();
      if (zones_.history(*zone_)->next(*walker.walk, walker.seen, 1)) {
        EXPECT_GE(walker.seen.octets(), before);
        continue;
      }
      EXPECT_FALSE(walker.walk->is_aborted());
      EXPECT_EQ(records_of(walker.seen), walker.expected);
      meanwhile_ += zones_.serial(*zone_) != walker.serial ? 1 : 0;
      ++walked_;
      walkers_.erase(walkers_.begin() + static_cast<std::ptrdiff_t>(i));
      return;
    }
  }

  std::mt19937_64 random_;
  NameTable table_;
  Zones zones_;
  Zone* zone_;
  Replica replica_;
  std::vector<Walker> walkers_;
  int walked_ = 0;
  int meanwhile_ = 0;  // walks during which the serial moved on
  int batches_ = 0;
  int unchanged_ = 0;
};

TEST(HistoryModel, AReplicaEqualsTheZoneWhateverHappens) {
  const char* given = std::getenv("MUSTER_SEED");
  const std::uint64_t seed = given != nullptr ? std::stoull(given) : std::random_device()();
  std::printf("MUSTER_SEED=%llu\n", static_cast<unsigned long long>(seed));
  for (std::uint64_t round = 0; round < 20; ++round) Model(seed + round).run(1500);
}

}  // namespace
}  // namespace muster::zones
