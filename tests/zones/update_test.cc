#include "zones/update.h"

#include <gtest/gtest.h>

#include <sstream>

#include "zones/zone_file.h"

namespace muster::zones {
namespace {

constexpr const char* kZone =
    "$TTL 60\n"
    "@ SOA ns1 host 7 60 60 60 5\n"
    "@ NS ns1\n"
    "@ NS ns2\n"
    "@ TXT apex\n"
    "ns1 A 192.0.2.1\n"
    "ns2 A 192.0.2.2\n"
    "web A 192.0.2.10\n"
    "web A 192.0.2.11\n"
    "web TXT one\n"
    "alias CNAME web\n"
    "mail.deep MX 10 web\n"
    "old DNAME web\n"
    "cut NS ns1\n";

Name name(std::string_view text) { return *Name::from_text(text, *Name::from_text("t.")); }

// "web 60 A 192.0.2.1" adds or compares; "web - A 192.0.2.1" is class NONE, "web * A" class ANY, without
// rdata each the form of its section. "@30" before the class gives a TTL where none belongs.
UpdateRecord record(const std::string& line, bool prerequisite) {
  std::istringstream in(line);
  std::string owner;
  std::string what;
  std::string type;
  in >> owner >> what >> type;
  UpdateRecord record{.owner = name(owner), .type = *parse_type(type), .rdata = {}};
  if (what[0] == '@') {
    record.ttl = static_cast<std::uint32_t>(std::stoul(what.substr(1)));
    record.rr_class = RrClass::any;
  } else if (what == "*" || what == "-") {
    record.rr_class = what == "*" ? RrClass::any : RrClass::none;
  } else if (what == "CH") {
    record.rr_class = RrClass::ch;
  } else if (!prerequisite) {
    record.ttl = static_cast<std::uint32_t>(std::stoul(what));
  }
  std::vector<std::string> texts;
  for (std::string text; in >> text;) texts.push_back(text);
  std::vector<Word> words;
  for (const std::string& text : texts) words.push_back({text});
  if (!words.empty()) record.rdata = *rdata_from_words(record.type, words, name("@"));
  return record;
}

std::string text_of(const NameSpec& spec) {
  std::string text = spec.owner.text();
  if (spec.rrsets.empty()) text += " gone";
  for (const RrsetSpec& set : spec.rrsets) {
    text += " " + to_string(set.type) + std::to_string(set.ttl);
    for (const Member& member : set.members) text += "," + rdata_text(set.type, member.rdata);
  }
  return text;
}

class UpdateRules : public testing::Test {
 protected:
  UpdateRules()
      : zone_(*compile_zone("z", name("@"),
                            [](const std::string&) -> net::Result<std::string, std::error_code> {
                              return std::string(kZone);
                            })) {}

  UpdateView view() const {
    return {.apex = name("@"),
            .soa = zone_.soa(),
            .soa_ttl = zone_.soa_ttl(),
            .read = [this](const Name& owner) -> std::optional<NameSpec> {
              const auto found = zone_.find(owner.wire());
              return found ? std::optional(zone_.name(*found)) : std::nullopt;
            },
            .has_names_below =
                [this](const Name& owner) {
                  for (std::uint32_t i = 0; i < zone_.names(); ++i) {
                    const Name one = zone_.name(i).owner;
                    if (one != owner && one.is_at_or_below(owner)) return true;
                  }
                  return false;
                }};
  }

  net::Result<UpdatePlan, UpdateRefusal> plan(const std::vector<std::string>& prerequisites,
                                              const std::vector<std::string>& changes) const {
    Update update{.zone = name("@"), .prerequisites = {}, .changes = {}};
    for (const std::string& line : prerequisites) update.prerequisites.push_back(record(line, true));
    for (const std::string& line : changes) update.changes.push_back(record(line, false));
    return plan_update(update, view());
  }

