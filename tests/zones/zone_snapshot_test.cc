#include "zones/zone_snapshot.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "zones/entry_writer.h"
#include "zones/zone.h"
#include "zones/zone_diff.h"
#include "zones/zone_file.h"
#include "zones/zone_writer.h"

namespace muster::zones {
namespace {

Name name(std::string_view text) { return *Name::from_text(text); }

CompiledZone compile(const std::string& text, std::string_view apex = "example.test.") {
  const FileReader read = [&](const std::string&) -> net::Result<std::string, std::error_code> {
    return "@ 60 IN SOA ns1 host 1 3600 900 86400 30\n@ NS ns1.other.test.\n" + text;
  };
  auto zone = compile_zone("z", name(apex), read);
  EXPECT_TRUE(zone.has_value()) << to_string(zone.error().list.at(0));
  return std::move(*zone);
}

const char* const kText =
    "w 5 A 192.0.2.1\n A 192.0.2.2\nW AAAA ::1\nt TXT a \"\" c\n TXT longer\nd NS ns.d\nns.d A 192.0.2.3\n"
    "*.wild MX 1 w\na.b.ent CNAME w\nr DNAME other.test.\nu TYPE900 \\# 0\n TYPE901 \\# 2 c00c\n";

// Puts all but the apex as a loader does.
void put_prepared(Zones& zones, Zone& zone, const CompiledZone& version) {
  std::vector<EntryPtr> entries;
  for (std::uint32_t i = 1; i < version.names(); ++i) {
    entries.push_back(Zones::prepare(zones.id(zone), version.owner(i), version.records_of(i)));
  }
  zones.expect(version.names());
  zones.put(zone, version.name(0));
  zones.put(zone, entries);
  zones.expect(0);
}

Zone& add(Zones& zones, const CompiledZone& version) {
  ZoneConfig config;
  config.apex = version.apex();
  config.soa = version.soa();
  config.soa_ttl = version.soa_ttl();
  return zones.add(config);
}

// Behind the header, in which an octet has no meaning.
std::string_view octets_of(const Entry& entry) {
  return std::string_view(reinterpret_cast<const char*>(&entry), entry.size()).substr(sizeof(Entry));
}

TEST(EntryWriter, RecordsMakeTheEntryThatTheirSpecMakes) {
  const CompiledZone zone = compile(kText);
  for (std::uint32_t i = 1; i < zone.names(); ++i) {
    SCOPED_TRACE(zone.name(i).owner.text());
    const EntryPtr entry = EntryWriter::build(zone.owner(i), zone.records_of(i), Entry::kOwned, 7);
    const EntryPtr spec = EntryWriter::build(zone.name(i), entry->flags(), 7);
    ASSERT_EQ(entry->size(), spec->size());
    EXPECT_EQ(octets_of(*entry), octets_of(*spec));
    EXPECT_EQ(entry->flags(), spec->flags());
    EXPECT_EQ(entry->zone_id(), spec->zone_id());
    EXPECT_EQ(entry->rrset_count(), spec->rrset_count());
    EXPECT_EQ(entry->is(Entry::kCut), zone.name(i).owner == name("d.example.test."));
  }
}

TEST(Zones, PreparedNamesStandAsSpecsDo) {
  const CompiledZone version = compile(kText);
  NameTable table;
  Zones zones(table);
  Zone& zone = add(zones, version);
  put_prepared(zones, zone, version);
  NameTable other_table;
  Zones other(other_table);
  Zone& by_spec = add(other, version);
  for (std::uint32_t i = 0; i < version.names(); ++i) other.put(by_spec, version.name(i));

  EXPECT_EQ(zones.names(zone), other.names(by_spec));
  EXPECT_EQ(table.stats().names, other_table.stats().names) << "empty non-terminals too";
  other_table.for_each([&](const Entry& expected) {
    SCOPED_TRACE(Name::from_wire(expected.name())->text());
    const Entry* found = table.find(Name::from_wire(expected.name())->lower().wire());
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->flags(), expected.flags());
    EXPECT_EQ(EntryWriter::children(*found), EntryWriter::children(expected));
    EXPECT_EQ(EntryWriter::read(*found), EntryWriter::read(expected));
  });
}

TEST(Zones, PreparedNamesOfAnInnerZoneAreKeptAside) {
  const CompiledZone version = compile("in NS ns.in\nns.in A 192.0.2.3\nout A 192.0.2.4\n");
  NameTable table;
  Zones zones(table);
  Zone& zone = add(zones, version);
  ZoneConfig inner;
  inner.apex = name("in.example.test.");
  zones.add(inner);
  put_prepared(zones, zone, version);
  EXPECT_EQ(zones.names(zone), version.names());
  EXPECT_EQ(zones.read(zone, name("ns.in.example.test."))->rrsets.size(), 1U);
  EXPECT_FALSE(zones.read(name("ns.in.example.test.")).has_value()) << "the inner zone's answer";
  const Entry* cut = table.find_aside(zones.id(zone), name("in.example.test.").wire());
  ASSERT_NE(cut, nullptr);
  EXPECT_FALSE(cut->is(Entry::kCut)) << "not asked, so nothing is hidden by it";
}

TEST(ZoneSnapshot, IsTheZoneThatIsServed) {
  const CompiledZone version = compile(kText);
  NameTable table;
  Zones zones(table);
  Zone& zone = add(zones, version);
  put_prepared(zones, zone, version);
  ZoneConfig inner;
  inner.apex = name("ns.d.example.test.");
  zones.add(inner);
  NameTable::Reader reader(table);
  const auto live = snapshot(reader, version.apex());
  ASSERT_TRUE(live.has_value());
  EXPECT_EQ(live->names(), version.names()) << "what is kept aside too, empty non-terminals not";
  EXPECT_EQ(live->records(), version.records());
  EXPECT_TRUE(diff(*live, version).empty());
  EXPECT_TRUE(diff(version, *live).empty());
  EXPECT_EQ(live->soa().serial, 1U);
  EXPECT_FALSE(snapshot(reader, name("no.test.")).has_value());
}

TEST(Zones, PreparedNamesAreToldToTheHistory) {
  const CompiledZone first = compile("a A 192.0.2.1\nb A 192.0.2.2\n");
  const CompiledZone second = compile("a A 192.0.2.9\nb A 192.0.2.2\nc A 192.0.2.3\n");
  NameTable table;
  Zones zones(table);
  Zone& zone = add(zones, first);
  put_prepared(zones, zone, first);
  zones.keep_history(zone, true);
  put_prepared(zones, zone, second);
  ASSERT_TRUE(zones.close_batch(zone, 2));
  const auto changes = zones.history(zone)->journal().since(1);
  ASSERT_TRUE(changes.has_value());
  ASSERT_EQ(changes->size(), 1U);
  EXPECT_EQ((*changes)[0]->deleted.count(), 2U) << "the SOA and a";
  EXPECT_EQ((*changes)[0]->added.count(), 3U) << "the SOA, a and c";
}

TEST(ZoneSnapshot, ShowsWhatChangedSince) {
  const CompiledZone version = compile("a A 192.0.2.1\nb A 192.0.2.2\n");
  NameTable table;
  Zones zones(table);
  Zone& zone = add(zones, version);
  put_prepared(zones, zone, version);
  zones.erase(zone, name("a.example.test."));
  zones.set_serial(zone, 9);
  NameTable::Reader reader(table);
  const auto live = snapshot(reader, version.apex());
  ASSERT_TRUE(live.has_value());
  EXPECT_EQ(live->soa().serial, 9U);
  const ZoneDiff back = diff(*live, version);
  ASSERT_EQ(back.puts.size(), 1U);
  EXPECT_EQ(version.name(back.puts[0]).owner, name("a.example.test."));
  EXPECT_TRUE(back.serial_stands);
}

// The store holds digests: what they are of may not change.
TEST(CompiledZone, TheDigestIsOfTheContentAlone) {
  const std::uint64_t one = compile("a A 192.0.2.1\nb TXT x\n").digest();
  EXPECT_EQ(one, compile("; a note\nb 60 TXT \"x\"\na A 192.0.2.1\n").digest());
  EXPECT_NE(one, compile("a A 192.0.2.2\nb TXT x\n").digest());
  EXPECT_NE(one, compile("b A 192.0.2.1\na TXT x\n").digest());
  EXPECT_NE(one, compile("a 61 A 192.0.2.1\nb TXT x\n").digest());
  EXPECT_NE(one, compile("a A 192.0.2.1\nb SPF x\n").digest());
  EXPECT_NE(one, compile("A A 192.0.2.1\nb TXT x\n").digest()) << "the case that is served";
  EXPECT_EQ(one, 6609725299019774221U);
}

TEST(ZoneSnapshot, LeavesOutWhatServicesHave) {
  const CompiledZone version = compile("w 5 A 192.0.2.1\nx TXT beside\n");
  NameTable table;
  Zones zones(table);
  Zone& zone = add(zones, version);
  put_prepared(zones, zone, version);
  RrsetSpec bound;
  bound.type = RrType::a;
  bound.members.emplace_back().rdata = std::string("\x0a\0\0\1", 4);
  for (const char* owner : {"example.test.", "x.example.test.", "new.example.test."})
    zones.bind(name(owner), {RrType::a}, {bound});
  zones.bind(name("empty.example.test."), {RrType::a}, {});
  NameTable::Reader reader(table);
  const auto taken = snapshot(reader, version.apex());
  ASSERT_TRUE(taken.has_value());
  EXPECT_EQ(taken->names(), version.names());
  EXPECT_TRUE(diff(*taken, version).empty());
}

}  // namespace
}  // namespace muster::zones
