// The datagrams of sd_notify(3) as a service manager receives them, at a path and at an abstract name.
#include "tools/musterd/service_manager.h"

#include <gmock/gmock.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>

#include "tools/musterd/log.h"

namespace muster::tools {
namespace {

using std::chrono::microseconds;
using ::testing::MatchesRegex;

// Receives where a service manager would; "" when nothing waits.
class Inbox {
 public:
  explicit Inbox(const std::string& name) : fd_(socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name[0] == '@') address.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    bound_ = bind(fd_, reinterpret_cast<const sockaddr*>(&address), size) == 0;
  }
  ~Inbox() { close(fd_); }
  Inbox(const Inbox&) = delete;
  Inbox& operator=(const Inbox&) = delete;

  bool bound() const { return bound_; }
  std::string next() const {
    std::array<char, 4096> text{};
    const ssize_t size = recv(fd_, text.data(), text.size(), 0);
    return size < 0 ? "" : std::string(text.data(), static_cast<std::size_t>(size));
  }

 private:
  int fd_;
  bool bound_ = false;
};

class WithFolder : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "/muster-notify-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string folder_;
};
using ServiceManagerTalk = WithFolder;

TEST_F(ServiceManagerTalk, SaysTheSameAtAPathAndAtAnAbstractName) {
  for (const std::string& name : {folder_ + "/notify", "@muster-notify-test-" + std::to_string(getpid())}) {
    SCOPED_TRACE(name);
    const Inbox inbox(name);
    ASSERT_TRUE(inbox.bound());
    const ServiceManager manager({name.c_str(), nullptr, nullptr});
    manager.starting("reading the store");
    manager.ready("serving\nMAINPID=1");
    manager.reloading();
    manager.alive();
    manager.stopping("finishing");
    EXPECT_EQ(inbox.next(), "STATUS=reading the store");
    EXPECT_EQ(inbox.next(), "READY=1\nSTATUS=serving MAINPID=1")
        << "a status begins no assignment of its own";
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    const std::string reloading = inbox.next();
    ASSERT_THAT(reloading, MatchesRegex("RELOADING=1\nMONOTONIC_USEC=[0-9]+"));
    const long long then = std::stoll(reloading.substr(reloading.rfind('=') + 1));
    EXPECT_NEAR(static_cast<double>(then), static_cast<double>(now.tv_sec) * 1e6, 60e6)
        << "that clock, in microseconds";
    EXPECT_EQ(inbox.next(), "WATCHDOG=1");
    EXPECT_EQ(inbox.next(), "STOPPING=1\nSTATUS=finishing");
    EXPECT_EQ(inbox.next(), "");
  }
}

TEST(ServiceManager, IsWatchedByItsOwnWordsAlone) {
  const std::string own = std::to_string(getpid());
  struct Row {
    const char* why;
    const char* socket;
    const char* usec;
    const char* pid;
    std::optional<microseconds> every;
  };
  const Row rows[] = {
      {"half of the time", "@x", "30000000", own.c_str(), microseconds(15'000'000)},
      {"no process is named", "@x", "30000000", nullptr, microseconds(15'000'000)},
      {"no busy loop", "@x", "1", own.c_str(), microseconds(1'000)},
      {"systemd's word for never", "@x", "18446744073709551615", own.c_str(), std::chrono::hours(1)},
      {"another process is meant", "@x", "30000000", "1", std::nullopt},
      {"no process at all is meant", "@x", "30000000", "", std::nullopt},
      {"no watchdog", "@x", nullptr, own.c_str(), std::nullopt},
      {"never", "@x", "0", own.c_str(), std::nullopt},
      {"no number", "@x", "30s", own.c_str(), std::nullopt},
      {"nobody to tell", nullptr, "30000000", own.c_str(), std::nullopt},
      {"nobody to tell", "", "30000000", own.c_str(), std::nullopt},
      {"neither a path nor an abstract name", "vsock:2:1", "30000000", own.c_str(), std::nullopt},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    const ServiceManager manager({row.socket, row.usec, row.pid});
    EXPECT_EQ(manager.alive_every(), row.every);
    manager.alive();
  }
}

TEST_F(ServiceManagerTalk, TakesNamesAsLongAsAnAddressHolds) {
  const std::string longest = folder_ + "/" + std::string(107 - folder_.size() - 1, 'n');
  const Inbox inbox(longest);
  ASSERT_TRUE(inbox.bound());
  ServiceManager({longest.c_str(), nullptr, nullptr}).alive();
  EXPECT_EQ(inbox.next(), "WATCHDOG=1");
  const std::string longer = longest + "n";
  ServiceManager({longer.c_str(), "2", nullptr}).alive();
  EXPECT_EQ(inbox.next(), "");
}

// One that reads nothing keeps neither the I/O thread nor, for longer than a second a message, a start
// waiting.
TEST_F(ServiceManagerTalk, GivesUpOnAManagerThatDoesNotRead) {
  const std::string name = folder_ + "/notify";
  const Inbox inbox(name);
  const ServiceManager manager({name.c_str(), nullptr, nullptr});
  set_log_level("error");
  for (int i = 0; i < 1000; ++i) manager.alive();
  manager.ready("serving");
  set_log_level("info");
  EXPECT_EQ(inbox.next(), "WATCHDOG=1");
}

}  // namespace
}  // namespace muster::tools
