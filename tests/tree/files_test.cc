// How every file of the tree begins, and what none of them says.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

struct File {
  std::string path;  // from the root
  std::string text;
  bool is_header() const { return path.ends_with(".h"); }
};

std::vector<File> all_files() {
  std::vector<File> files;
  const fs::path root = MUSTER_SOURCE_DIR;
  for (const std::string top : {"registry", "zones", "dns", "tools", "tests"}) {
    for (const auto& entry : fs::recursive_directory_iterator(root / top)) {
      const auto extension = entry.path().extension();
      if (extension != ".cc" && extension != ".h") continue;
      std::ifstream in(entry.path());
      files.push_back(
          {fs::relative(entry.path(), root).string(), std::string(std::istreambuf_iterator<char>(in), {})});
    }
  }
  return files;
}

std::string own_header(const std::string& source) { return source.substr(0, source.size() - 2) + "h"; }

bool opens_with_its_purpose(const File& file) { return file.text.starts_with("// "); }

bool includes_own_header_first(const File& file) {
  const std::size_t first = file.text.find("#include");
  return file.text.substr(first).starts_with("#include \"" + own_header(file.path) + "\"");
}

TEST(Files, SayWhatTheyAre) {
  const auto files = all_files();
  ASSERT_GT(files.size(), 100u);
  for (const File& file : files) {
    if (file.is_header()) {
      EXPECT_TRUE(opens_with_its_purpose(file)) << file.path << " opens without a comment";
      EXPECT_NE(file.text.find("\n#pragma once\n"), file.text.npos) << file.path;
    }
  }
}

TEST(Files, IncludeTheirOwnHeaderFirst) {
  for (const File& file : all_files()) {
    if (file.is_header() || !fs::exists(fs::path(MUSTER_SOURCE_DIR) / own_header(file.path))) continue;
    EXPECT_TRUE(includes_own_header_first(file)) << file.path;
  }
}

TEST(Files, LeaveNothingForLater) {
  for (const File& file : all_files()) {
    if (file.path == "tests/tree/files_test.cc") continue;
    for (const std::string word : {"TODO", "FIXME", "XXX:"}) {
      EXPECT_EQ(file.text.find(word), file.text.npos) << file.path << " says " << word;
    }
  }
}

TEST(Files, TheRulesThemselvesRefuse) {
  EXPECT_FALSE(opens_with_its_purpose({"zones/a.h", "#pragma once\n"}));
  EXPECT_FALSE(includes_own_header_first({"zones/a.cc", "#include <map>\n#include \"zones/a.h\"\n"}));
  EXPECT_TRUE(includes_own_header_first({"zones/a.cc", "#include \"zones/a.h\"\n"}));
}

}  // namespace
