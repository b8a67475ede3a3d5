#include "zones/zone_updates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/zones/specs.h"
#include "zones/zone_writer.h"

namespace muster::zones {
namespace {

using namespace test;
using Ending = ZoneUpdates::Ending;

UpdateRecord add(std::string_view owner, const std::string& at) {
  return {.owner = name(owner), .type = RrType::a, .ttl = 5, .rdata = std::string(address(at).bytes())};
}
UpdateRecord erase(std::string_view owner) {
  return {.owner = name(owner), .type = RrType::any, .rr_class = RrClass::any, .rdata = {}};
}
UpdateRecord if_exists(std::string_view owner) {
  return {.owner = name(owner), .type = RrType::a, .rr_class = RrClass::any, .rdata = {}};
}

class ZoneUpdatesTest : public testing::Test {
 protected:
  ZoneUpdatesTest() : zones_(table_), updates_(make()) { fill(); }

  ZoneUpdates make() {
    return {zones_, name("t."), [this](registry::Rows rows) { stores_.push_back(std::move(rows)); }};
  }
  void fill(std::uint32_t serial = 7) {
    ZoneConfig config;
    config.apex = name("t.");
    config.soa = {name("ns.t."), name("host.t."), serial, 60, 60, 60, 5};
    config.soa_ttl = 9;
    Zone& zone = zones_.add(config);
    zones_.put(zone, {name("t."), {name_set(RrType::ns, {"ns.t."})}});
    zones_.put(zone, {name("Old.t."), {a_set({"192.0.2.1"})}});
  }

  std::shared_ptr<std::string> submit(std::vector<UpdateRecord> changes,
                                      std::vector<UpdateRecord> conditions = {}) {
    auto ended = std::make_shared<std::string>("waits");
    updates_.submit({name("t."), std::move(conditions), std::move(changes)}, [ended](ZoneUpdates::End end) {
      const char* names[] = {"applied", "refused", "not stored", "too many"};
      *ended = names[static_cast<int>(end.ending)];
      if (end.changed) *ended += ", changed";
    });
    return ended;
  }
  bool exists(std::string_view owner) const { return zones_.read(name(owner)).has_value(); }
  std::uint32_t serial() { return zones_.serial(*zones_.find(name("t."))); }
  registry::Rows lay_over(ZoneUpdates& updates, std::uint64_t file) {
    Zone& zone = *zones_.find(name("t."));
    std::optional<Name> laid;
    do laid = updates.lay_over(zone, laid);
    while (laid);
    return updates.stand_on(zone, file);
  }
  // The rows of a store as "name=content;" without line ends.
  static std::string text_of(const registry::Rows& rows) {
    std::string text;
    for (const registry::Row& row : rows) {
      if (const auto* one = std::get_if<registry::ZoneRow>(&row))
        text += one->name + "=" + one->content + ";";
      if (const auto* one = std::get_if<registry::ZoneGone>(&row)) text += one->name + " gone;";
    }
    std::replace(text.begin(), text.end(), '\n', '|');
    return text;
  }

