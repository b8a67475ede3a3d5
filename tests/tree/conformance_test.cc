// CONFORMANCE.md may name only files and tests that exist, and every rule in it has a test.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

const fs::path kRoot = MUSTER_SOURCE_DIR;

std::string text_of(const fs::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// "Suite.Name" of every test in the tree.
std::set<std::string> all_tests() {
  static const std::regex kPattern(R"re(\bTEST(?:_F|_P)?\(\s*(\w+)\s*,\s*(\w+)\s*\))re");
  std::set<std::string> tests;
  for (const auto& entry : fs::recursive_directory_iterator(kRoot / "tests")) {
    if (entry.path().extension() != ".cc") continue;
    const std::string text = text_of(entry.path());
    for (std::sregex_iterator at(text.begin(), text.end(), kPattern), end; at != end; ++at) {
      tests.insert((*at)[1].str() + "." + (*at)[2].str());
    }
  }
  return tests;
}

// The cells of a table's row; nothing for other lines, the head and the rule below it.
std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  if (!line.starts_with("| ")) return cells;
  std::istringstream in(line.substr(1));
  for (std::string cell; std::getline(in, cell, '|');) cells.push_back(cell);
  if (cells[0] == " rule " || cells[0] == " RFC ") cells.clear();
  return cells;
}

std::vector<std::string> quoted_in(const std::string& text) {
  static const std::regex kPattern("`([^`]+)`");
  std::vector<std::string> words;
  for (std::sregex_iterator at(text.begin(), text.end(), kPattern), end; at != end; ++at)
    words.push_back((*at)[1]);
  return words;
}

TEST(Conformance, NamesOnlyFilesAndTestsThatExist) {
  static const std::regex kTest(R"re([A-Z]\w*\.[A-Z]\w*)re");
  static const std::regex kFile(R"re([\w/]+/\w+\.(cc|h|py))re");
  const std::set<std::string> tests = all_tests();
  ASSERT_FALSE(tests.empty());
  std::ifstream in(kRoot / "CONFORMANCE.md");
  std::size_t named = 0;
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    for (const std::string& word : quoted_in(line)) {
      const bool is_test = std::regex_match(word, kTest);
      const bool is_file = std::regex_match(word, kFile);
      EXPECT_TRUE(!is_test || tests.contains(word)) << "CONFORMANCE.md:" << number << ": no test " << word;
      EXPECT_TRUE(!is_file || fs::exists(kRoot / word))
          << "CONFORMANCE.md:" << number << ": no file " << word;
      named += is_test || is_file;
    }
  }
  EXPECT_GT(named, 100u);
}

TEST(Conformance, EveryRuleHasItsPlaceAndItsTest) {
  std::ifstream in(kRoot / "CONFORMANCE.md");
  std::size_t rules = 0;
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    const auto cells = cells_of(line);
    if (cells.size() != 4) continue;
    ++rules;
    EXPECT_FALSE(quoted_in(cells[1]).empty()) << "CONFORMANCE.md:" << number << ": no code";
    EXPECT_FALSE(quoted_in(cells[2]).empty()) << "CONFORMANCE.md:" << number << ": no test";
  }
  EXPECT_GT(rules, 40u);
}

// What a mutant breaks is a rule of this page.
TEST(Conformance, HoldsTheRulesThatMutantsBreak) {
  static const std::regex kMutant(R"re(\bMutant\("(\w+)")re");
  const std::string page = text_of(kRoot / "CONFORMANCE.md");
  const std::string mutants = text_of(kRoot / "tests/mutate/mutants.py");
  std::size_t count = 0;
  for (std::sregex_iterator at(mutants.begin(), mutants.end(), kMutant), end; at != end; ++at, ++count) {
    EXPECT_TRUE(std::regex_search(page, std::regex("\\| [^|]*\\b" + (*at)[1].str() + "\\b"))) << (*at)[1];
  }
  EXPECT_GT(count, 100u);
}

}  // namespace
