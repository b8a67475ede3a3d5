#include "tools/musterd/disk_check.h"

#include <gtest/gtest.h>

namespace muster::tools {
namespace {

using registry::api::HealthStatus;

constexpr std::uint64_t kMiB = 1 << 20;

TEST(DiskCheck, WarnsAndFailsByShareAndByOctets) {
  struct Row {
    const char* why;
    std::optional<DiskSpace> space;
    HealthStatus status;
  };
  const Row rows[] = {
      {"half is free", DiskSpace{500'000 * kMiB, 1'000'000 * kMiB}, HealthStatus::pass},
      {"exactly 5 %", DiskSpace{50'000 * kMiB, 1'000'000 * kMiB}, HealthStatus::pass},
      {"under 5 %", DiskSpace{49'999 * kMiB, 1'000'000 * kMiB}, HealthStatus::warn},
      {"under 1 %", DiskSpace{9'999 * kMiB, 1'000'000 * kMiB}, HealthStatus::fail},
      {"a small disk, 100 MiB", DiskSpace{100 * kMiB, 200 * kMiB}, HealthStatus::pass},
      {"a small disk, under 100 MiB", DiskSpace{99 * kMiB, 200 * kMiB}, HealthStatus::warn},
      {"a small disk, under 16 MiB", DiskSpace{15 * kMiB, 20 * kMiB}, HealthStatus::fail},
      {"no disk at all", DiskSpace{0, 0}, HealthStatus::fail},
      {"cannot be asked", std::nullopt, HealthStatus::warn},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    const auto verdict = disk_verdict(row.space);
    EXPECT_EQ(verdict.status, row.status);
    EXPECT_EQ(verdict.output.empty(), row.status == HealthStatus::pass) << verdict.output;
  }
  EXPECT_EQ(disk_verdict(DiskSpace{3 * kMiB, 1'000 * kMiB}).output,
            "3 MiB (0.3 %) left on the disk of the store");
}

TEST(DiskCheck, AsksTheFolderOfAFileThatIsNotThereYet) {
  EXPECT_TRUE(disk_space("/tmp/no-such-store.db"));
  EXPECT_TRUE(disk_space("no-such-store.db"));
  EXPECT_FALSE(disk_space("/no/such/folder/store.db"));
}

}  // namespace
}  // namespace muster::tools
