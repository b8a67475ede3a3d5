#include "registry/net/file_text.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <thread>

#include "tests/registry/support/scratch.h"

namespace muster::net {
namespace {

TEST(FileText, IsAllOfIt) {
  const registry::testing::Scratch scratch;
  const auto path = scratch.path("file");
  std::ofstream(path) << "a\nb" << std::string(3 << 20, 'x');
  EXPECT_EQ(*file_text(path, 4 << 20), "a\nb" + std::string(3 << 20, 'x'));
  std::ofstream(path, std::ios::trunc).flush();
  EXPECT_EQ(*file_text(path, 0), "");
}

TEST(FileText, EndsAtTheLimitAlsoWhereThereIsNoEnd) {
  const registry::testing::Scratch scratch;
  const auto path = scratch.path("file");
  std::ofstream(path) << "12345";
  EXPECT_EQ(*file_text(path, 5), "12345");
  EXPECT_EQ(file_text(path, 4).error(), std::errc::file_too_large);
  EXPECT_EQ(file_text("/dev/zero", kSmallFile).error(), std::errc::file_too_large);
}

TEST(FileText, MayComeThroughAPipe) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  std::thread writer([&] {
    for (int i = 0; i < 3; ++i) EXPECT_EQ(::write(ends[1], "abc", 3), 3);
    ::close(ends[1]);
  });
  EXPECT_EQ(*file_text("/dev/fd/" + std::to_string(ends[0]), 9), "abcabcabc");
  writer.join();
  ::close(ends[0]);
}

TEST(FileText, SaysWhyThereIsNone) {
  EXPECT_EQ(file_text("/nonexistent", 9).error(), std::errc::no_such_file_or_directory);
  EXPECT_EQ(file_text("/", 9).error(), std::errc::is_a_directory);
}

}  // namespace
}  // namespace muster::net
