#include "registry/net/http_url.h"

#include <gtest/gtest.h>

namespace muster::net {
namespace {

TEST(HttpUrl, ReadsAndPrints) {
  struct Row {
    const char* why;
    const char* text;
    const char* printed;
    const char* host;
    std::uint16_t port;
  };
  static constexpr Row kRows[] = {
      {"no path", "http://master", "http://master/", "master", 80},
      {"its own port is left out", "http://m:80/", "http://m/", "m", 80},
      {"an empty port is its own", "https://m:/", "https://m/", "m", 443},
      {"https", "HTTPS://M1.Example:8443/a/b?c=d", "https://m1.example:8443/a/b?c=d", "m1.example", 8443},
      {"a fragment is dropped", "http://m/a#b", "http://m/a", "m", 80},
      {"IPv4", "http://10.0.0.1:5050/state", "http://10.0.0.1:5050/state", "10.0.0.1", 5050},
      {"IPv6", "http://[2001:DB8::1]:5050", "http://[2001:db8::1]:5050/", "2001:db8::1", 5050},
      {"IPv6 and its own port", "https://[::1]", "https://[::1]/", "::1", 443},
      {"only a query", "http://m?x", "http://m/?x", "m", 80},
      {"escaped octets stay so", "http://m/a%2Fb?c%20d", "http://m/a%2Fb?c%20d", "m", 80},
  };
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.why);
    const auto url = parse_url(row.text);
    ASSERT_TRUE(url);
    EXPECT_EQ(to_string(*url), row.printed);
    EXPECT_EQ(url->origin.host, row.host);
    EXPECT_EQ(url->origin.port, row.port);
    EXPECT_EQ(parse_url(to_string(*url)), url);
  }
}

TEST(HttpUrl, RefusesWhatCannotBeAsked) {
  for (const char* text : {"",
                           "m",
                           "m:5050",
                           "//m",
                           "/x",
                           "ftp://m",
                           "http://",
                           "http:///x",
                           "http://u@m",
                           "http://u:p@m/",
                           "http://m:0",
                           "http://m:65536",
                           "http://m:x",
                           "http://m:50x/y",
                           "http://[::1",
                           "http://[fe80::1%25eth0]/",
                           "http://[v1.a]/",
                           "http://a b/",
                           "http://a%0d%0ab/",
                           "http://a%20b/",
                           "http://m/ x",
                           "http://m/\r\nX: y"}) {
    EXPECT_FALSE(parse_url(text)) << text;
  }
}

TEST(HttpUrl, AnOriginHasNoPath) {
  EXPECT_EQ(parse_origin("http://m:5050"), (HttpOrigin{HttpScheme::http, "m", 5050}));
  EXPECT_EQ(parse_origin("https://[::1]:5050/"), (HttpOrigin{HttpScheme::https, "::1", 5050}));
  EXPECT_FALSE(parse_origin("http://m/x"));
  EXPECT_FALSE(parse_origin("http://m/?x"));
  EXPECT_EQ(to_string(HttpOrigin{HttpScheme::https, "::1", 5050}), "https://[::1]:5050");
}

TEST(HttpUrl, FollowsALocation) {
  const HttpUrl from = *parse_url("http://m1:5050/master/state?x=1");
  struct Row {
    const char* why;
    const char* location;
    const char* target;  // "": nowhere
  };
  static constexpr Row kRows[] = {
      {"Mesos leaves the scheme out", "//m2:5051/master/state", "http://m2:5051/master/state"},
      {"whole", "https://m2/x", "https://m2/x"},
      {"a path", "/state", "http://m1:5050/state"},
      {"a relative path", "state-summary", "http://m1:5050/master/state-summary"},
      {"a relative path upwards", "../x", "http://m1:5050/x"},
      {"IPv6", "//[::1]:5050/", "http://[::1]:5050/"},
      {"another scheme", "ftp://m2/", ""},
      {"a user", "http://u@m2/", ""},
      {"no reference", "http://m2/ x", ""},
  };
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.why);
    const auto target = follow(from, row.location);
    EXPECT_EQ(target ? to_string(*target) : "", row.target);
  }
}

}  // namespace
}  // namespace muster::net
