#include "zones/zone.h"

#include <gtest/gtest.h>

#include <map>
#include <numeric>
#include <set>

#include "tests/zones/specs.h"
#include "zones/folded_wire.h"
#include "zones/rng.h"

namespace muster::zones {
namespace {

using namespace test;

ZoneConfig config(std::string_view apex, bool generated = true) {
  ZoneConfig one;
  one.apex = name(apex);
  one.generated = generated;
  one.soa = {name("ns1." + std::string(apex)), name("hostmaster." + std::string(apex)), 1, 60, 15, 86400, 5};
  one.soa_ttl = 3;
  return one;
}

class ZonesTest : public testing::Test {
 protected:
  ZonesTest() : zones_(table_), reader_(table_) {}

  void put(Zone& zone, std::string_view owner, std::vector<RrsetSpec> rrsets) {
    zones_.put(zone, {name(owner), std::move(rrsets)});
  }
  void put_a(Zone& zone, std::string_view owner) { put(zone, owner, {a_set({"10.0.0.1"})}); }
  const Entry* find(std::string_view owner) const { return table_.find(FoldedWire(name(owner)).wire()); }
  bool exists(std::string_view owner) const { return find(owner) != nullptr; }
  bool is(std::string_view owner, Entry::Flag flag) const {
    return find(owner) != nullptr && find(owner)->is(flag);
  }

