// Rules about the tree: which folder may include which, and that nothing else slips in.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

const std::vector<std::string> kFolders = {"registry/net", "registry", "zones", "dns", "tools/fuzz", "tools", "tests"};

// Data goes left to right, includes right to left. registry/net is a folder of its own.
const std::map<std::string, std::set<std::string>> kMayInclude = {
    {"registry/net", {"registry/net"}},
    {"registry", {"registry/net", "registry"}},
    {"zones", {"registry/net", "registry", "zones"}},
    {"dns", {"registry/net", "zones", "dns"}},
    {"tools", {"registry/net", "registry", "zones", "dns", "tools"}},
    {"tools/fuzz", {"registry/net", "registry", "zones", "dns", "tools", "tests"}},  // they share the tests' zones
    {"tests", {"registry/net", "registry", "zones", "dns", "tools", "tests"}},
};

std::string folder_of(const std::string& path) {
  for (const std::string& folder : kFolders) {
    if (path.starts_with(folder + "/")) return folder;
  }
  return "";
}

struct Include {
  std::string file;
  int line;
  std::string target;
};

std::vector<Include> all_includes() {
  static const std::regex kPattern(R"re(^\s*#\s*include\s*"([^"]+)")re");
  std::vector<Include> includes;
  const fs::path root = MUSTER_SOURCE_DIR;
  for (const std::string top : {"registry", "zones", "dns", "tools", "tests"}) {
    for (const auto& entry : fs::recursive_directory_iterator(root / top)) {
      const auto extension = entry.path().extension();
      if (extension != ".cc" && extension != ".h") continue;
      std::ifstream in(entry.path());
      std::string text;
      for (int line = 1; std::getline(in, text); ++line) {
        std::smatch match;
        if (std::regex_search(text, match, kPattern)) {
          includes.push_back({fs::relative(entry.path(), root).string(), line, match[1]});
        }
      }
    }
  }
  return includes;
}

bool allowed(const std::string& from, const std::string& to) {
  const auto row = kMayInclude.find(from);
  return row != kMayInclude.end() && row->second.contains(to);
}

TEST(Includes, RunOneWay) {
  const auto includes = all_includes();
  ASSERT_GT(includes.size(), 50u);
  for (const Include& include : includes) {
    const std::string from = folder_of(include.file);
    const std::string to = folder_of(include.target);
    EXPECT_TRUE(allowed(from, to)) << include.file << ":" << include.line << " includes " << include.target;
  }
}

TEST(Includes, NameAFileOfThisTreeFromItsRoot) {
  for (const Include& include : all_includes()) {
    EXPECT_TRUE(fs::exists(fs::path(MUSTER_SOURCE_DIR) / include.target))
        << include.file << ":" << include.line << " includes " << include.target;
  }
}

TEST(Includes, TheRuleItselfRefusesTheOtherWay) {
  EXPECT_FALSE(allowed("registry", "zones"));
  EXPECT_FALSE(allowed("zones", "dns"));
  EXPECT_FALSE(allowed("dns", "registry"));
  EXPECT_FALSE(allowed("registry/net", "registry"));
  EXPECT_TRUE(allowed("dns", "registry/net"));
}

// zones/ opens no socket and starts no thread; libraries read no clock and no configuration.
TEST(Tree, LibrariesKeepToTheirJob) {
  const std::map<std::string, std::vector<std::string>> kForbidden = {
      {"zones", {"<thread>", "<sys/socket.h>", "<boost/asio", "<toml++", "<spdlog", "machine_now"}},
      {"registry", {"<toml++", "<spdlog"}},
      {"dns", {"<toml++", "<spdlog", "boost/json"}},
  };
  for (const auto& [folder, words] : kForbidden) {
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(MUSTER_SOURCE_DIR) / folder)) {
      const auto extension = entry.path().extension();
      if (extension != ".cc" && extension != ".h") continue;
      std::ifstream in(entry.path());
      const std::string text((std::istreambuf_iterator<char>(in)), {});
      for (const std::string& word : words) {
        EXPECT_EQ(text.find(word), text.npos) << entry.path() << " has " << word;
      }
    }
  }
}

}  // namespace
