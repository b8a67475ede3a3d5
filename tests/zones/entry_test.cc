#include "zones/entry_writer.h"

#include <gtest/gtest.h>

#include "tests/zones/specs.h"

namespace muster::zones {
namespace {

using namespace test;

std::string hex(std::string_view octets) {
  std::string text;
  for (const unsigned char octet : octets) {
    text += "0123456789abcdef"[octet >> 4];
    text += "0123456789abcdef"[octet & 15];
  }
  return text;
}

EntryPtr build(std::vector<RrsetSpec> rrsets, std::string_view owner = "web.svc.internal.") {
  return EntryWriter::build({name(owner), std::move(rrsets)}, Entry::kOwned, 7);
}

TEST(Entry, ImagesAreWholeRecordsBehindAPointerToTheQuestion) {
  const EntryPtr entry = build({a_set({"10.0.0.1", "10.0.0.2"})});
  const auto set = entry->find(RrType::a);
  ASSERT_TRUE(set.has_value());
  EXPECT_EQ(hex(set->images()),
            "c00c000100010000001e00040a000001"
            "c00c000100010000001e00040a000002");
  EXPECT_EQ(set->count(), 2U);
  EXPECT_EQ(set->ttl(), 30U);
  EXPECT_EQ(set->stride(), 16U);
  EXPECT_EQ(hex(set->rdata(1)), "0a000002");
  EXPECT_EQ(set->order(), Order::fixed);
  EXPECT_FALSE(entry->find(RrType::aaaa).has_value());
  EXPECT_EQ(entry->zone_id(), 7);
}

TEST(Entry, MembersOfDifferentSizesAreFoundToo) {
  const EntryPtr entry = build({rrset(RrType::txt, {"\1a", "\4long", std::string(1, '\0')})});
  const auto set = entry->find(RrType::txt);
  EXPECT_EQ(set->stride(), 0U);
  EXPECT_EQ(set->rdata(0), "\1a");
  EXPECT_EQ(set->rdata(1), "\4long");
  EXPECT_EQ(set->rdata(2), std::string(1, '\0'));
  EXPECT_EQ(set->image(0).size() + set->image(1).size() + set->image(2).size(), set->images().size());
}

TEST(Entry, RemembersTheConfiguredTtlWhereItIsLowered) {
  RrsetSpec lowered = a_set({"10.0.0.1"});
  lowered.full_ttl = 300;
  const NameSpec spec{name("web.svc.internal."), {rrset(RrType::txt, {"\1a"}), lowered}};
  const EntryPtr entry = EntryWriter::build(spec, Entry::kOwned, 7);
  EXPECT_EQ(entry->rrset(1).ttl(), 30u);
  EXPECT_EQ(entry->full_ttl(0), 30u);
  EXPECT_EQ(entry->full_ttl(1), 300u);
  EXPECT_EQ(EntryWriter::read(*entry), spec);
  const EntryPtr copy = EntryWriter::with_flags(*entry, entry->flags() | Entry::kBelowCut);
  EXPECT_EQ(copy->full_ttl(1), 300u);

  const EntryPtr plain = build({rrset(RrType::txt, {"\1a"}), a_set({"10.0.0.1"})});
  EXPECT_EQ(plain->size() + 2 * sizeof(std::uint32_t), entry->size()) << "others pay nothing";
}

TEST(Entry, ARecordOfTheGreatestSizeFits) {
  const EntryPtr entry = build({rrset(RrType::null, {std::string(65535, 'x')})});
  EXPECT_EQ(entry->find(RrType::null)->rdata(0).size(), 65535U);
}

TEST(Entry, NamesAreComparedInTheirFoldAndKeptAsWritten) {
  const EntryPtr entry = build({}, "WeB.svc.Internal.");
  EXPECT_EQ(entry->name(), name("WeB.svc.Internal.").wire());
  EXPECT_TRUE(entry->has_name(name("web.svc.internal.").wire()));
  EXPECT_FALSE(entry->has_name(name("wex.svc.internal.").wire()));
  EXPECT_FALSE(entry->has_name(name("svc.internal.").wire()));
}

TEST(Entry, TheContentDecidesAboutAliases) {
  EXPECT_TRUE(build({name_set(RrType::cname, {"a."})})->is(Entry::kCname));
  EXPECT_TRUE(build({name_set(RrType::dname, {"a."})})->is(Entry::kDname));
  EXPECT_FALSE(build({a_set({"10.0.0.1"})})->is(Entry::kCname));
}

TEST(Entry, AdditionalRecordsStandOnceForEachTarget) {
  RrsetSpec srv = rrset(RrType::srv, {srv_rdata(0, 10, 80, "i1.web."), srv_rdata(0, 10, 81, "i1.web."),
                                      srv_rdata(0, 10, 80, "i2.web."), srv_rdata(0, 10, 80, "i3.web.")});
  srv.additional_ttl = 5;
  srv.order = Order::weighted;
  for (const int i : {0, 1}) srv.members[i].addresses = {address("2001:db8::1"), address("10.0.0.1")};
  srv.members[2].addresses = {address("10.0.0.2")};
  const EntryPtr entry = build({srv});
  const auto set = entry->find(RrType::srv);
  EXPECT_TRUE(set->has_additional());
  EXPECT_TRUE(set->shares_targets());
  EXPECT_EQ(hex(set->additional(0)),
            "c00c000100010000000500040a000001"
            "c00c001c000100000005001020010db8000000000000000000000001");
  EXPECT_EQ(set->additional(0).data(), set->additional(1).data());
  EXPECT_EQ(hex(set->additional(2)), "c00c000100010000000500040a000002");
  EXPECT_EQ(set->additional(3), "");
  EXPECT_EQ(set->image(2).substr(RrsetView::kSrvTargetAt), name("i2.web.").wire());

  srv.members.erase(srv.members.begin());
  EXPECT_FALSE(build({srv})->find(RrType::srv)->shares_targets());
}

TEST(Entry, MembersOfWeightZeroAreNoPartOfTheAnswerBesideOthers) {
  EXPECT_EQ(build({weighted({0, 5, 0, 3})})->find(RrType::a)->count(), 2U);
  const EntryPtr all_zero = build({weighted({0, 0, 0})});
  EXPECT_EQ(all_zero->find(RrType::a)->count(), 3U);
  EXPECT_TRUE(all_zero->find(RrType::a)->equal_weights());
  RrsetSpec fixed = weighted({0, 5});
  fixed.order = Order::fixed;
  EXPECT_EQ(build({fixed})->find(RrType::a)->count(), 2U);
}

TEST(Entry, SetsWithoutMembersStayOnlyWhereTheySaySomething) {
  RrsetSpec failed = rrset(RrType::a, {});
  failed.servfail = true;
  RrsetSpec noted = rrset(RrType::aaaa, {});
  noted.note.text = "0 of 4 ready";
  const EntryPtr entry = build({failed, noted, rrset(RrType::txt, {})});
  EXPECT_EQ(entry->rrset_count(), 2U);
  EXPECT_TRUE(entry->find(RrType::a)->servfail());
  EXPECT_FALSE(entry->find(RrType::a)->has_note());
  EXPECT_EQ(entry->find(RrType::aaaa)->note_text(), "0 of 4 ready");
  EXPECT_EQ(entry->find(RrType::aaaa)->note_since(), 0U);
  EXPECT_FALSE(entry->find(RrType::aaaa)->servfail());
  EXPECT_EQ(entry->find(RrType::a)->ttl(), 0U);
}

// Everything an entry may hold, together: one piece in the wrong place shifts the others.
TEST(Entry, WhatWasWrittenIsReadBack) {
  RrsetSpec srv = rrset(RrType::srv, {}, 77);
  srv.order = Order::weighted;
  srv.overflow = Overflow::fit;
  srv.at_most = 4;
  srv.note = {"heartbeats silent", 1'700'000'000};
  srv.additional_ttl = 9;
  for (int i = 0; i < 40; ++i) {
    const std::string target = "i" + std::to_string(i * i) + ".web.";
    Member member{srv_rdata(1, 2, 3, target),
                  static_cast<std::uint32_t>(i + 1),
                  static_cast<std::uint16_t>(i / 20 * 10),
                  {}};
    if (i % 3 != 0)
      member.addresses = {address("10.0.0." + std::to_string(i)), address("2001:db8::" + std::to_string(i))};
    srv.members.push_back(member);
  }
  const NameSpec spec{name("Web.svc."), {a_set({"10.1.2.3"}), srv, rrset(RrType::txt, {"\1x", "\2yy"})}};
  const EntryPtr entry = EntryWriter::build(spec, Entry::kOwned, 1);
  EXPECT_TRUE(entry->find(RrType::srv)->has_alias());
  const NameSpec read = EntryWriter::read(*EntryWriter::with_flags(*entry, Entry::kBelowCut));

  EXPECT_EQ(read.owner.wire(), spec.owner.wire());
  ASSERT_EQ(read.rrsets.size(), spec.rrsets.size());
  for (std::size_t i = 0; i < read.rrsets.size(); ++i) {
    SCOPED_TRACE(i);
    EXPECT_EQ(read.rrsets[i].type, spec.rrsets[i].type);
    EXPECT_EQ(read.rrsets[i].ttl, spec.rrsets[i].ttl);
    EXPECT_EQ(read.rrsets[i].additional_ttl, spec.rrsets[i].additional_ttl);
    EXPECT_EQ(read.rrsets[i].order, spec.rrsets[i].order);
    EXPECT_EQ(read.rrsets[i].overflow, spec.rrsets[i].overflow);
    EXPECT_EQ(read.rrsets[i].at_most, spec.rrsets[i].at_most);
    EXPECT_EQ(read.rrsets[i].note, spec.rrsets[i].note);
    ASSERT_EQ(read.rrsets[i].members.size(), spec.rrsets[i].members.size());
    for (std::size_t m = 0; m < read.rrsets[i].members.size(); ++m) {
      const Member& got = read.rrsets[i].members[m];
      const Member& wanted = spec.rrsets[i].members[m];
      EXPECT_EQ(got.rdata, wanted.rdata);
      EXPECT_EQ(got.weight, wanted.weight);
      EXPECT_EQ(got.tier, wanted.tier);
      EXPECT_EQ(got.addresses, wanted.addresses);
    }
  }
}

}  // namespace
}  // namespace muster::zones
