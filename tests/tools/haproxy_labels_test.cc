// HAPROXY_… labels: what is taken, and what is named as not taken.
#include "tools/muster/haproxy/labels.h"

#include <gmock/gmock.h>

namespace muster::haproxy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Warned {
  std::vector<std::string> all;
  Warn warn = [this](const std::string& what) { all.push_back(what); };
};

TEST(HaproxyLabels, SayWhatTheirPortIsToBe) {
  Warned warned;
  const PortLabels labels = port_labels({{"HAPROXY_1_ENABLED", "TRUE"},
                                         {"HAPROXY_GROUP", "external"},
                                         {"HAPROXY_1_GROUP", "internal, edge"},
                                         {"HAPROXY_1_PORT", "8081"},
                                         {"HAPROXY_1_BIND_ADDR", "0.0.0.0"},
                                         {"HAPROXY_1_MODE", "http"},
                                         {"HAPROXY_1_BALANCE", "source"},
                                         {"HAPROXY_1_VHOST", "A.example.test,b.example.test"},
                                         {"HAPROXY_1_PATH", "/shop"},
                                         {"HAPROXY_1_STICKY", "true"},
                                         {"HAPROXY_1_BACKEND_WEIGHT", "-3"},
                                         {"HAPROXY_0_PORT", "80"}},
                                        1, warned.warn);
  EXPECT_THAT(warned.all, IsEmpty());
  EXPECT_EQ(labels.enabled, true);
  EXPECT_THAT(labels.groups, ElementsAre("internal", "edge"));
  EXPECT_EQ(labels.port, 8081);
  EXPECT_EQ(labels.bind, "0.0.0.0");
  EXPECT_TRUE(labels.http && labels.mode_said && labels.sticky);
  EXPECT_EQ(labels.balance, "source");
  EXPECT_THAT(labels.hosts, ElementsAre("a.example.test", "b.example.test"));
  EXPECT_EQ(labels.path, "/shop");
  EXPECT_EQ(labels.rule_order, -3);
}

TEST(HaproxyLabels, OfTheAppStandWhereThePortHasNone) {
  Warned warned;
  EXPECT_THAT(port_labels({{"HAPROXY_GROUP", "external"}}, 0, warned.warn).groups, ElementsAre("external"));
  EXPECT_EQ(port_labels({}, 0, warned.warn), PortLabels());
}

TEST(HaproxyLabels, ThatAreBadAreNamedAndIgnored) {
  const struct {
    const char* why;
    const char* key;
    const char* value;
  } rows[] = {
      {"a port beyond 16 bits", "HAPROXY_0_PORT", "65536"},
      {"port 0", "HAPROXY_0_PORT", "0"},
      {"a port with more behind it", "HAPROXY_0_PORT", "80 accept-proxy"},
      {"no address", "HAPROXY_0_BIND_ADDR", "localhost"},
      {"a line of configuration", "HAPROXY_0_BIND_ADDR", "127.0.0.1\n  server evil 192.0.2.1:1"},
      {"an unknown mode", "HAPROXY_0_MODE", "udp"},
      {"an unknown algorithm", "HAPROXY_0_BALANCE", "uri whole"},
      {"a host with a blank", "HAPROXY_0_VHOST", "a b"},
      {"an option of HAProxy's", "HAPROXY_0_VHOST", "-f,nofile"},
      {"a label that ends with a hyphen", "HAPROXY_0_VHOST", "a-.test"},
      {"an empty label", "HAPROXY_0_VHOST", "a..test"},
      {"a dot at the end", "HAPROXY_0_VHOST", "a.test."},
      {"no host at all", "HAPROXY_0_VHOST", ","},
      {"a path with a quote", "HAPROXY_0_PATH", "/a\"b"},
      {"a path that is no prefix", "HAPROXY_0_PATH", "a"},
      {"a path with a line end", "HAPROXY_0_PATH", "/a\nb"},
      {"neither true nor false", "HAPROXY_0_STICKY", "yes"},
      {"a group with a blank", "HAPROXY_0_GROUP", "a b"},
      {"no number", "HAPROXY_0_BACKEND_WEIGHT", "1.5"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.why);
    Warned warned;
    EXPECT_EQ(port_labels({{row.key, row.value}}, 0, warned.warn), PortLabels());
    EXPECT_THAT(warned.all, ElementsAre(HasSubstr(row.key)));
  }
  Warned warned;
  EXPECT_EQ(deployment_of({{"HAPROXY_DEPLOYMENT_GROUP", "a b"}}, warned.warn).group, "");
  EXPECT_EQ(warned.all.size(), 1u);
}

TEST(HaproxyLabels, ThatHoldConfigurationAreNotHonoured) {
  Warned warned;
  name_unknown({{"HAPROXY_0_PORT", "80"},
                {"HAPROXY_GROUP", "a"},
                {"HAPROXY_DEPLOYMENT_COLOUR", "blue"},
                {"HAPROXY_0_BACKEND_HEAD", "x"},
                {"HAPROXY_0_AUTH", "realm:user:password"},
                {"HAPROXY_PORT", "80"},
                {"other", "1"}},
               warned.warn);
  EXPECT_THAT(warned.all, ElementsAre(HasSubstr("HAPROXY_0_AUTH"), HasSubstr("HAPROXY_0_BACKEND_HEAD"),
                                      HasSubstr("HAPROXY_PORT")));
}

}  // namespace
}  // namespace muster::haproxy