  NameTable table_;
  Zones zones_;
  std::vector<registry::Rows> stores_;
  ZoneUpdates updates_;
};

TEST_F(ZoneUpdatesTest, IsVisibleWhenItIsStoredAndNotBefore) {
  const auto ended = submit({add("new.t.", "192.0.2.7"), erase("old.t.")});
  EXPECT_EQ(*ended, "waits");
  EXPECT_FALSE(exists("new.t."));
  EXPECT_TRUE(exists("old.t."));
  ASSERT_EQ(stores_.size(), 1U);
  EXPECT_EQ(text_of(stores_[0]),
            "t.=t. 9 IN SOA ns.t. host.t. 8 60 60 60 5|t. 30 IN NS ns.t.|;"
            "new.t.=new.t. 5 IN A 192.0.2.7|;old.t.=;=0 0;");
  updates_.settled(true);
  EXPECT_EQ(*ended, "applied, changed");
  EXPECT_TRUE(exists("new.t."));
  EXPECT_FALSE(exists("old.t."));
  EXPECT_EQ(serial(), 8U);
}

// A service at a public name changes while an update is being stored: no serial is served for two contents.
TEST_F(ZoneUpdatesTest, ASerialThatWasRaisedMeanwhileIsNotServedAgain) {
  submit({add("a.t.", "192.0.2.1")});
  submit({add("b.t.", "192.0.2.2")});
  zones_.bind(name("www.t."), {RrType::a}, {a_set({"10.0.0.1"})});
  zones_.set_serial(*zones_.find(name("t.")), 9);
  updates_.settled(true);
  EXPECT_EQ(serial(), 10U);
  updates_.settled(true);
  EXPECT_EQ(serial(), 11U);
  submit({add("c.t.", "192.0.2.3")});
  EXPECT_NE(text_of(stores_.back()).find("SOA ns.t. host.t. 12 "), std::string::npos);
}

// What an update finds at a service's name is the zone's own, hidden or not.
TEST_F(ZoneUpdatesTest, WhatAServiceHidesIsKept) {
  zones_.bind(name("old.t."), {RrType::a}, {a_set({"10.0.0.1"})});
  UpdateRecord text{.owner = name("old.t."), .type = RrType::txt, .ttl = 5, .rdata = "\1x"};
  submit({text});
  EXPECT_NE(text_of(stores_.at(0)).find("Old.t. 30 IN A 192.0.2.1"), std::string::npos)
      << text_of(stores_.at(0));
  updates_.settled(true);
  EXPECT_EQ(zones_.read(name("old.t."))->rrsets.size(), 2U) << "the service's, and TXT";
  zones_.unbind(name("old.t."));
  const auto own = zones_.read_own(*zones_.find(name("t.")), name("old.t."));
  ASSERT_TRUE(own.has_value());
  EXPECT_EQ(own->rrsets.size(), 2U);
}

TEST_F(ZoneUpdatesTest, WhatComesMeanwhileIsOneGroupOnTopOfIt) {
  const auto first = submit({add("a.t.", "192.0.2.1")});
  const auto second = submit({add("b.t.", "192.0.2.2")}, {if_exists("a.t.")});
  const auto third = submit({erase("a.t.")});
  const auto nothing = submit({erase("nobody.t.")});
  const auto refused = submit({add("c.t.", "192.0.2.3")}, {if_exists("a.t.")});
  EXPECT_EQ(*refused, "refused") << "the third has taken it away";
  EXPECT_EQ(stores_.size(), 1U);
  updates_.settled(true);
  EXPECT_EQ(*first, "applied, changed");
  EXPECT_EQ(*second, "waits");
  EXPECT_TRUE(exists("a.t."));
  EXPECT_FALSE(exists("b.t."));
  EXPECT_EQ(serial(), 8U);
  ASSERT_EQ(stores_.size(), 2U);
  EXPECT_EQ(*nothing, "waits") << "what it saw is not stored yet";
  updates_.settled(true);
  EXPECT_EQ(*second, "applied, changed");
  EXPECT_EQ(*third, "applied, changed");
  EXPECT_EQ(*nothing, "applied");
  EXPECT_FALSE(exists("a.t."));
  EXPECT_TRUE(exists("b.t."));
  EXPECT_EQ(serial(), 10U) << "once an update";
  EXPECT_TRUE(updates_.idle());
}

TEST_F(ZoneUpdatesTest, AFailedCommitLeavesNoTrace) {
  submit({add("kept.t.", "192.0.2.9")});
  updates_.settled(true);
  const auto first = submit({add("a.t.", "192.0.2.1"), erase("kept.t.")});
  const auto second = submit({add("b.t.", "192.0.2.2")});
  updates_.settled(false);
  EXPECT_EQ(*first, "not stored");
  EXPECT_EQ(*second, "not stored") << "it was planned on top of the first";
  EXPECT_FALSE(exists("a.t."));
  EXPECT_TRUE(exists("kept.t."));
  EXPECT_EQ(serial(), 8U);
  ASSERT_EQ(stores_.size(), 3U) << "the store tries again by itself, so it is told what counts";
  EXPECT_EQ(text_of(stores_[2]),
            "t.=t. 9 IN SOA ns.t. host.t. 8 60 60 60 5|t. 30 IN NS ns.t.|;"
            "a.t. gone;kept.t.=kept.t. 5 IN A 192.0.2.9|;");
  updates_.settled(true);
  const auto third = submit({add("c.t.", "192.0.2.3")});
  updates_.settled(true);
  EXPECT_EQ(*third, "applied, changed");
  EXPECT_EQ(serial(), 9U);
}

TEST_F(ZoneUpdatesTest, AZoneTakenOutWhileItsUpdatesAreStoredTellsWhoWaits) {
  const auto first = submit({add("a.t.", "192.0.2.1")});
  const auto second = submit({add("b.t.", "192.0.2.2")});
  zones_.remove(*zones_.find(name("t.")));
  updates_.settled(true);
  EXPECT_EQ(*first, "applied, changed") << "it is stored";
  EXPECT_EQ(*second, "not stored");
  EXPECT_TRUE(updates_.idle());
  EXPECT_EQ(stores_.size(), 1U);
}

TEST_F(ZoneUpdatesTest, ARestartBringsBackWhatWasStored) {
  submit({add("new.t.", "192.0.2.7"), erase("old.t.")});
  updates_.settled(true);
  zones_.remove(*zones_.find(name("t.")));
  fill();
  ZoneUpdates later = make();
  for (const registry::Row& row : stores_[0]) EXPECT_TRUE(later.restore(std::get<registry::ZoneRow>(row)));
  EXPECT_FALSE(later.restore({"t.", "x.t.", "x.t. 5 IN A nonsense\n"}));
  EXPECT_FALSE(later.restore({"t.", "x.u.", ""}));
  EXPECT_FALSE(later.restore({"t.", "", "1"}));
  EXPECT_THAT(lay_over(later, 0), testing::IsEmpty());
  EXPECT_FALSE(later.on_other_file());
  EXPECT_TRUE(exists("new.t."));
  EXPECT_FALSE(exists("old.t."));
  EXPECT_EQ(serial(), 8U);
  EXPECT_EQ(text_of(later.discard()), "t. gone;new.t. gone;old.t. gone; gone;");
  EXPECT_TRUE(later.stored().empty());
}

// What a secondary holds under a serial is not what another file makes of it.
TEST_F(ZoneUpdatesTest, AFileThatChangedMeanwhileIsSeenAndGetsANewSerial) {
  struct Row {
    const char* why;
    std::uint32_t serial_of_file;
    const char* made_on;
    std::uint64_t file;
    bool on_other_file;
    std::uint32_t serial;
    const char* stored;
  };
  const Row rows[] = {
      {"the same file", 7, "5 5", 5, false, 8, ""},
      {"another one", 7, "5 5", 6, true, 9,
       "t.=t. 9 IN SOA ns.t. host.t. 9 60 60 60 5|t. 30 IN NS ns.t.|;=5 6;"},
      {"another one, whose serial is newer", 20, "5 5", 6, true, 20,
       "t.=t. 9 IN SOA ns.t. host.t. 20 60 60 60 5|t. 30 IN NS ns.t.|;=5 6;"},
      {"the same other one again", 7, "5 6", 6, true, 8, ""},
      {"back to the first, after another one was served", 7, "5 6", 5, false, 9,
       "t.=t. 9 IN SOA ns.t. host.t. 9 60 60 60 5|t. 30 IN NS ns.t.|;=5 5;"},
      {"stored before anybody asked for the file", 7, nullptr, 6, false, 8, ""},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    zones_.remove(*zones_.find(name("t.")));
    fill(row.serial_of_file);
    ZoneUpdates later = make();
    EXPECT_TRUE(later.restore({"t.", "t.", "t. 9 IN SOA ns.t. host.t. 8 60 60 60 5\nt. 30 IN NS ns.t.\n"}));
    if (row.made_on != nullptr) {
      EXPECT_TRUE(later.restore({"t.", "", row.made_on}));
    }
    EXPECT_EQ(text_of(lay_over(later, row.file)), row.stored);
    EXPECT_EQ(later.on_other_file(), row.on_other_file);
    EXPECT_EQ(serial(), row.serial);
  }
}

TEST_F(ZoneUpdatesTest, MoreNamesThanArePublishedAtOnceAreAllPublished) {
  ZoneUpdates later = make();
  const int names = static_cast<int>(2 * ZoneUpdates::kLaidAtOnce);
  for (int i = 0; i < names; ++i) {
    const std::string owner = "n" + std::to_string(i) + ".t.";
    EXPECT_TRUE(later.restore({"t.", owner, i % 2 == 0 ? "" : owner + " 5 IN A 192.0.2.7\n"}));
    if (i % 2 == 0) zones_.put(*zones_.find(name("t.")), {name(owner), {a_set({"192.0.2.1"})}});
  }
  EXPECT_THAT(lay_over(later, 1), testing::IsEmpty());
  for (int i = 0; i < names; ++i) EXPECT_EQ(exists("n" + std::to_string(i) + ".t."), i % 2 == 1) << i;
}

TEST_F(ZoneUpdatesTest, WhichFileItStandsOnIsStoredOnceAndWithTheFirst) {
  updates_.set_file(5);
  submit({add("a.t.", "192.0.2.1")});
  updates_.settled(false);
  EXPECT_THAT(text_of(stores_[1]), testing::EndsWith("; gone;")) << "nothing is stored";
  updates_.settled(true);
  submit({add("a.t.", "192.0.2.1")});
  EXPECT_THAT(text_of(stores_[2]), testing::EndsWith(";=5 5;"));
  updates_.settled(true);
  submit({add("b.t.", "192.0.2.1")});
  EXPECT_THAT(text_of(stores_[3]), testing::Not(testing::HasSubstr("5 5")));
  updates_.settled(true);
  EXPECT_THAT(text_of(updates_.discard()), testing::EndsWith("; gone;"));
}

TEST_F(ZoneUpdatesTest, SoManyMayWaitAndNoMore) {
  submit({add("a.t.", "192.0.2.1")});
  std::vector<std::shared_ptr<std::string>> waiting;
  for (std::size_t i = 0; i < ZoneUpdates::kWaitingMost; ++i)
    waiting.push_back(submit({add("a.t.", "192.0.2.2")}));
  EXPECT_EQ(*submit({add("a.t.", "192.0.2.3")}), "too many");
  updates_.settled(true);
  updates_.settled(true);
  EXPECT_EQ(*waiting.back(), "applied");
  EXPECT_EQ(*submit({}), "applied");
}

}  // namespace
}  // namespace muster::zones
