// Server-Sent Events, cut anywhere.
#include "registry/sources/event_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster::registry::sources {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Frames = std::vector<EventFrame>;

Frames read(std::string_view text) { return EventStreamReader().write(text); }

TEST(EventStream, FramesEndAtAnEmptyLine) {
  EXPECT_EQ(read("event: a\ndata: {}\n\nevent:b\ndata:1\n\n"), (Frames{{"a", "{}"}, {"b", "1"}}));
  EXPECT_THAT(read("event: a\ndata: {}\n"), IsEmpty());
  EXPECT_EQ(read("data: only\n\n"), (Frames{{"", "only"}}));
}

struct Row {
  const char* text;
  const char* why;
  Frames frames;
};

TEST(EventStream, ReadsWhatTheStandardSays) {
  const Row rows[] = {
      {"event: a\r\ndata: x\r\n\r\n", "CRLF", {{"a", "x"}}},
      {"event: a\rdata: x\r\r", "CR", {{"a", "x"}}},
      {"event: a\rdata: x\n\r\n", "all of them", {{"a", "x"}}},
      {"data: x\n\n\ndata: y\n\n", "empty lines between", {{"", "x"}, {"", "y"}}},
      {"data: x\ndata: y\ndata:\ndata: z\n\n", "data lines are joined", {{"", "x\ny\n\nz"}}},
      {"data\n\n", "a field without a colon is empty", {{"", ""}}},
      {"data:  x \n\n", "one space goes", {{"", " x "}}},
      {"data: a: b\n\n", "the first colon counts", {{"", "a: b"}}},
      {": hello\ndata: x\n:\n\n", "comments", {{"", "x"}}},
      {"event: a\n\ndata: x\n\n", "a frame without data is none, its name is forgotten", {{"", "x"}}},
      {"id: 7\nretry: 10\nfoo: bar\ndata: x\n\n", "other fields", {{"", "x"}}},
      {"event: a\nevent: b\ndata: x\n\n", "the last name counts", {{"b", "x"}}},
      {"\xEF\xBB\xBF"
       "data: x\n\n",
       "a byte order mark",
       {{"", "x"}}},
      {"\n\n\r\r\n", "nothing", {}},
      {" data: x\n\n", "another field", {}},
      {"Data: x\n\n", "fields are case-sensitive", {}},
  };
  for (const Row& row : rows) EXPECT_EQ(read(row.text), row.frames) << row.why;
}

TEST(EventStream, PiecesOfAnySizeMakeNoDifference) {
  const std::string text =
      "\xEF\xBB\xBF"
      "event: a\r\ndata: {\r\ndata: }\r\n\r\n:\n\nevent: b\rdata: 1\r\r\ndata: \xC3\xA9\n\nevent: c\ndata: "
      "2\r\n\n";
  const Frames whole = read(text);
  EXPECT_THAT(whole, SizeIs(4));
  for (std::size_t first = 0; first <= text.size(); ++first) {
    for (std::size_t second = first; second <= text.size(); ++second) {
      EventStreamReader reader;
      Frames frames = reader.write(std::string_view(text).substr(0, first));
      for (EventFrame& frame : reader.write(std::string_view(text).substr(first, second - first)))
        frames.push_back(frame);
      for (EventFrame& frame : reader.write(std::string_view(text).substr(second))) frames.push_back(frame);
      ASSERT_EQ(frames, whole) << first << " " << second;
    }
  }
  EventStreamReader reader;
  Frames frames;
  for (const char octet : text) {
    for (EventFrame& frame : reader.write({&octet, 1})) frames.push_back(frame);
  }
  EXPECT_EQ(frames, whole);
}

TEST(EventStream, AFrameThatIsTooLargeIsPassedOver) {
  const std::string small = "data: 12345678\n\n";  // 14 octets in its line
  for (const bool whole : {true, false}) {
    EventStreamReader reader(14);
    Frames frames;
    const std::string text =
        small + "event: a\ndata: 1234567\n\n" + small + "data: " + std::string(100, 'x') + "\n\n" + small;
    for (std::size_t i = 0; i < text.size(); i += whole ? text.size() : 1) {
      for (EventFrame& frame : reader.write(std::string_view(text).substr(i, whole ? text.npos : 1)))
        frames.push_back(frame);
    }
    EXPECT_THAT(frames, ElementsAre(EventFrame{"", "12345678"}, EventFrame{"", "12345678"},
                                    EventFrame{"", "12345678"}));
    EXPECT_EQ(reader.too_large(), 2U);
  }
}

TEST(EventStream, SignsOfLifeAddUpToNothing) {
  EventStreamReader reader(64);
  for (int i = 0; i < 1000; ++i) EXPECT_THAT(reader.write(":\r\n\r\n"), IsEmpty());
  EXPECT_EQ(reader.too_large(), 0U);
  EXPECT_THAT(reader.write("data: x\n\n"), SizeIs(1));
}

}  // namespace
}  // namespace muster::registry::sources
