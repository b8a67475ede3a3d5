// What a source keeps of what it knows: its packing, and whether another source can go on from it.
#include "registry/sources/source_picture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster::registry::sources {
namespace {

using ::testing::HasSubstr;

std::string large_text() {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += std::to_string(i * 7919 % 10'007) + ",";
  return text;
}

std::string packed(const std::string& text) {
  return pack([&](const TextSink& sink) {
    sink(std::string_view(text).substr(0, text.size() / 3));
    sink("");
    sink(std::string_view(text).substr(text.size() / 3));
  });
}

std::pair<std::string, std::string> unpacked(std::string_view octets, std::size_t most = 1 << 24) {
  std::string text;
  const std::string error = unpack(octets, most, [&](std::string_view piece) {
    text += piece;
    return true;
  });
  return {text, error};
}

TEST(SourcePicture, WhatIsPackedIsReadBack) {
  for (const std::string& text : {std::string(), std::string("{}"), large_text()}) {
    const std::string octets = packed(text);
    EXPECT_EQ(unpacked(octets), std::pair(text, std::string()));
    EXPECT_LT(octets.size(), text.size() / 2 + 100);
  }
}

TEST(SourcePicture, EveryShorterPackingIsRefused) {
  const std::string octets = packed("a picture of some length, a picture of some length");
  for (std::size_t size = 0; size < octets.size(); ++size)
    EXPECT_NE(unpacked(std::string(octets.substr(0, size))).second, "") << size;
}

TEST(SourcePicture, EveryFlippedOctetOfTheContentIsNoticed) {
  const std::string octets = packed(large_text().substr(0, 2'000));
  for (std::size_t at = 10; at < octets.size(); ++at) {  // the header before it says nothing about the text
    std::string other = octets;
    other[at] = static_cast<char>(other[at] ^ 0x10);
    EXPECT_NE(unpacked(other).second, "") << at;
  }
}

TEST(SourcePicture, ATextThatIsTooLongEndsTheReading) {
  const auto [text, error] = unpacked(packed(std::string(1'000'000, 'x')), 100'000);
  EXPECT_THAT(error, HasSubstr("longer than 100000 octets"));
  EXPECT_LE(text.size(), 100'000u);
}

TEST(SourcePicture, TheReaderMayHaveEnough) {
  std::size_t pieces = 0;
  EXPECT_EQ(unpack(packed(large_text()), 1 << 24, [&](std::string_view) { return ++pieces < 2; }), "");
  EXPECT_EQ(pieces, 2u);
}

TEST(SourcePicture, WhoMayGoOnFromIt) {
  struct Row {
    const char* why;
    PictureKind kept;
    const char* refusal;
  };
  const PictureKind now{"mesos", 2, {"10.0.0.1:5050", "10.0.0.2:5050"}};
  const Row rows[] = {
      {"the same", now, ""},
      {"an older format", {"mesos", 1, now.origin}, ""},
      {"a newer format", {"mesos", 3, now.origin}, "a newer musterd"},
      {"another type", {"marathon", 2, now.origin}, "of type marathon"},
      {"one master was replaced", {"mesos", 2, {"10.0.0.9:5050", "10.0.0.2:5050"}}, ""},
      {"another cluster", {"mesos", 2, {"10.0.0.9:5050"}}, "another cluster"},
      {"another port", {"mesos", 2, {"10.0.0.1:5051"}}, "another cluster"},
      {"of nobody", {"mesos", 2, {}}, "nobody"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    const std::string refusal = why_unfit({row.kept, {}, ""}, now);
    EXPECT_EQ(refusal.empty(), *row.refusal == '\0');
    EXPECT_THAT(refusal, HasSubstr(row.refusal));
  }
}

}  // namespace
}  // namespace muster::registry::sources
