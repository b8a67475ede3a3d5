#include "zones/serial_block.h"

#include <gtest/gtest.h>

#include "zones/record.h"

namespace muster::zones {
namespace {

// Whatever moment a start interrupts, it goes on at the last block reserved: above every serial shown.
void expect_reserved_ahead(std::uint32_t first) {
  SerialBlock serials(first);
  auto stored = serials.reserve();
  ASSERT_TRUE(stored.has_value());
  std::uint32_t last_block = *stored;
  EXPECT_EQ(last_block, first + SerialBlock::kSize);
  int blocks = 1;
  for (std::uint32_t i = 0; i < 3 * SerialBlock::kSize; ++i) {
    const std::uint32_t before = serials.serial();
    serials.advance();
    if (const auto block = serials.reserve()) {
      ASSERT_EQ(*block, last_block + SerialBlock::kSize);
      last_block = *block;
      ++blocks;
    }
    ASSERT_TRUE(serial_newer(serials.serial(), before));
    ASSERT_TRUE(serial_newer(last_block, serials.serial()));
  }
  EXPECT_EQ(blocks, 4) << "one reservation a block";
}

TEST(SerialBlock, IsReservedAheadOfUse) { expect_reserved_ahead(1); }
TEST(SerialBlock, WrapsAsRfc1982Says) { expect_reserved_ahead(0xffffff00u); }

}  // namespace
}  // namespace muster::zones
