// Lines through a pipe: in order, none lost while somebody reads, and nobody waits when nobody does.
#include "tools/musterd/log_writer.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <csignal>

namespace muster::tools {
namespace {

using ::testing::HasSubstr;

class Pipe : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(pipe(ends), 0); }
  void TearDown() override {
    ::close(ends[0]);
    if (ends[1] >= 0) ::close(ends[1]);
  }
  // What was written, once the writer has gone.
  std::string read_all() {
    ::close(ends[1]);
    ends[1] = -1;
    std::string text;
    char octets[65536];
    for (ssize_t size = 0; (size = ::read(ends[0], octets, sizeof octets)) > 0;)
      text.append(octets, static_cast<std::size_t>(size));
    return text;
  }
  int ends[2];
};

TEST_F(Pipe, LinesKeepTheirOrderAndAreWrittenOutAtTheEnd) {
  std::string expected;
  {
    LogWriter writer(ends[1]);
    for (int i = 0; i < 2'000; ++i) {
      std::string line = "line " + std::to_string(i) + "\n";
      expected += line;
      writer.put(std::move(line));
    }
    EXPECT_EQ(writer.dropped(), 0u);
  }
  EXPECT_EQ(read_all(), expected);
}

TEST_F(Pipe, ALineOfMoreThanAPipeTakesAtOnceIsWhole) {
  const std::string line = std::string(50'000, 'x') + "\n";
  { LogWriter(ends[1]).put(line); }
  EXPECT_EQ(read_all(), line);
}

TEST_F(Pipe, NobodyWaitsForAReaderThatDoesNotRead) {
  const std::string filler(999, 'x');
  constexpr int kLines = 4'000;
  std::uint64_t dropped = 0;
  {
    LogWriter writer(ends[1]);
    for (int i = 0; i < kLines; ++i) writer.put(filler + "\n");
    dropped = writer.dropped();
    // A pipe holds 64 KiB, one line is being written, 1 MiB waits.
    EXPECT_GE(dropped, kLines - (LogWriter::kMostOctets + 65'536) / 1'000 - 2);
  }  // and the destructor comes back
  EXPECT_THAT(read_all(), HasSubstr(filler));
}

TEST_F(Pipe, TheOldestGoFirst) {
  std::string text;
  {
    LogWriter writer(ends[1]);
    for (int i = 0; i < 4'000; ++i) writer.put(std::to_string(i) + std::string(1'000, ' ') + "\n");
    EXPECT_GT(writer.dropped(), 0u);
    std::thread reader([&] {
      char octets[65536];
      while (text.find("3999 ") == text.npos) {
        const ssize_t size = ::read(ends[0], octets, sizeof octets);
        if (size <= 0) break;
        text.append(octets, static_cast<std::size_t>(size));
      }
    });
    writer.flush();
    reader.join();
  }
  EXPECT_THAT(text, HasSubstr("3999 "));
}

TEST_F(Pipe, AReaderThatHasGoneIsNoError) {
  std::signal(SIGPIPE, SIG_IGN);
  ::close(ends[0]);
  {
    LogWriter writer(ends[1]);
    writer.put("nobody\n");
    writer.flush();
    EXPECT_EQ(writer.dropped(), 1u);
  }
  std::signal(SIGPIPE, SIG_DFL);
  ASSERT_EQ(::dup2(ends[1], ends[0]), ends[0]);  // something for TearDown to close
}

}  // namespace
}  // namespace muster::tools