  CompiledZone zone_;
};

// What a service has there cannot be changed, but counts as being there.
TEST_F(UpdateRules, WhatIsBoundStays) {
  using enum UpdateFault;
  const auto plan = [&](const std::vector<std::string>& prerequisites,
                        const std::vector<std::string>& changes) {
    UpdateView bound = view();
    bound.bound_types = [](const Name& owner) {
      return owner == name("bound") ? std::vector{RrType::a, RrType::aaaa} : std::vector<RrType>();
    };
    bound.bound_sets = [](const Name& owner) {
      std::vector<RrsetSpec> sets;
      if (owner == name("bound")) sets.emplace_back().type = RrType::a;
      for (RrsetSpec& set : sets) set.members.emplace_back().rdata = std::string("\x0a\0\0\1", 4);
      return sets;
    };
    bound.has_bound_below = [](const Name& owner) {
      return name("bound").is_at_or_below(owner) || name("a.deep").is_at_or_below(owner);
    };
    Update update{.zone = name("@"), .prerequisites = {}, .changes = {}};
    for (const std::string& line : prerequisites) update.prerequisites.push_back(record(line, true));
    for (const std::string& line : changes) update.changes.push_back(record(line, false));
    return plan_update(update, bound);
  };
  for (const char* change : {"bound 60 A 192.0.2.1", "bound - A 10.0.0.1", "bound * AAAA"}) {
    const auto refused = plan({}, {change});
    ASSERT_FALSE(refused.has_value()) << change;
    EXPECT_EQ(refused.error().fault, UpdateFault::refused) << change;
  }
  EXPECT_FALSE(plan({}, {"web * A", "bound 60 A 192.0.2.1"}).has_value()) << "nothing of it is done";
  const auto beside = plan({"bound * ANY", "bound * A", "bound - AAAA"}, {"bound 60 TXT hello"});
  ASSERT_TRUE(beside.has_value());
  EXPECT_EQ(text_of(beside->names.at(0)), "bound.t. TXT60,\"hello\"");
  const auto alias = plan({}, {"bound 60 CNAME web"});
  ASSERT_TRUE(alias.has_value());
  EXPECT_TRUE(alias->names.empty()) << "an alias beside other data is silently ignored (RFC 2136 §3.4.2.2)";
  for (const char* change : {"bound 60 NS ns1", "deep 60 NS ns1"})
    EXPECT_FALSE(plan({}, {change}).has_value()) << change << " delegates a service's name away";
  EXPECT_TRUE(plan({}, {"other 60 NS ns1"}).has_value());
  EXPECT_TRUE(plan({}, {"@ 60 NS ns2"}).has_value()) << "the apex is no cut";
  const auto all = plan({}, {"bound * ANY"});
  EXPECT_TRUE(all.has_value()) << "all that are the zone's own";
}

TEST_F(UpdateRules, PrerequisitesAreExact) {
  using enum UpdateFault;
  struct Row {
    const char* why;
    std::vector<std::string> prerequisites;
    std::optional<UpdateFault> fault;
  };
  const Row rows[] = {
      {"the name is in use", {"web * ANY"}, {}},
      {"it is not", {"nobody * ANY"}, nxdomain},
      {"an empty non-terminal owns nothing", {"deep * ANY"}, nxdomain},
      {"the apex owns its SOA", {"@ * SOA"}, {}},
      {"the RRset exists", {"web * A"}, {}},
      {"it does not", {"web * AAAA"}, nxrrset},
      {"nor at a name that is not there", {"nobody * A"}, nxrrset},
      {"the name is not in use", {"nobody - ANY"}, {}},
      {"an empty non-terminal is not in use", {"deep - ANY"}, {}},
      {"it is", {"web - ANY"}, yxdomain},
      {"the RRset does not exist", {"web - AAAA"}, {}},
      {"it does", {"web - A"}, yxrrset},
      {"the whole RRset, in any order", {"web 0 A 192.0.2.11", "web 0 A 192.0.2.10"}, {}},
      {"said twice is said once", {"web 0 A 192.0.2.11", "web 0 A 192.0.2.10", "web 0 A 192.0.2.10"}, {}},
      {"a part is not the RRset", {"web 0 A 192.0.2.10"}, nxrrset},
      {"nor is more", {"web 0 A 192.0.2.10", "web 0 A 192.0.2.11", "web 0 A 192.0.2.12"}, nxrrset},
      {"nor is another", {"web 0 A 192.0.2.10", "web 0 A 192.0.2.12"}, nxrrset},
      {"names in rdata without case", {"mail.deep 0 MX 10 WEB"}, {}},
      {"text with case", {"web 0 TXT ONE"}, nxrrset},
      {"a TTL", {"web @1 A"}, formerr},
      {"rdata with class ANY", {"web * A 192.0.2.10"}, formerr},
      {"rdata with class NONE", {"web - A 192.0.2.10"}, formerr},
      {"another class", {"web CH A"}, formerr},
      {"a type of questions", {"web 0 AXFR"}, formerr},
      {"outside the zone", {"web.u. * A"}, notzone},
      {"the first that fails tells", {"web * A", "nobody * ANY", "web - A"}, nxdomain},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    const auto result = plan(row.prerequisites, {"new 5 A 192.0.2.77"});
    EXPECT_EQ(result.has_value(), !row.fault.has_value());
    if (!result) {
      EXPECT_EQ(result.error().fault, row.fault) << result.error().reason;
    }
  }
}

TEST_F(UpdateRules, ChangesAreOfOnePiece) {
  struct Row {
    const char* why;
    std::vector<std::string> changes;
    std::vector<std::string> names;
    std::uint32_t serial = 8;
  };
  const Row rows[] = {
      {"nothing", {}, {}, 7},
      {"a new name", {"new 5 A 192.0.2.77"}, {"new.t. A5,192.0.2.77"}},
      {"a record; the RRset takes the TTL",
       {"web 5 A 192.0.2.12"},
       {"web.t. A5,192.0.2.10,192.0.2.11,192.0.2.12 TXT60,\"one\""}},
      {"a duplicate is nothing new", {"web 60 A 192.0.2.10"}, {}, 7},
      {"but its TTL may be", {"web 61 A 192.0.2.10"}, {"web.t. A61,192.0.2.10,192.0.2.11 TXT60,\"one\""}},
      {"CNAME beside data is ignored", {"web 5 CNAME ns1"}, {}, 7},
      {"data beside CNAME as well", {"alias 5 A 192.0.2.1"}, {}, 7},
      {"a CNAME replaces a CNAME", {"alias 5 CNAME ns1"}, {"alias.t. CNAME5,ns1.t."}},
      {"a CNAME at the apex is ignored", {"@ 5 CNAME ns1"}, {}, 7},
      {"data in place of a CNAME, in one message",
       {"alias * CNAME", "alias 5 A 192.0.2.1"},
       {"alias.t. A5,192.0.2.1"}},
      {"delete a record", {"web - A 192.0.2.10"}, {"web.t. A60,192.0.2.11 TXT60,\"one\""}},
      {"delete what is not there", {"web - A 192.0.2.99", "web * AAAA", "nobody * ANY"}, {}, 7},
      {"delete an RRset", {"web * A"}, {"web.t. TXT60,\"one\""}},
      {"delete a name", {"web * ANY"}, {"web.t. gone"}},
      {"the apex keeps SOA and NS", {"@ * ANY"}, {"t. NS60,ns1.t.,ns2.t."}},
      {"and its NS as an RRset", {"@ * NS", "@ * SOA"}, {}, 7},
      {"and the last NS", {"@ - NS ns1", "@ - NS ns2"}, {"t. NS60,ns2.t. TXT60,\"apex\""}},
      {"NS of a cut go", {"cut * NS"}, {"cut.t. gone"}},
      {"a greater serial is taken", {"@ 9 SOA ns1 host 20 1 1 1 1"}, {}, 20},
      {"and is not raised again",
       {"@ 9 SOA ns1 host 20 1 1 1 1", "new 5 A 192.0.2.77"},
       {"new.t. A5,192.0.2.77"},
       20},
      {"an older one is ignored", {"@ 9 SOA ns1 host 7 1 1 1 1"}, {}, 7},
      {"a SOA elsewhere is ignored", {"web 9 SOA ns1 host 20 1 1 1 1"}, {}, 7},
      {"added and deleted is nothing", {"new 5 A 192.0.2.77", "new * ANY"}, {}, 7},
      {"targets come before what refers to them",
       {"a 5 CNAME b.x", "x 5 TXT parent", "b.x 5 A 192.0.2.7"},
       {"b.x.t. A5,192.0.2.7", "a.t. CNAME5,b.x.t.", "x.t. TXT5,\"parent\""}},
      {"and go after it", {"web * ANY", "alias * ANY"}, {"alias.t. gone", "web.t. gone"}},
      {"gains come before losses",
       {"ns2 * ANY", "new 5 A 192.0.2.77"},
       {"new.t. A5,192.0.2.77", "ns2.t. gone"}},
      {"the case of an owner is as first written", {"WEB * TXT"}, {"web.t. A60,192.0.2.10,192.0.2.11"}},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    const auto result = plan({}, row.changes);
    ASSERT_TRUE(result.has_value()) << result.error().reason;
    std::vector<std::string> names;
    for (const NameSpec& spec : result->names) names.push_back(text_of(spec));
    EXPECT_EQ(names, row.names);
    EXPECT_EQ(result->soa.serial, row.serial);
    EXPECT_EQ(result->changed, row.serial != 7U);
  }
}

TEST_F(UpdateRules, NothingIsDoneWhenOnePartIsWrong) {
  using enum UpdateFault;
  struct Row {
    const char* why;
    std::string change;
    UpdateFault fault;
  };
  const Row rows[] = {
      {"outside the zone", "web.u. 5 A 192.0.2.1", notzone},
      {"adding type ANY", "web 5 ANY", formerr},
      {"adding a type of questions", "web 5 AXFR", formerr},
      {"adding an OPT", "web 5 OPT", formerr},
      {"deleting with a TTL", "web @5 A", formerr},
      {"deleting an RRset with rdata", "web * A 192.0.2.10", formerr},
      {"deleting a record of type ANY", "web - ANY", formerr},
      {"deleting a type of questions", "web * IXFR", formerr},
      {"another class", "web CH A", formerr},
      {"NS at a wildcard", "*.x 5 NS ns1", refused},
      {"a name below a DNAME", "below.old 5 A 192.0.2.1", refused},
      {"a DNAME above names", "deep 5 DNAME web", refused},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    const auto result = plan({}, {"new 5 A 192.0.2.77", row.change});
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().fault, row.fault) << result.error().reason;
  }
}

TEST_F(UpdateRules, AnRrsetThatNoMessageHoldsIsRefused) {
  Update update{.zone = name("@"), .prerequisites = {}, .changes = {}};
  for (int i = 0; i < 200; ++i) {
    UpdateRecord one{.owner = name("big"), .type = RrType::txt, .rdata = {}};
    for (int part = 0; part < 2; ++part)
      one.rdata += static_cast<char>(200) + std::string(199, 'x') + static_cast<char>(i);
    update.changes.push_back(std::move(one));
  }
  const auto result = plan_update(update, view());
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().fault, UpdateFault::refused);
}

}  // namespace
}  // namespace muster::zones
