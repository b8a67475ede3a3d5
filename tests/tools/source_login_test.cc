// A source's Authorization: where it comes from, and what a file that changes makes of it.
#include "tools/musterd/source_login.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

namespace muster::tools {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class SourceLogin : public ::testing::Test {
 protected:
  SourceLogin() {
    std::string pattern = (std::filesystem::temp_directory_path() / "source-login-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~SourceLogin() override { std::filesystem::remove_all(folder_); }

  // As one who rotates secrets should: the new file in the old one's place.
  void write(const std::string& text, mode_t mode = 0600) const {
    const auto next = folder_ / "next";
    std::ofstream(next) << text;
    ::chmod(next.c_str(), mode);
    std::filesystem::rename(next, path());
  }
  std::filesystem::path path() const { return folder_ / "secret"; }

  config::SourceLogin in_file(config::HeldSecret held, const std::string& username = "") const {
    config::SourceLogin login;
    login.file = path();
    login.held = held;
    login.username = username;
    return login;
  }
  registry::sources::Login begin(const config::SourceLogin& login) {
    return source_login(login, [this](const std::string& warning) { warnings_.push_back(warning); });
  }

  std::filesystem::path folder_;
  std::vector<std::string> warnings_;
};

std::string said(const registry::sources::Login& login) {
  net::HttpHeaders headers;
  registry::sources::add_login(headers, login);
  if (headers.empty()) return "";
  EXPECT_EQ(headers.size(), 1U);
  EXPECT_EQ(headers[0].first, "Authorization");
  return headers[0].second;
}

TEST_F(SourceLogin, OfTheConfiguration) {
  config::SourceLogin login;
  EXPECT_EQ(said(begin(login)), "");
  login.token = "T";
  EXPECT_EQ(said(begin(login)), "Bearer T");
  login.bearer = false;
  EXPECT_EQ(said(begin(login)), "token=T");
  login.username = "muster";
  login.password = "secret";
  EXPECT_EQ(said(begin(login)), "Basic bXVzdGVyOnNlY3JldA==");
}

TEST_F(SourceLogin, OfFiles) {
  struct {
    const char* why;
    config::HeldSecret held;
    const char* username;
    const char* text;
    const char* expected;
  } const rows[] = {
      {"a token, and only the first line", config::HeldSecret::token, "", "T \r\nmore\n", "Bearer T"},
      {"a password", config::HeldSecret::password, "muster", "secret\n", "Basic bXVzdGVyOnNlY3JldA=="},
      {"both", config::HeldSecret::credentials, "", "muster:secret", "Basic bXVzdGVyOnNlY3JldA=="},
      {"no colon", config::HeldSecret::credentials, "", "secret\n", ""},
      {"no user", config::HeldSecret::credentials, "", ":secret\n", ""},
      {"nothing", config::HeldSecret::token, "", "", ""},
      {"an empty first line", config::HeldSecret::token, "", "\nT\n", ""},
      {"another header", config::HeldSecret::token, "", "T\rX: y\n", ""},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.why);
    warnings_.clear();
    write(row.text);
    EXPECT_EQ(said(begin(in_file(row.held, row.username))), row.expected);
    EXPECT_EQ(warnings_.size(), *row.expected == 0 ? 1U : 0U);
  }
}

TEST_F(SourceLogin, AChangeCountsFromTheNextRequestOn) {
  write("old\n");
  const auto login = begin(in_file(config::HeldSecret::token));
  const auto copy = login;
  EXPECT_EQ(said(login), "Bearer old");
  write("new\n");
  EXPECT_EQ(said(copy), "Bearer new") << "copies share what they know";
  EXPECT_EQ(said(login), "Bearer new");
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(SourceLogin, WhatIsOfNoUseLeavesTheOldOneAndIsToldOnce) {
  write("old\n");
  const auto login = begin(in_file(config::HeldSecret::token));
  std::filesystem::remove(path());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(said(login), "Bearer old");
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("No such file")));
  write("\n");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(said(login), "Bearer old");
  ASSERT_EQ(warnings_.size(), 2U);
  EXPECT_THAT(warnings_[1], HasSubstr("a token is wanted in its first line"));
  write("new\n");
  EXPECT_EQ(said(login), "Bearer new");
  std::filesystem::remove(path());
  EXPECT_EQ(said(login), "Bearer new");
  EXPECT_EQ(warnings_.size(), 3U) << "it was good meanwhile";
}

TEST_F(SourceLogin, ASecretThatEverybodyMayReadIsTold) {
  write("hidden\n", 0644);
  const auto login = begin(in_file(config::HeldSecret::token));
  EXPECT_EQ(said(login), "Bearer hidden");
  ASSERT_EQ(warnings_.size(), 1U);
  EXPECT_THAT(warnings_[0], HasSubstr("everybody may read this secret"));
  EXPECT_EQ(warnings_[0].find("hidden"), std::string::npos);
  write("private\n", 0640);
  EXPECT_EQ(said(login), "Bearer private");
  EXPECT_EQ(warnings_.size(), 1U);
}

}  // namespace
}  // namespace muster::tools
