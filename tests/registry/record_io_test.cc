#include "registry/sources/record_io.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster::registry::sources {
namespace {

using ::testing::ElementsAre;

// The records of a stream that comes in two pieces; "!" and the error at the end of one that is none.
std::vector<std::string> records(std::string_view stream, std::size_t cut, std::uint64_t most = 1000) {
  RecordIo reader(most);
  std::vector<std::string> whole;
  std::string record;
  for (std::string_view piece : {stream.substr(0, cut), stream.substr(cut)}) {
    for (;;) {
      const RecordIo::Step step = reader.next(piece);
      if (step == RecordIo::Step::need_more) break;
      if (step == RecordIo::Step::fault) {
        whole.push_back("!" + reader.error());
        return whole;
      }
      if (step == RecordIo::Step::piece) {
        record += reader.piece();
      } else {
        whole.push_back(std::exchange(record, {}));
      }
    }
  }
  return whole;
}

TEST(RecordIo, RecordsMayBeCutAnywhere) {
  constexpr std::string_view kStream = "5\nhello\n\n0\n12\nwith\n3\nlines\r\n1\nx3\nuncut";
  for (std::size_t cut = 0; cut <= kStream.size(); ++cut)
    EXPECT_THAT(records(kStream, cut),
                ElementsAre("hello", "", "with\n3\nlines", "x", "unc",
                            "!" + std::string("a record's length must be a decimal number and a line feed")))
        << cut;
}

TEST(RecordIo, ALengthHasALimit) {
  EXPECT_THAT(records("7\nseven..8\n", 3, 7), ElementsAre("seven..", "!a record of more than 7 octets"));
  EXPECT_THAT(records("99999999999999999999999999", 3, 7), ElementsAre("!a record of more than 7 octets"));
  EXPECT_THAT(records("-1\n", 0), ElementsAre("!a record's length must be a decimal number and a line feed"));
}

}  // namespace
}  // namespace muster::registry::sources
