#include "zones/name.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "zones/folded_wire.h"

namespace muster::zones {
namespace {

Name name(std::string_view text) { return *Name::from_text(text); }

TEST(Name, TextAndWireAreTwoFormsOfTheSameName) {
  struct Row {
    const char* why;
    const char* text;
    std::string wire;
    const char* written;
  };
  const Row rows[] = {
      {"the root", ".", std::string("\0", 1), "."},
      {"plain labels, final dot optional", "a.bc", std::string("\1a\2bc\0", 6), "a.bc."},
      {"an escaped dot is part of a label", "a\\.b.c.", std::string("\3a.b\1c\0", 7), "a\\.b.c."},
      {"decimal escapes", "\\000\\255.", std::string("\2\0\xff\0", 4), "\\000\\255."},
      {"case is kept", "WeB.", std::string("\3WeB\0", 5), "WeB."},
      {"a space is written as an escape", "web\\032i1.", std::string("\6web i1\0", 8), "web\\032i1."},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    const auto read = Name::from_text(row.text);
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->wire(), row.wire);
    EXPECT_EQ(read->text(), row.written);
    EXPECT_EQ(Name::from_wire(row.wire)->wire(), row.wire);
  }
}

TEST(Name, BadTextIsRefusedWithItsReason) {
  struct Row {
    const char* why;
    std::string text;
    NameError error;
  };
  const std::string label(63, 'x');
  const Row rows[] = {
      {"nothing", "", NameError::empty},
      {"two dots", "a..b", NameError::empty_label},
      {"a leading dot", ".a", NameError::empty_label},
      {"64 octets in a label", label + "x", NameError::label_too_long},
      {"256 octets in all", label + "." + label + "." + label + "." + label, NameError::name_too_long},
      {"an escape over 255", "a\\256", NameError::bad_escape},
      {"an escape cut short", "a\\25", NameError::bad_escape},
      {"a backslash at the end", "a\\", NameError::bad_escape},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    const auto read = Name::from_text(row.text);
    ASSERT_FALSE(read.has_value());
    EXPECT_EQ(read.error(), row.error);
  }
}

TEST(Name, RelativeNamesTakeTheOrigin) {
  EXPECT_EQ(Name::from_text("www", name("example.test."))->text(), "www.example.test.");
  EXPECT_EQ(Name::from_text("@", name("example.test."))->text(), "example.test.");
  EXPECT_EQ(Name::from_text("www.", name("example.test."))->text(), "www.");
}

TEST(Name, OnlyAsciiLettersFold) {
  EXPECT_EQ(name("WEB.Example."), name("web.eXAMPLE."));
  EXPECT_NE(name("a\\064."), name("a\\096."));  // @ and `
  EXPECT_NE(name("a[."), name("a{."));
  EXPECT_NE(name("\\193."), name("\\225."));
}

TEST(Name, ACapitalIsFoundWhereverItStands) {
  for (std::size_t size = 1; size <= 20; ++size) {
    EXPECT_FALSE(FoldedWire::has_capitals(std::string(size, 'a'))) << size;
    for (std::size_t at = 0; at < size; ++at) {
      for (int octet = 0; octet < 256; ++octet) {
        std::string wire(size, 'a');
        wire[at] = static_cast<char>(octet);
        EXPECT_EQ(FoldedWire::has_capitals(wire), octet >= 'A' && octet <= 'Z')
            << size << " " << at << " " << octet;
      }
    }
  }
}

TEST(Name, AncestorsAreFoundAtLabelBorders) {
  EXPECT_TRUE(name("a.b.c.").is_at_or_below(name("B.c.")));
  EXPECT_TRUE(name("b.c.").is_at_or_below(name("b.c.")));
  EXPECT_FALSE(name("ab.c.").is_at_or_below(name("b.c.")));
  EXPECT_TRUE(name("a.").is_at_or_below(Name()));
}

// RFC 4034 §6.1's own list, in its order.
TEST(Name, CanonicalOrder) {
  const std::vector<std::string> sorted = {"example.",         "a.example.",       "yljkjljk.a.example.",
                                           "Z.a.example.",     "zABC.a.EXAMPLE.",  "z.example.",
                                           "\\001.z.example.", "*.z.example.",     "\\200.z.example."};
  for (std::size_t i = 1; i < sorted.size(); ++i) {
    SCOPED_TRACE(sorted[i]);
    EXPECT_TRUE(name(sorted[i - 1]) < name(sorted[i]));
  }
}

}  // namespace
}  // namespace muster::zones
