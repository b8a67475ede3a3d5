// How a configuration comes into its place, and what is told to a running HAProxy instead of a reload.
#include "tools/muster/haproxy/apply.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tools/muster/haproxy/runtime.h"
#include "tools/muster/outside_command.h"

namespace muster::haproxy {
namespace {

using cli::words_of;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class HaproxyApply : public ::testing::Test {
 protected:
  HaproxyApply() {
    std::string name = (std::filesystem::temp_directory_path() / "muster-apply-XXXXXX").string();
    folder_ = mkdtemp(name.data());
    target.file = path("haproxy.cfg");
  }
  ~HaproxyApply() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string text(const std::string& name) const {
    std::ifstream file(path(name));
    return {std::istreambuf_iterator<char>(file), {}};
  }
  bool exists(const std::string& name) const { return std::filesystem::exists(path(name)); }
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder_), {}));
  }
  void script(const std::string& name, const std::string& body) const {
    std::ofstream(path(name)) << "#!/bin/sh\n" << body << "\n";
    chmod(path(name).c_str(), 0700);
  }

  std::filesystem::path folder_;
  Target target;
};

TEST_F(HaproxyApply, WritesWhatIsNewAndLeavesWhatIsTheSame) {
  EXPECT_EQ(apply(target, "a\n").outcome, Applied::written);
  EXPECT_EQ(text("haproxy.cfg"), "a\n");
  struct stat found {};
  stat(target.file.c_str(), &found);
  EXPECT_EQ(found.st_mode & 07777, 0640u);
  const auto inode = found.st_ino;
  EXPECT_EQ(apply(target, "a\n").outcome, Applied::unchanged);
  stat(target.file.c_str(), &found);
  EXPECT_EQ(found.st_ino, inode);
  chmod(target.file.c_str(), 0604);
  EXPECT_EQ(apply(target, "b\n").outcome, Applied::written);
  stat(target.file.c_str(), &found);
  EXPECT_EQ(found.st_mode & 07777, 0604u) << "the mode is its owner's business";
  EXPECT_EQ(files(), 1u);
}

TEST_F(HaproxyApply, WhatIsInvalidIsKeptBesideAndNotUsed) {
  apply(target, "old\n");
  script("validate", "echo line 1 is bad >&2; grep -q good \"$1\"");
  target.validate = words_of(path("validate") + "  {}");
  target.reload = words_of("touch " + path("reloaded"));
  const ApplyResult result = apply(target, "bad\n");
  EXPECT_EQ(result.outcome, Applied::invalid);
  EXPECT_THAT(result.what, HasSubstr("ended with status 1:\nline 1 is bad"));
  EXPECT_EQ(text("haproxy.cfg"), "old\n");
  EXPECT_EQ(text("haproxy.cfg.rejected"), "bad\n");
  EXPECT_FALSE(exists("reloaded"));
  EXPECT_FALSE(exists("haproxy.cfg.reload-pending"));
  EXPECT_EQ(apply(target, "good\n").outcome, Applied::reloaded);
  EXPECT_TRUE(exists("reloaded"));
}

TEST_F(HaproxyApply, AReloadThatFailedIsTriedAgainAlthoughNothingHasChanged) {
  script("reload", "test -e " + path("works") + " || { echo no; exit 3; }; echo x >> " + path("reloads"));
  target.reload = words_of(path("reload"));
  const ApplyResult failed = apply(target, "a\n");
  EXPECT_EQ(failed.outcome, Applied::reload_failed);
  EXPECT_THAT(failed.what, HasSubstr("status 3"));
  EXPECT_EQ(text("haproxy.cfg"), "a\n");
  EXPECT_TRUE(exists("haproxy.cfg.reload-pending"));
  EXPECT_EQ(apply(target, "a\n").outcome, Applied::reload_failed);
  std::ofstream(path("works")) << "";
  EXPECT_EQ(apply(target, "a\n").outcome, Applied::reloaded);
  EXPECT_FALSE(exists("haproxy.cfg.reload-pending"));
  EXPECT_EQ(apply(target, "a\n").outcome, Applied::unchanged);
  EXPECT_EQ(text("reloads"), "x\n");
}

