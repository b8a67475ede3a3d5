// How a node's files are found, replaced and put back.
#include "tools/muster/resolver/file_change.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tools/muster/resolver/node.h"
#include "tools/muster/resolver/root.h"
#include "tools/muster/resolver/site.h"

namespace muster::resolver {
namespace {

namespace fs = std::filesystem;

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ResolverFile : public ::testing::Test {
 protected:
  ResolverFile() {
    std::string name = (fs::temp_directory_path() / "muster-resolver-XXXXXX").string();
    folder_ = mkdtemp(name.data());
    root = Root(folder_);
  }
  ~ResolverFile() override { fs::remove_all(folder_); }

  fs::path at(const std::string& file) const { return folder_ / fs::path(file).relative_path(); }
  void write(const std::string& file, const std::string& text) const {
    fs::create_directories(at(file).parent_path());
    std::ofstream(at(file)) << text;
  }
  void link_to(const std::string& file, const std::string& target) const {
    fs::create_directories(at(file).parent_path());
    fs::create_symlink(target, at(file));
  }
  std::string text(const std::string& file) const {
    std::ifstream in(at(file));
    return {std::istreambuf_iterator<char>(in), {}};
  }
  FilePair pair(const std::string& file) const {
    return {at(file).string(), at(file).string() + ".muster-backup"};
  }
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_), {}));
  }

  fs::path folder_;
  Root root{"/"};
};

TEST_F(ResolverFile, LinksOfAnImageLeadIntoTheImage) {
  write("/real/file", "inside");
  link_to("/etc/absolute", "/real/file");
  link_to("/etc/relative", "../real/file");
  link_to("/etc/far", "../../../../../../../real/file");
  link_to("/etc/folder", "/real");
  link_to("/etc/nowhere", "/run/x/y");
  link_to("/etc/round", "round");
  for (const char* file :
       {"/etc/absolute", "/etc/relative", "/etc/far", "/etc/folder/file", "/etc/folder/../real/file"}) {
    SCOPED_TRACE(file);
    EXPECT_EQ(root.place(file), at("/real/file"));
    EXPECT_EQ(root.text(file), "inside");
  }
  EXPECT_EQ(root.link_target("/etc/relative"), "/real/file");
  EXPECT_EQ(root.link_target("/etc/nowhere"), "/run/x/y") << "an image's /run is empty";
  EXPECT_EQ(root.link_target("/real/file"), "");
  EXPECT_EQ(root.place("/etc/round"), std::nullopt);
  EXPECT_FALSE(root.exists("/etc/round"));
}

TEST_F(ResolverFile, ANodeIsSeenAsItIs) {
  write("/etc/NetworkManager/NetworkManager.conf", "[main]\ndns=none\n");
  write("/etc/NetworkManager/conf.d/b.conf", "[main]\ndns=dnsmasq\n");
  write("/etc/NetworkManager/conf.d/a.conf", "[main]\ndns=default\n");
  write("/usr/lib/NetworkManager/conf.d/z.conf", "[main]\ndns=systemd-resolved\n");
  write("/etc/systemd/resolved.conf", "[Resolve]\nDNS=10.0.0.1\n");
  write("/etc/systemd/resolved.conf.d/a.conf", "[Resolve]\nDNS=\nDNS=10.0.0.2 10.0.0.3\n");
  write("/etc/systemd/resolved.conf.d/muster.conf",
        stamped("[Resolve]\nDNS=\nDNS=127.0.0.1:5300\n", Before::nothing));
  link_to("/etc/resolv.conf", "../run/systemd/resolve/stub-resolv.conf");
  const Node node = look(root);
  EXPECT_EQ(node.network_manager_dns, "dnsmasq") << "the last file of the last folder";
  EXPECT_THAT(node.resolved_servers, ElementsAre("10.0.0.2", "10.0.0.3")) << "without ours";
  EXPECT_EQ(node.resolv_conf_link, "/run/systemd/resolve/stub-resolv.conf");
  EXPECT_TRUE(node.has_network_manager);
  EXPECT_FALSE(node.has_unbound);
}

