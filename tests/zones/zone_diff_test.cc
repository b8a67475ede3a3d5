#include "zones/zone_diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "zones/zone_file.h"
#include "zones/zone_writer.h"

namespace muster::zones {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

CompiledZone zone(const std::string& text, const std::string& serial = "1") {
  const FileReader read = [&](const std::string&) -> net::Result<std::string, std::error_code> {
    return "$TTL 60\n@ SOA ns1.x. host.x. " + serial + " 1 1 1 1\n@ NS ns1.x.\n" + text;
  };
  auto result = compile_zone("z", *Name::from_text("t."), read);
  EXPECT_TRUE(result.has_value()) << to_string(result.error().list.at(0));
  return std::move(*result);
}

// "+www.t." for puts, "-www.t." for erases, in order.
std::vector<std::string> steps(const CompiledZone& old, const CompiledZone& next) {
  const ZoneDiff changes = diff(old, next);
  std::vector<std::string> list;
  for (const std::uint32_t name : changes.puts) list.push_back("+" + next.name(name).owner.text());
  for (const std::uint32_t name : changes.erases) list.push_back("-" + old.name(name).owner.text());
  return list;
}

TEST(ZoneDiff, OnlyWhatChangedInTheRightOrder) {
  struct Row {
    const char* why;
    const char* old;
    const char* next;
    std::vector<std::string> steps;
  };
  const Row rows[] = {
      {"nothing", "a A 192.0.2.1\nb TXT x\n", "b TXT x\na A 192.0.2.1\n", {}},
      {"the order of records is no difference",
       "a A 192.0.2.1\na A 192.0.2.2\n",
       "a A 192.0.2.2\na A 192.0.2.1\n",
       {}},
      {"a record", "a A 192.0.2.1\nb TXT x\n", "a A 192.0.2.2\nb TXT x\n", {"+a.t."}},
      {"a TTL", "a 5 A 192.0.2.1\n", "a 6 A 192.0.2.1\n", {"+a.t."}},
      {"the case of an owner", "a A 192.0.2.1\n", "A A 192.0.2.1\n", {"+A.t."}},
      {"the case of a name in rdata", "a PTR b.x.\n", "a PTR B.x.\n", {"+a.t."}},
      {"the apex", "@ TXT x\n", "@ TXT y\n", {"+t."}},
      {"parents first", "", "x.p TXT c\np TXT p\n", {"+p.t.", "+x.p.t."}},
      {"targets before what refers to them", "", "a SRV 1 1 1 h.a\nh.a A 192.0.2.1\n", {"+h.a.t.", "+a.t."}},
      {"a chain of aliases from its end",
       "",
       "a CNAME b\nb CNAME c\nc A 192.0.2.1\n",
       {"+c.t.", "+b.t.", "+a.t."}},
      {"a loop ends", "", "a CNAME b\nb CNAME a\n", {"+b.t.", "+a.t."}},
      {"removals the reverse",
       "a SRV 1 1 1 h.a\nh.a A 192.0.2.1\np TXT x\nc.p TXT x\n",
       "",
       {"-c.p.t.", "-p.t.", "-a.t.", "-h.a.t."}},
      {"a target moves: new, what refers, old",
       "a CNAME b\nb A 192.0.2.1\n",
       "a CNAME c\nc A 192.0.2.1\n",
       {"+c.t.", "+a.t.", "-b.t."}},
      {"a name that only loses comes after what left it",
       "a MX 1 b\nb A 192.0.2.1\nb TXT x\n",
       "a MX 1 c\nb TXT x\nc A 192.0.2.1\n",
       {"+c.t.", "+a.t.", "+b.t."}},
      {"of losers what refers comes first",
       "a MX 1 b\na TXT x\nb A 192.0.2.1\nb TXT x\n",
       "a TXT x\nb TXT x\n",
       {"+a.t.", "+b.t."}},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    EXPECT_EQ(steps(zone(row.old), zone(row.next)), row.steps);
  }
}

// The order of records may stay the old one; their set may not.
std::vector<std::string> sorted_lines(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0, end = 0; at < text.size(); at = end + 1) {
    end = text.find('\n', at);
    lines.push_back(text.substr(at, end - at));
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

// Applying the steps to the old content gives the new one, whatever the two are.
TEST(ZoneDiff, AppliedItMakesTheNextVersion) {
  std::uint32_t state = 7;
  const auto random = [&](std::uint32_t below) {
    state = state * 1664525 + 1013904223;
    return (state >> 16) % below;
  };
  const auto random_text = [&] {
    std::string text;
    for (std::uint32_t i = random(12); i > 0; --i) {
      const std::string owner(1, static_cast<char>('a' + random(5)));
      const std::string target(1, static_cast<char>('a' + random(5)));
      text += (random(3) == 0 ? owner + "." + target : owner) +
              (random(2) ? " A 192.0.2." + std::to_string(random(3)) : " MX 1 " + target) + "\n";
    }
    return text;
  };
  for (int round = 0; round < 200; ++round) {
    const std::string before = random_text();
    const std::string after = random_text();
    SCOPED_TRACE(before + "->\n" + after);
    const CompiledZone old = zone(before);
    const CompiledZone next = zone(after);
    std::map<std::string, std::string> live;
    const auto content = [](const CompiledZone& z, std::uint32_t n) {
      std::string text;
      write_name(text, z.name(n));
      return text;
    };
    for (std::uint32_t n = 0; n < old.names(); ++n) live[old.name(n).owner.text()] = content(old, n);
    const ZoneDiff changes = diff(old, next);
    for (const std::uint32_t n : changes.puts) live[next.name(n).owner.text()] = content(next, n);
    for (const std::uint32_t n : changes.erases) live.erase(old.name(n).owner.text());
    std::map<std::string, std::string> wanted;
    for (std::uint32_t n = 0; n < next.names(); ++n) wanted[next.name(n).owner.text()] = content(next, n);
    ASSERT_EQ(live.size(), wanted.size());
    ASSERT_TRUE(diff(next, next).empty());
    for (const auto& [owner, text] : wanted) {
      ASSERT_EQ(sorted_lines(live[owner]), sorted_lines(text));
    }
  }
}

TEST(ZoneDiff, SerialsAndTheSoa) {
  struct Row {
    const char* why;
    const char* old_serial;
    const char* next_serial;
    const char* next_text;
    bool soa_changed;
    bool serial_stands;
  };
  const Row rows[] = {
      {"nothing changed", "1", "1", "", false, false},
      {"only the serial", "1", "2", "", true, false},
      {"content and serial", "1", "2", "a TXT x\n", true, false},
      {"content alone", "1", "1", "a TXT x\n", false, true},
      {"content under a serial that went back", "2", "1", "a TXT x\n", false, true},
      {"only the serial, and it went back: an old one is none", "2", "1", "", false, false},
      {"a serial that wrapped is newer", "4294967295", "0", "a TXT x\n", true, false},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    const ZoneDiff changes = diff(zone("", row.old_serial), zone(row.next_text, row.next_serial));
    EXPECT_EQ(changes.soa_changed, row.soa_changed);
    EXPECT_EQ(changes.serial_stands, row.serial_stands);
  }
  const FileReader other = [](const std::string&) -> net::Result<std::string, std::error_code> {
    return std::string("$TTL 60\n@ SOA ns1.x. host.x. 1 1 1 1 2\n@ NS ns1.x.\n");
  };
  const ZoneDiff minimum = diff(zone(""), *compile_zone("z", *Name::from_text("t."), other));
  EXPECT_TRUE(minimum.soa_changed) << "another MINIMUM under the same serial";
  EXPECT_TRUE(minimum.serial_stands);
}

}  // namespace
}  // namespace muster::zones