TEST_F(HaproxyApply, AFileWithAPasswordIsNotForEverybody) {
  apply(target, "a\n");
  chmod(target.file.c_str(), 0644);
  target.is_secret = true;
  apply(target, "b\n");
  struct stat found {};
  stat(target.file.c_str(), &found);
  EXPECT_EQ(found.st_mode & 07777, 0640u);
}

TEST_F(HaproxyApply, WhatAKilledExportHasLeftIsInNobodysWay) {
  std::ofstream(path("haproxy.cfg.candidate"))
      << "the text of one that was killed while HAProxy looked at it\n";
  EXPECT_EQ(apply(target, "a\n").outcome, Applied::written);
  EXPECT_EQ(text("haproxy.cfg"), "a\n");
  EXPECT_EQ(files(), 1u);
}

TEST_F(HaproxyApply, TwoDoNotWriteOneFileAtATime) {
  const int other = open(path("haproxy.cfg.candidate").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  ASSERT_EQ(flock(other, LOCK_EX), 0);
  const ApplyResult refused = apply(target, "a\n");
  EXPECT_EQ(refused.outcome, Applied::failed);
  EXPECT_THAT(refused.what, HasSubstr("another export"));
  EXPECT_FALSE(exists("haproxy.cfg"));
  close(other);
  EXPECT_EQ(apply(target, "a\n").outcome, Applied::written);
}

TEST_F(HaproxyApply, AFileThatNobodyWasToldOfIsToldFirst) {
  target.runtime_socket = path("none.sock");
  EXPECT_EQ(apply(target, "a\n").outcome, Applied::written);
  target.reload = words_of("touch " + path("reloaded"));
  EXPECT_EQ(apply(target, "a\n").outcome, Applied::reloaded) << "although it has not changed since";
  EXPECT_TRUE(exists("reloaded"));
}

TEST_F(HaproxyApply, AProgramThatIsNotThereIsTold) {
  target.validate = {"/nonexistent/haproxy"};
  const ApplyResult result = apply(target, "a\n");
  EXPECT_EQ(result.outcome, Applied::invalid);
  EXPECT_THAT(result.what, StartsWith("/nonexistent/haproxy cannot be run: No such file"));
  EXPECT_FALSE(exists("haproxy.cfg"));
}

TEST_F(HaproxyApply, AFolderThatIsNotThereHarmsNothing) {
  target.file = path("none/haproxy.cfg");
  EXPECT_EQ(apply(target, "a\n").outcome, Applied::failed);
}

TEST_F(HaproxyApply, ASocketThatDoesNotAnswerLeadsToAReload) {
  apply(target, "listen a\n  server i 10.0.0.1:1 check\n");
  target.runtime_socket = path("none.sock");
  target.reload = words_of("touch " + path("reloaded"));
  const ApplyResult result = apply(target, "listen a\n  server i 10.0.0.2:1 check\n");
  EXPECT_EQ(result.outcome, Applied::reloaded);
  EXPECT_THAT(result.what, HasSubstr("No such file"));
  EXPECT_TRUE(exists("reloaded"));
}

std::vector<std::string> texts(const std::optional<std::vector<Command>>& commands) {
  std::vector<std::string> all;
  if (!commands) return {"reload"};
  for (const Command& command : *commands) all.push_back(command.text);
  return all;
}

TEST(HaproxyRuntime, ChangesServersAndTheirWeights) {
  using List = std::vector<std::string>;
  const std::string head = "# x\n\nlisten a-1\n  bind 127.0.0.1:1\n  balance roundrobin\n";
  const auto between = [&](const std::string& old, const std::string& next) {
    return texts(commands_between(head + old, head + next));
  };
  EXPECT_EQ(between("  server i 10.0.0.1:1 check\n", "  server i 10.0.0.1:1 check\n"), List());
  EXPECT_EQ(between("  server i 10.0.0.1:1 check weight 3\n", "  server i 10.0.0.1:1 check weight 0\n"),
            List{"set server a-1/i weight 0"});
  EXPECT_EQ(between("  server i 10.0.0.1:1 check weight 3\n", "  server i 10.0.0.1:1 check\n"),
            List{"set server a-1/i weight 1"});
  EXPECT_EQ(between("  server i 10.0.0.1:1 check\n", "  server i [2001:db8::1]:2 check\n"),
            List{"set server a-1/i addr 2001:db8::1 port 2"});
  EXPECT_EQ(between("  server i 10.0.0.1:1 check\n", "  server j 10.0.0.2:1 check weight 4 backup\n"),
            (List{"add server a-1/j 10.0.0.2:1 check inter 2s fastinter 500ms downinter 2s fall 3 rise 2 "
                  "weight 4 backup",
                  "enable health a-1/j", "set server a-1/j state ready", "set server a-1/i state maint",
                  "del server a-1/i"}));
  EXPECT_EQ(between("  server i 10.0.0.1:1 check\n", "  server i 10.0.0.1:1 check backup\n"), List{"reload"});
  EXPECT_EQ(between("", "  server i 10.0.0.1:1 check cookie i\n"), List{"reload"});
}

TEST(HaproxyRuntime, KnowsHaproxysWords) {
  const std::string head = "listen a\n  bind 127.0.0.1:1\n";
  const auto commands = [&](const std::string& old, const std::string& next) {
    return *commands_between(head + old, head + next);
  };
  const auto moved = commands("  server i 10.0.0.1:1 check\n", "  server i 10.0.0.1:2 check\n");
  EXPECT_TRUE(is_done(moved[0], "IP changed from '10.0.0.9' to '10.0.0.1' by 'stats socket command'\n\n"));
  EXPECT_TRUE(is_done(
      moved[0], "no need to change the addr, port changed from '1' to '2' by 'stats socket command'\n"));
  EXPECT_FALSE(is_done(moved[0], "No such server.\n"));
  const auto weighed = commands("  server i 10.0.0.1:1 check\n", "  server i 10.0.0.1:1 check weight 9\n");
  EXPECT_TRUE(is_done(weighed[0], "\n"));
  EXPECT_FALSE(is_done(weighed[0], "Backend is using a static LB algorithm\n"));
  const auto added = commands("", "  server i 10.0.0.1:1 check weight 9\n");
  EXPECT_TRUE(is_done(added[0], "New server registered.\n"));
  EXPECT_FALSE(is_done(added[0], "Already exists a server with the same name in backend.\n"));
  ASSERT_EQ(added[0].if_exists.size(), 2u);
  EXPECT_EQ(added[0].if_exists[0].text, "set server a/i addr 10.0.0.1 port 1");
  EXPECT_EQ(added[0].if_exists[1].text, "set server a/i weight 9");
  const auto removed = commands("  server i 10.0.0.1:1 check\n", "");
  EXPECT_TRUE(is_done(removed[1], "Server still has connections attached to it, cannot remove it.\n"));
}

TEST(HaproxyRuntime, LeavesEverythingElseToAReload) {
  const std::string one = "listen a\n  bind 127.0.0.1:1\n  server i 10.0.0.1:1 check\n";
  EXPECT_FALSE(commands_between(one, one + "\nlisten b\n  bind 127.0.0.1:2\n"));
  EXPECT_FALSE(commands_between(one, "listen a\n  bind 127.0.0.1:2\n  server i 10.0.0.1:1 check\n"));
  EXPECT_FALSE(commands_between("", one));
  std::string many = "listen a\n  bind 127.0.0.1:1\n";
  for (std::size_t i = 0; i <= kCommandsMost; ++i)
    many += "  server s" + std::to_string(i) + " 10.0.0.1:1 check\n";
  EXPECT_FALSE(commands_between("listen a\n  bind 127.0.0.1:1\n", many));
}

}  // namespace
}  // namespace muster::haproxy
