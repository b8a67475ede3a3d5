#include "tools/muster/write_whole.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>

namespace muster::cli {
namespace {

TEST(WriteWhole, AFullDiskIsAnError) {
  const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
  ASSERT_GE(full, 0);
  EXPECT_FALSE(write_whole(full, "text"));
  EXPECT_EQ(errno, ENOSPC);
  close(full);
}

TEST(WriteWhole, EveryOctetIsInTheFile) {
  std::string path = testing::TempDir() + "write_whole_XXXXXX";
  const int file = mkstemp(path.data());
  ASSERT_GE(file, 0);
  unlink(path.c_str());
  const std::string text = "first" + std::string(300'000, 'x') + "last";
  EXPECT_TRUE(write_whole(file, text));
  std::string there(text.size() + 1, '\0');
  EXPECT_EQ(pread(file, there.data(), there.size(), 0), static_cast<ssize_t>(text.size()));
  there.pop_back();
  EXPECT_TRUE(there == text);
  close(file);
}

}  // namespace
}  // namespace muster::cli
