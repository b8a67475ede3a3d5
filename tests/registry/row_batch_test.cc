#include "registry/store/row_batch.h"

#include <gtest/gtest.h>

#include "tests/registry/support/scratch.h"

namespace muster::registry {
namespace {

using testing::claim;

TEST(RowBatch, TheLastWordOnAKeyStays) {
  RowBatch batch;
  batch.add(claim("web", "i1", 1));
  batch.add(claim("web", "i2", 2));
  batch.add(ClaimGone{"web", "i1", "heartbeat"});
  ASSERT_EQ(batch.size(), 2u);
  EXPECT_TRUE(std::holds_alternative<ClaimGone>(batch.rows()[0]));
  batch.add(claim("web", "i1", 3));
  ASSERT_EQ(batch.size(), 2u);
  EXPECT_EQ(std::get<ClaimRow>(batch.rows()[0]).sequence, 3u);
}

TEST(RowBatch, KeysOfDifferentThingsAreDifferent) {
  struct Case {
    const char* why;
    Row one, other;
  };
  const Case cases[] = {
      {"two sources of one instance", ClaimGone{"a", "b", "heartbeat"}, ClaimGone{"a", "b", "lyft"}},
      {"a border that moved", ClaimGone{"ab", "c", "x"}, ClaimGone{"a", "bc", "x"}},
      {"a name that looks like a border", ClaimGone{"a1:b", "c", "x"}, ClaimGone{"a", "b1:c", "x"}},
      {"a claim and a tombstone", ClaimGone{"a", "b", ""}, TombstoneGone{"a", "b"}},
      {"a service and a setting", ServiceGone{"epoch"}, MetaRow{"epoch", ""}},
      {"two slots of a picture", PieceRow{"m", 0, 1, ""}, PieceRow{"m", 1, 1, ""}},
      {"two pieces of a picture", PieceRow{"m", 1, 0, ""}, PieceRow{"m", 1, 1, ""}},
      {"a picture and its piece", PictureGone{"m"}, PieceRow{"m", 0, 0, ""}},
      {"two settings", MetaRow{"serial_block:a.", ""}, MetaRow{"serial_block:b.", ""}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.why);
    RowBatch batch;
    batch.add(c.one);
    batch.add(c.other);
    EXPECT_EQ(batch.size(), 2u);
  }
}

TEST(RowBatch, ALaterBatchWins) {
  RowBatch first, later;
  first.add(MetaRow{"revision_block", "1"});
  first.add(MetaRow{"epoch", "e"});
  later.add(MetaRow{"revision_block", "2"});
  first.add(std::move(later));
  ASSERT_EQ(first.size(), 2u);
  EXPECT_EQ(std::get<MetaRow>(first.rows()[0]).value, "2");
}

}  // namespace
}  // namespace muster::registry
