#include "registry/sources/urls_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster::registry::sources {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> texts_of(const UrlsFile& file) {
  std::vector<std::string> texts;
  for (const net::HttpOrigin& url : file.urls) texts.push_back(net::to_string(url));
  return texts;
}

TEST(UrlsFile, HasOneALine) {
  const UrlsFile file = read_urls(
      "# Marathons\n10.0.0.1:8080\n\n  m2.example:8080 # the "
      "second\r\nhttps://m3:8443\n10.0.0.1:8080\n[::1]:8080");
  EXPECT_THAT(texts_of(file), ElementsAre("http://10.0.0.1:8080", "http://m2.example:8080", "https://m3:8443",
                                          "http://[::1]:8080"));
  EXPECT_THAT(file.faults, IsEmpty());
  EXPECT_THAT(read_urls("").urls, IsEmpty());
}

TEST(UrlsFile, NamesTheLinesThatAreNone) {
  const UrlsFile file = read_urls("a b\n10.0.0.1:8080\nhost:0\nftp://x:1\nuser:secret@host:8080\n");
  EXPECT_THAT(texts_of(file), ElementsAre("http://10.0.0.1:8080"));
  EXPECT_THAT(file.faults,
              ElementsAre("line 1: \"a b\" is no host:port", "line 3: \"host:0\" is no host:port",
                          "line 4: \"ftp://x:1\" is no host:port",
                          "line 5 holds a password: put it into username and password_file"));
}

}  // namespace
}  // namespace muster::registry::sources