TEST_F(ResolverFile, IsReplacedAndPutBackWithModeAndText) {
  write("f", "old\n");
  chmod(at("f").c_str(), 0604);
  const auto old_inode = [&] {
    struct stat found {};
    stat(at("f").c_str(), &found);
    return found.st_ino;
  };
  const auto inode = old_inode();
  EXPECT_EQ(replace_file(pair("f"), "old\n", "new\n", true), "");
  EXPECT_EQ(text("f"), "new\n");
  EXPECT_EQ(text("f.muster-backup"), "old\n");
  struct stat found {};
  stat(at("f").c_str(), &found);
  EXPECT_EQ(found.st_mode & 07777, 0604u);
  EXPECT_EQ(files(), 2u) << "and nothing else is left";
  EXPECT_EQ(put_back(pair("f")), "");
  EXPECT_EQ(text("f"), "old\n");
  EXPECT_EQ(old_inode(), inode) << "the very file of before";
  EXPECT_EQ(files(), 1u);
}

TEST_F(ResolverFile, OneThatWasNotThereIsForEverybody) {
  const mode_t before = umask(077);
  EXPECT_EQ(replace_file(pair("f"), std::nullopt, "new\n", false), "");
  umask(before);
  struct stat found {};
  stat(at("f").c_str(), &found);
  EXPECT_EQ(found.st_mode & 07777, 0644u);
  EXPECT_EQ(remove_file(pair("f")), "");
  EXPECT_EQ(files(), 0u);
}

TEST_F(ResolverFile, AnOlderBackupIsNeverWrittenOver) {
  write("f", "mine\n");
  write("f.muster-backup", "older\n");
  EXPECT_THAT(replace_file(pair("f"), "mine\n", "new\n", true), HasSubstr("File exists"));
  EXPECT_EQ(text("f"), "mine\n");
  EXPECT_EQ(text("f.muster-backup"), "older\n");
  EXPECT_EQ(replace_file(pair("f"), "mine\n", "new\n", false), "");
  EXPECT_EQ(text("f.muster-backup"), "older\n");
}

TEST_F(ResolverFile, WhatChangesMeanwhileIsNotLost) {
  write("f", "by somebody else\n");
  EXPECT_THAT(replace_file(pair("f"), "as it was read\n", "new\n", true), HasSubstr("meanwhile"));
  EXPECT_THAT(replace_file(pair("f"), std::nullopt, "new\n", false), HasSubstr("meanwhile"));
  EXPECT_EQ(text("f"), "by somebody else\n");
  EXPECT_EQ(files(), 1u);
}

TEST_F(ResolverFile, WhatAKilledRunHasLeftIsInNobodysWay) {
  write(".f.muster-new", "half of a te");
  EXPECT_EQ(replace_file(pair("f"), std::nullopt, "new\n", false), "");
  EXPECT_EQ(files(), 1u);
}

TEST_F(ResolverFile, AFolderIsMadeOnlyWhereItsOwnerReadsIt) {
  const auto place = [](Kind kind) {
    for (const Place& each : all_places()) {
      if (each.kind == kind) return each;
    }
    return Place();
  };
  EXPECT_FALSE(site_of(root, place(Kind::systemd_resolved))) << "no systemd";
  fs::create_directories(at("/etc/systemd"));
  fs::create_directories(at("/etc/unbound"));
  const auto resolved = site_of(root, place(Kind::systemd_resolved));
  ASSERT_TRUE(resolved);
  EXPECT_FALSE(fs::exists(at("/etc/systemd/resolved.conf.d"))) << "not by looking";
  EXPECT_EQ(make_folder(*resolved), "");
  EXPECT_EQ(make_folder(*resolved), "");
  EXPECT_TRUE(fs::is_directory(at("/etc/systemd/resolved.conf.d")));
  const auto unbound = site_of(root, place(Kind::unbound));
  ASSERT_FALSE(unbound) << "its configuration may include another one";
  EXPECT_THAT(unbound.error(), HasSubstr("--file"));
}

TEST_F(ResolverFile, DnsmasqDoesNotReadTheBackup) {
  Place place{.kind = Kind::dnsmasq, .reads_every_file = true};
  EXPECT_EQ(backup_of(place, "/etc/dnsmasq.d/muster.conf"), "/etc/dnsmasq.d/.muster.conf.muster-backup");
  place.reads_every_file = false;
  EXPECT_EQ(backup_of(place, "/etc/resolv.conf"), "/etc/resolv.conf.muster-backup");
}

}  // namespace
}  // namespace muster::resolver