  NameTable table_;
  Zones zones_;
  NameTable::Reader reader_;
};

TEST_F(ZonesTest, TheApexHasItsSoaWhateverIsPutThere) {
  Zone& zone = zones_.add(config("svc.internal."));
  EXPECT_TRUE(is("svc.internal.", Entry::kApex));
  put(zone, "svc.internal.", {name_set(RrType::ns, {"ns1.svc.internal."}), rrset(RrType::soa, {"nonsense"})});
  const Entry* apex = find("svc.internal.");
  EXPECT_FALSE(apex->is(Entry::kCut));
  EXPECT_EQ(apex->rrset_count(), 2U);
  EXPECT_EQ(apex->find(RrType::soa)->ttl(), 3U);
  EXPECT_EQ(apex->find(RrType::soa)->rdata(0), encode(zones_.config(zone).soa));

  zones_.set_serial(zone, 77);
  EXPECT_EQ(zones_.serial(zone), 77U);
  EXPECT_EQ(find("svc.internal.")->find(RrType::soa)->rdata(0), encode(zones_.config(zone).soa));
  EXPECT_TRUE(find("svc.internal.")->find(RrType::ns).has_value());
  zones_.erase(zone, name("svc.internal."));
  EXPECT_TRUE(find("svc.internal.")->find(RrType::soa).has_value());
  EXPECT_FALSE(find("svc.internal.")->find(RrType::ns).has_value());
}

TEST_F(ZonesTest, ReadersSeeSerialReadinessAndNegativeTtl) {
  Zone& generated = zones_.add(config("svc.internal."));
  Zone& file = zones_.add(config("example.", false));
  const auto view = [&](std::string_view apex) { return reader_.zone(*find(apex)); };
  EXPECT_EQ(view("svc.internal.").negative_ttl, 2U) << "negative_ttl";
  EXPECT_EQ(view("example.").negative_ttl, 3U) << "min(SOA TTL, MINIMUM)";
  EXPECT_EQ(view("example.").readiness, Readiness::ready);
  zones_.set_readiness(file, Readiness::load_failed);
  zones_.set_serial(generated, 9);
  EXPECT_EQ(view("example.").readiness, Readiness::load_failed);
  EXPECT_EQ(view("svc.internal.").serial, 9U);
  EXPECT_TRUE(view("svc.internal.").generated);
  zones_.set_soa(file, {name("other."), name("mail."), 5, 1, 2, 3, 1}, 60);
  EXPECT_EQ(view("example.").negative_ttl, 1U);
  EXPECT_EQ(view("example.").readiness, Readiness::load_failed);
}

TEST_F(ZonesTest, EmptyNonTerminalsComeAndGoWithTheNamesBelow) {
  Zone& zone = zones_.add(config("svc.internal."));
  put_a(zone, "_http._tcp.web.svc.internal.");
  put_a(zone, "i1.web.svc.internal.");
  EXPECT_TRUE(exists("_tcp.web.svc.internal."));
  EXPECT_FALSE(is("web.svc.internal.", Entry::kOwned));
  EXPECT_EQ(zones_.names(zone), 3U);

  put_a(zone, "web.svc.internal.");
  EXPECT_TRUE(is("web.svc.internal.", Entry::kOwned));
  zones_.erase(zone, name("_http._tcp.web.svc.internal."));
  EXPECT_FALSE(exists("_tcp.web.svc.internal."));
  zones_.erase(zone, name("web.svc.internal."));
  EXPECT_TRUE(exists("web.svc.internal.")) << "i1 is below";
  EXPECT_EQ(find("web.svc.internal.")->rrset_count(), 0U);
  zones_.erase(zone, name("web.svc.internal."));
  zones_.erase(zone, name("I1.web.svc.internal."));
  EXPECT_FALSE(exists("web.svc.internal."));
  EXPECT_TRUE(exists("svc.internal."));
  EXPECT_EQ(table_.stats().names, 1U);
}

TEST_F(ZonesTest, ANamePutWithoutRecordsStays) {
  Zone& zone = zones_.add(config("svc.internal."));
  put(zone, "web.svc.internal.", {});
  put_a(zone, "i1.web.svc.internal.");
  zones_.erase(zone, name("i1.web.svc.internal."));
  EXPECT_TRUE(exists("web.svc.internal."));
}

TEST_F(ZonesTest, TheParentKnowsItsWildcard) {
  Zone& zone = zones_.add(config("example."));
  put_a(zone, "a.example.");
  EXPECT_FALSE(is("example.", Entry::kWildcardChild));
  put_a(zone, "*.example.");
  EXPECT_TRUE(is("example.", Entry::kWildcardChild));
  zones_.set_serial(zone, 2);
  EXPECT_TRUE(is("example.", Entry::kWildcardChild)) << "a new apex entry keeps it";
  zones_.erase(zone, name("*.example."));
  EXPECT_FALSE(is("example.", Entry::kWildcardChild));

  put_a(zone, "x.*.sub.example.");
  EXPECT_TRUE(is("sub.example.", Entry::kWildcardChild))
      << "an empty non-terminal * is one too (RFC 4592 §2.2.2)";
  zones_.erase(zone, name("x.*.sub.example."));
  EXPECT_FALSE(exists("sub.example."));
}

// In whatever order a zone comes, the same names are hidden.
TEST_F(ZonesTest, WhatLiesBelowACutIsHidden) {
  Zone& zone = zones_.add(config("example."));
  const RrsetSpec ns = name_set(RrType::ns, {"ns.sub.example."});
  put_a(zone, "deep.ns.sub.example.");
  put(zone, "sub.example.", {ns});
  put_a(zone, "late.x.sub.example.");
  put_a(zone, "subway.example.");
  EXPECT_TRUE(is("sub.example.", Entry::kCut));
  EXPECT_FALSE(is("sub.example.", Entry::kBelowCut));
  for (const char* hidden :
       {"ns.sub.example.", "deep.ns.sub.example.", "x.sub.example.", "late.x.sub.example."}) {
    EXPECT_TRUE(is(hidden, Entry::kBelowCut)) << hidden;
  }
  EXPECT_FALSE(is("subway.example.", Entry::kBelowCut));

  put(zone, "x.sub.example.", {ns});
  put_a(zone, "sub.example.");
  EXPECT_FALSE(is("sub.example.", Entry::kCut));
  EXPECT_FALSE(is("deep.ns.sub.example.", Entry::kBelowCut));
  EXPECT_TRUE(is("late.x.sub.example.", Entry::kBelowCut)) << "the lower cut still hides it";
  zones_.erase(zone, name("x.sub.example."));
  EXPECT_FALSE(is("late.x.sub.example.", Entry::kBelowCut));
}

// What the zone must look like is worked out from the names alone, and compared after every change.
TEST_F(ZonesTest, AnyOrderOfChangesLeavesTheSameTree) {
  Zone& zone = zones_.add(config("z."));
  const char* labels[] = {"a", "b", "*", "c"};
  std::map<Name, bool> owned;  // whether there is a cut
  Rng rng(3);
  for (int step = 0; step < 1200; ++step) {
    std::string owner;
    for (std::uint64_t depth = 1 + rng.below(4); depth > 0; --depth)
      owner += std::string(labels[rng.below(4)]) + ".";
    owner += "z.";
    if (rng.below(2) == 0) {
      owned[name(owner)] = rng.below(4) == 0;
      put(zone, owner, {owned[name(owner)] ? name_set(RrType::ns, {"ns.other."}) : a_set({"10.0.0.1"})});
    } else {
      owned.erase(name(owner));
      zones_.erase(zone, name(owner));
    }

    std::map<Name, std::uint16_t> wanted = {{name("z."), Entry::kApex | Entry::kOwned}};
    for (const auto& [one, cut] : owned) {
      for (Name at = one; at != name("z."); at = at.parent()) wanted[at];
      wanted[one] = Entry::kOwned | (cut ? Entry::kCut : 0);
    }
    for (auto& [one, flags] : wanted) {
      if (wanted.contains(*one.child("*"))) flags |= Entry::kWildcardChild;
      if (one == name("z.")) continue;
      const std::uint16_t above = wanted[one.parent()];
      if ((above & (Entry::kCut | Entry::kBelowCut)) != 0) flags |= Entry::kBelowCut;
    }
    std::map<Name, std::uint16_t> got;
    table_.for_each([&](const Entry& entry) { got[*Name::from_wire(entry.name())] = entry.flags(); });
    ASSERT_EQ(got, wanted) << "after step " << step << ", " << owner;
    ASSERT_EQ(zones_.names(zone), owned.size() + 1);
  }
}

TEST_F(ZonesTest, TheInnerZonesNamesWinAndTheOutersAreKeptAside) {
  Zone& outer = zones_.add(config("internal."));
  put(outer, "svc.internal.", {name_set(RrType::ns, {"ns1.svc.internal."})});
  put_a(outer, "ns1.svc.internal.");
  put_a(outer, "www.internal.");
  Zone& inner = zones_.add(config("svc.internal."));
  EXPECT_EQ(zones_.zone_of(name("x.svc.internal.")), &inner);
  EXPECT_EQ(zones_.zone_of(name("x.internal.")), &outer);
  EXPECT_EQ(zones_.zone_of(name("org.")), nullptr);

  EXPECT_TRUE(is("svc.internal.", Entry::kApex));
  EXPECT_FALSE(exists("ns1.svc.internal."));
  reader_.online();
  const Entry* ds = reader_.find_aside(*find("internal."), name("svc.internal.").wire());
  ASSERT_NE(ds, nullptr);
  EXPECT_TRUE(ds->find(RrType::ns).has_value());
  reader_.offline();
  EXPECT_TRUE(zones_.read(outer, name("ns1.svc.internal.")).has_value());
  put_a(outer, "ns2.svc.internal.");
  zones_.erase(outer, name("ns1.svc.internal."));
  EXPECT_FALSE(zones_.read(outer, name("ns1.svc.internal.")).has_value());
  EXPECT_EQ(zones_.names(outer), 4U);

  std::set<std::string> visited;
  zones_.for_each(outer, [&](const NameSpec& spec) { visited.insert(spec.owner.text()); });
  EXPECT_EQ(visited,
            (std::set<std::string>{"internal.", "svc.internal.", "ns2.svc.internal.", "www.internal."}));

  put_a(inner, "web.svc.internal.");
  zones_.remove(inner);
  EXPECT_FALSE(exists("web.svc.internal."));
  EXPECT_TRUE(is("svc.internal.", Entry::kCut));
  EXPECT_TRUE(is("ns2.svc.internal.", Entry::kBelowCut));
  EXPECT_EQ(zones_.names(outer), 4U);
}

TEST_F(ZonesTest, AnInnerApexKeepsItsAncestorsInTheOuterZone) {
  Zone& inner = zones_.add(config("a.b.internal."));
  Zone& outer = zones_.add(config("internal."));
  EXPECT_TRUE(exists("b.internal."));
  EXPECT_EQ(find("b.internal.")->zone_id(), find("internal.")->zone_id());
  Zone& between = zones_.add(config("b.internal."));
  EXPECT_TRUE(is("b.internal.", Entry::kApex));
  zones_.remove(between);
  EXPECT_TRUE(exists("b.internal."));
  EXPECT_FALSE(is("b.internal.", Entry::kApex));
  zones_.remove(inner);
  EXPECT_FALSE(exists("b.internal."));
  zones_.remove(outer);
  EXPECT_EQ(table_.stats().names, 0U);
}

TEST_F(ZonesTest, WhatIsPutIsRead) {
  Zone& zone = zones_.add(config("svc.internal."));
  put_a(zone, "Web.svc.internal.");
  EXPECT_EQ(zones_.read(name("web.SVC.internal."))->owner.wire(), name("Web.svc.internal.").wire());
  EXPECT_FALSE(zones_.read(name("nothing.svc.internal.")).has_value());
  zones_.erase(zone, name("web.svc.internal."));
  EXPECT_FALSE(zones_.read(name("web.svc.internal.")).has_value());
  EXPECT_EQ(zones_.find(name("SVC.internal.")), &zone);
  EXPECT_EQ(zones_.all(), (std::vector<Zone*>{&zone}));
}

// What is in a file zone, and what a service has at its names.
class Bindings : public ZonesTest {
 protected:
  // Of what kinds the sets there are, those of a service with a star.
  std::string types_at(std::string_view owner) const {
    if (!exists(owner)) return "none";
    std::set<std::string> types;
    for (std::uint32_t i = 0; i < find(owner)->rrset_count(); ++i)
      types.insert(to_string(find(owner)->rrset(i).type()) + (find(owner)->rrset(i).bound() ? "* " : " "));
    return std::accumulate(types.begin(), types.end(), std::string());
  }
  void bind(std::string_view owner, std::vector<RrsetSpec> sets) {
    zones_.bind(name(owner), {RrType::a, RrType::aaaa}, std::move(sets));
  }
};

TEST_F(Bindings, StandBesideWhatTheZoneHas) {
  Zone& zone = zones_.add(config("example.", false));
  put(zone, "www.example.", {rrset(RrType::txt, {"\1x"})});
  bind("www.example.", {a_set({"10.0.0.1"})});
  EXPECT_EQ(types_at("www.example."), "A* TXT ");
  put(zone, "www.example.", {rrset(RrType::mx, {std::string("\0\1\0", 3)})});
  EXPECT_EQ(types_at("www.example."), "A* MX ") << "the zone's own change leaves the service's";
  bind("www.example.", {a_set({"10.0.0.2"})});
  EXPECT_EQ(find("www.example.")->find(RrType::a)->rdata(0), address("10.0.0.2").bytes());
  zones_.erase(zone, name("www.example."));
  EXPECT_EQ(types_at("www.example."), "A* ");
  EXPECT_FALSE(zones_.read_own(zone, name("www.example.")));
  bind("www.example.", {});
  EXPECT_EQ(types_at("www.example."), "") << "the name stays, without records";
  zones_.unbind(name("www.example."));
  EXPECT_FALSE(exists("www.example."));
}

TEST_F(Bindings, AreAtTheApexToo) {
  Zone& zone = zones_.add(config("example.", false));
  put(zone, "example.", {name_set(RrType::ns, {"ns1.example."})});
  bind("example.", {a_set({"10.0.0.1"})});
  EXPECT_EQ(types_at("example."), "A* NS SOA ");
  zones_.set_serial(zone, 9);
  EXPECT_EQ(types_at("example."), "A* NS SOA ");
  EXPECT_EQ(zones_.read_own(zone, name("example."))->rrsets.size(), 2u) << "NS and SOA";
  zones_.unbind(name("example."));
  EXPECT_EQ(types_at("example."), "NS SOA ");
  EXPECT_TRUE(is("example.", Entry::kApex));
}

TEST_F(Bindings, HideTheirTypesUntilTheyGo) {
  Zone& zone = zones_.add(config("example.", false));
  bind("www.example.", {});
  put(zone, "www.example.", {a_set({"192.0.2.1"}), rrset(RrType::txt, {"\1x"})});
  EXPECT_EQ(types_at("www.example."), "TXT ");
  EXPECT_EQ(zones_.read_own(zone, name("www.example."))->rrsets.size(), 2u)
      << "an update sees it, and keeps it";
  bind("www.example.", {a_set({"10.0.0.1"})});
  EXPECT_EQ(types_at("www.example."), "A* TXT ");
  zones_.unbind(name("www.example."));
  ASSERT_EQ(types_at("www.example."), "A TXT ");
  EXPECT_EQ(find("www.example.")->find(RrType::a)->rdata(0), address("192.0.2.1").bytes());
}

TEST_F(Bindings, WaitForTheirZone) {
  bind("www.example.", {a_set({"10.0.0.1"})});
  bind("deep.sub.example.", {a_set({"10.0.0.2"})});
  EXPECT_FALSE(exists("www.example."));
  Zone& zone = zones_.add(config("example.", false));
  EXPECT_EQ(types_at("www.example."), "A* ");
  Zone& inner = zones_.add(config("sub.example.", false));
  EXPECT_EQ(types_at("deep.sub.example."), "A* ");
  EXPECT_EQ(zones_.zone_of(name("deep.sub.example.")), &inner);
  zones_.remove(inner);
  EXPECT_EQ(types_at("deep.sub.example."), "A* ") << "the outer zone's now";
  zones_.unbind(name("deep.sub.example."));
  EXPECT_FALSE(exists("deep.sub.example."));
  zones_.remove(zone);
  EXPECT_FALSE(exists("www.example."));
  zones_.add(config("example.", false));
  EXPECT_EQ(types_at("www.example."), "A* ");
}

TEST_F(Bindings, AreNotInGeneratedZones) {
  Zone& zone = zones_.add(config("svc.internal."));
  bind("www.svc.internal.", {a_set({"10.0.0.1"})});
  EXPECT_FALSE(exists("www.svc.internal."));
  put_a(zone, "www.svc.internal.");
  EXPECT_EQ(types_at("www.svc.internal."), "A ");
}

// Whatever comes in which order, a name is the zone's own records, but for the types that are a service's,
// and these.
TEST_F(Bindings, AnyOrderOfChangesEndsAlike) {
  Rng rng(7);
  const std::vector<std::string> owners = {"example.", "a.example.", "b.a.example.", "sub.example.",
                                           "x.sub.example."};
  std::map<std::string, Zone*> zones;
  std::map<std::string, std::set<std::string>> own;  // by apex
  std::map<std::string, bool> bound;
  for (int step = 0; step < 3'000; ++step) {
    const std::string& owner = owners[rng.below(owners.size())];
    const std::string apex = rng.below(2) == 0 ? "example." : "sub.example.";
    switch (rng.below(6)) {
      case 0:
        if (zones[apex] == nullptr) zones[apex] = &zones_.add(config(apex, false));
        break;
      case 1:
        if (rng.below(8) != 0 || zones[apex] == nullptr) break;
        zones_.remove(*zones[apex]);
        zones[apex] = nullptr;
        own[apex].clear();
        break;
      case 2:
      case 3:  // also of what the inner zone hides
        if (zones[apex] == nullptr || !name(owner).is_at_or_below(name(apex))) break;
        if (rng.below(2) == 0) {
          put(*zones[apex], owner, {rrset(RrType::txt, {"\1x"}), a_set({"192.0.2.1"})});
          own[apex].insert(owner);
        } else {
          zones_.erase(*zones[apex], name(owner));
          own[apex].erase(owner);
        }
        break;
      case 4:
        bind(owner, {a_set({"10.0.0.1"})});
        bound[owner] = true;
        break;
      default: zones_.unbind(name(owner)); bound[owner] = false;
    }
    for (const std::string& each : owners) {
      const Zone* zone = zones_.zone_of(name(each));
      if (zone == nullptr) continue;
      const bool is_own = own[zones_.apex(*zone).text()].contains(each);
      const std::string apex_types = each == zones_.apex(*zone).text() ? "SOA " : "";
      const std::string address = bound[each] ? "A* " : is_own ? "A " : "";
      const std::string types = types_at(each);
      if (address.empty() && apex_types.empty()) {
        ASSERT_TRUE(types == "none" || types.empty()) << each << " has " << types << " at step " << step;
      } else {
        ASSERT_EQ(types, address + apex_types + (is_own ? "TXT " : "")) << each << " at step " << step;
      }
    }
  }
}

}  // namespace
}  // namespace muster::zones
