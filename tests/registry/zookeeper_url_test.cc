#include "registry/sources/zookeeper_url.h"

#include <gtest/gtest.h>

namespace muster::registry::sources {
namespace {

TEST(ZookeeperUrl, HasServersAPathAndPerhapsALogin) {
  const auto url =
      parse_zookeeper_url("zk://me:a@b:c@h1:2182,h-2.example,10.0.0.3:2181,[2001:DB8::1]:7/a/mesos/");
  ASSERT_TRUE(url) << url.error();
  const std::vector<ZookeeperServer> servers = {
      {"h1", 2182}, {"h-2.example", 2181}, {"10.0.0.3", 2181}, {"2001:db8::1", 7}};
  EXPECT_EQ(url->servers, servers);
  EXPECT_EQ(url->path, "/a/mesos");
  EXPECT_EQ(url->login, "me:a@b:c") << "the last @ ends it, as in Mesos";
  EXPECT_EQ(to_string(*url), "zk://h1:2182,h-2.example:2181,10.0.0.3:2181,[2001:db8::1]:7/a/mesos")
      << "to be shown: without the login";
}

TEST(ZookeeperUrl, WhatIsNoneIsRefusedWithoutShowingALogin) {
  struct Row {
    const char* text;
    const char* error;
  };
  const Row rows[] = {
      {"", "must begin with zk://"},
      {"h1:2181/mesos", "must begin with zk://"},
      {"http://h1:2181/mesos", "must begin with zk://"},
      {"zk://h1:2181", "needs the path"},
      {"zk://h1:2181/", "needs the path"},
      {"zk:///mesos", "no host:port as server 1"},
      {"zk://h1,/mesos", "no host:port as server 2"},
      {"zk://h1,,h2/mesos", "no host:port as server 2"},
      {"zk://h1:/mesos", "no host:port as server 1"},
      {"zk://h1:0/mesos", "no host:port as server 1"},
      {"zk://h1:65536/mesos", "no host:port as server 1"},
      {"zk://h1:2181x/mesos", "no host:port as server 1"},
      {"zk://h 1/mesos", "no host:port as server 1"},
      {"zk://[::1/mesos", "no host:port as server 1"},
      {"zk://[::1]2181/mesos", "no host:port as server 1"},
      {"zk://::1/mesos", "no host:port as server 1"},
      {"zk://hidden@h1/mesos", "not user:password"},
      {"zk://:hidden@h1/mesos", "not user:password"},
      {"zk://me:hid/den@h1/mesos", "no host:port as server 1"},
      {"zk://h1//mesos", "a path that ZooKeeper does not allow"},
      {"zk://h1/a/../mesos", "a path that ZooKeeper does not allow"},
      {"zk://h1/a/./mesos", "a path that ZooKeeper does not allow"},
      {"zk://h1/me\nsos", "a path that ZooKeeper does not allow"},
  };
  for (const Row& row : rows) {
    const auto url = parse_zookeeper_url(row.text);
    ASSERT_FALSE(url) << row.text;
    EXPECT_NE(url.error().find(row.error), std::string::npos) << row.text << ": " << url.error();
    EXPECT_EQ(url.error().find("hid"), std::string::npos) << url.error();
  }
  std::string many = "zk://h";
  for (int i = 0; i < 32; ++i) many += ",h";
  EXPECT_EQ(parse_zookeeper_url(many + "/mesos").error(), "has more than 32 servers");
  EXPECT_EQ(parse_zookeeper_url("zk://h/" + std::string(5000, 'a')).error(), "is longer than 4096 octets");
}

}  // namespace
}  // namespace muster::registry::sources
