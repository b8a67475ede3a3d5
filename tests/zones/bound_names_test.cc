#include "zones/bound_names.h"

#include <gtest/gtest.h>

#include "zones/zone_file.h"

namespace muster::zones {
namespace {

Name name(std::string_view text) { return *Name::from_text(text, *Name::from_text("example.test.")); }

CompiledZone compile(const std::string& text) {
  auto zone = compile_zone("z", name("@"), [&](const std::string&) -> net::Result<std::string, std::error_code> {
    return "$TTL 60\n@ SOA ns1.other.test. host 1 3600 900 86400 30\n@ NS ns1.other.test.\n" + text;
  });
  EXPECT_TRUE(zone.has_value()) << to_string(zone.error().list.at(0));
  return std::move(*zone);
}

std::vector<std::string> faults(const std::string& text, std::string_view owner, std::vector<RrType> types) {
  const std::vector<BoundName> bound = {{name(owner), std::move(types), "web"}};
  return bound_faults(compile(text), bound);
}

using Lines = std::vector<std::string>;

TEST(BoundNames, MayStandBesideOtherTypesAndBelowOtherNames) {
  const std::vector<RrType> types = {RrType::a, RrType::aaaa, RrType::srv};
  EXPECT_EQ(faults("", "@", types), Lines());
  EXPECT_EQ(faults("@ MX 10 mail\nmail A 192.0.2.1", "@", types), Lines());
  EXPECT_EQ(faults("www TXT x\nwww MX 10 mail\n*.www A 192.0.2.1", "www", types), Lines());
  EXPECT_EQ(faults("a.www A 192.0.2.1", "www", types), Lines());
  EXPECT_EQ(faults("* A 192.0.2.1", "www", types), Lines()) << "a name that is there takes no wildcard";
  EXPECT_EQ(faults("_http._tcp A 192.0.2.1", "_http._tcp", {RrType::srv}), Lines());
  EXPECT_EQ(faults("@ DNAME other.test.", "@", types), Lines()) << "a DNAME is of what lies below";
}

TEST(BoundNames, HaveNothingInTheirWay) {
  const std::vector<RrType> types = {RrType::a, RrType::aaaa};
  EXPECT_EQ(faults("www A 192.0.2.1\nwww AAAA ::1", "WWW", types),
            Lines{"WWW.example.test. (service web): the zone has A there"});
  EXPECT_EQ(faults("www CNAME x", "www", types),
            Lines{"www.example.test. (service web): the zone has a CNAME there, beside which nothing may stand"});
  EXPECT_EQ(faults("sub NS ns.other.test.", "a.b.sub", types),
            Lines{"a.b.sub.example.test. (service web): it is delegated, at sub.example.test."});
  EXPECT_EQ(faults("sub NS ns.other.test.", "sub", types),
            Lines{"sub.example.test. (service web): it is delegated, at sub.example.test."});
  EXPECT_EQ(faults("sub DNAME other.test.", "a.b.sub", types),
            Lines{"a.b.sub.example.test. (service web): it lies below the DNAME at sub.example.test."});
  EXPECT_EQ(faults("@ DNAME other.test.", "a", types),
            Lines{"a.example.test. (service web): it lies below the DNAME at example.test."});
}

TEST(BoundNames, AreNamedWithThePlaceWhereTheyAreWritten) {
  const std::vector<BoundName> bound = {{name("www"), {RrType::a}, "web", "musterd.toml:4:9"}};
  EXPECT_EQ(bound_faults(compile("www A 192.0.2.1"), bound),
            Lines{"musterd.toml:4:9: also: www.example.test. (service web): the zone has A there"});
}

TEST(BoundNames, OfOtherZonesAreNoneOfItsBusiness) {
  const std::vector<BoundName> bound = {{*Name::from_text("www.other.test."), {RrType::a}, "web"}};
  EXPECT_EQ(bound_faults(compile("www A 192.0.2.1"), bound), Lines());
}

}  // namespace
}  // namespace muster::zones
