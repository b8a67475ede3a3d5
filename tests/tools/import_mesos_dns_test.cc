#include "tools/config/import_mesos_dns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tools/config/config_reader.h"

namespace muster::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

ImportedConfig imported(std::string_view json, Secrets secrets = Secrets::named) {
  return import_mesos_dns(json, "config.json", "/home/me", secrets);
}

// The sample that Mesos-DNS ships, with every key that it has.
constexpr std::string_view kSample = R"json({
  "zk": "",
  "masters": ["10.101.160.15:5050", "10.101.160.16:5050"],
  "refreshSeconds": 60,
  "ttl": 60,
  "domain": "mesos",
  "port": 53,
  "resolvers": ["169.254.169.254"],
  "timeout": 5,
  "httpon": true,
  "dnson": true,
  "httpport": 8123,
  "externalon": true,
  "listener": "10.101.160.16",
  "SOAMname": "ns1.mesos",
  "SOARname": "root.ns1.mesos",
  "SOARefresh": 60,
  "SOARetry":   600,
  "SOAExpire":  86400,
  "SOAMinttl": 60,
  "IPSources": ["mesos", "host"]
})json";

TEST(ImportMesosDns, TheSampleBecomesAGoodConfiguration) {
  const ImportedConfig sample = imported(kSample);
  EXPECT_THAT(sample.errors, IsEmpty());
  const LoadResult loaded = load_text(sample.toml, "m.toml");
  EXPECT_THAT(loaded.errors, IsEmpty()) << sample.toml;
  ASSERT_EQ(loaded.config.mesos.size(), 1U);
  const MesosSource& source = loaded.config.mesos[0];
  EXPECT_THAT(source.masters, ElementsAre("http://10.101.160.15:5050", "http://10.101.160.16:5050"));
  EXPECT_EQ(source.rules.refresh, std::chrono::seconds(60));
  EXPECT_EQ(source.rules.timeout, std::chrono::seconds(300)) << "the default of Mesos-DNS";
  EXPECT_EQ(source.rules.routable, "running");
  EXPECT_EQ(source.names.domain.text(), "mesos.");
  EXPECT_EQ(source.names.ns_name.text(), "ns1.mesos.");
  EXPECT_EQ(source.names.hostmaster.text(), "root.ns1.mesos.");
  EXPECT_THAT(source.names.ip_sources, ElementsAre("mesos", "host"));
  ASSERT_EQ(source.names.listener.size(), 1U);
  EXPECT_EQ(net::to_string(source.names.listener[0]), "10.101.160.16");
  EXPECT_EQ(net::to_string(loaded.config.dns.listen.at(0)), "10.101.160.16:53");
  EXPECT_EQ(net::to_string(loaded.config.http.listen.at(0)), "0.0.0.0:8123");
  EXPECT_THAT(sample.toml, HasSubstr("# SOAMinttl has no counterpart: "));
  const Forward& forward = loaded.config.forward;
  EXPECT_TRUE(forward.enabled);
  EXPECT_THAT(forward.upstreams, ElementsAre(*net::parse_endpoint("169.254.169.254:53")));
  EXPECT_EQ(forward.timeout, std::chrono::seconds(5));
  EXPECT_EQ(forward.allow.size(), 6U) << "it was everybody";
}

TEST(ImportMesosDns, EveryKeyThatMeansSomethingHereIsTaken) {
  const ImportedConfig config =
      imported(R"json({"masters": ["m1:5050"], "DOMAIN": "Cluster.Example.", "ttl": 7,
    "refreshSeconds": 3, "stateTimeoutSeconds": 9, "srvRecordDefaultWeight": 0, "EnforceRFC952": true,
    "setTruncateBit": false, "EnumerationOn": false, "SOARefresh": 1, "SOARetry": 2, "SOAExpire": 3,
    "httpon": false, "listener": "0.0.0.0", "externalon": false, "SOARname": "root@example"})json");
  EXPECT_THAT(config.errors, IsEmpty());
  const LoadResult loaded = load_text(config.toml, "m.toml");
  ASSERT_THAT(loaded.errors, IsEmpty()) << config.toml;
  const MesosSource& source = loaded.config.mesos.at(0);
  EXPECT_EQ(source.names.domain.text(), "cluster.example.");
  EXPECT_EQ(source.names.ttl, std::chrono::seconds(7));
  EXPECT_EQ(source.rules.refresh, std::chrono::seconds(3));
  EXPECT_EQ(source.rules.timeout, std::chrono::seconds(9));
  EXPECT_EQ(source.names.srv_weight, 0);
  EXPECT_TRUE(source.names.rfc952 && source.names.cut && !source.names.enumerate && !source.names.http_api);
  EXPECT_EQ(source.names.soa_refresh, 1U);
  EXPECT_EQ(source.names.soa_retry, 2U);
  EXPECT_EQ(source.names.soa_expire, 3U);
  EXPECT_EQ(source.names.hostmaster.text(), "root.example.");
  EXPECT_TRUE(source.names.listener.empty());
  EXPECT_THAT(config.toml, Not(HasSubstr("forward")));
}

TEST(ImportMesosDns, WhatIsNotUsedIsSaid) {
  const ImportedConfig config =
      imported(R"json({"masters": ["m1:5050"], "externalon": false, "resolvers": ["8.8.8.8"],
    "timeout": 5, "zoneResolvers": {}, "recurseon": false, "iamConfigFile": "x", "caCertFile": "ca",
    "mesosCredentials": {"principal": "p", "secret": "hidden"}})json");
  EXPECT_THAT(config.errors, IsEmpty());
  for (const char* key : {"resolvers", "timeout", "zoneResolvers", "recurseon", "iamConfigFile", "caCertFile",
                          "mesosCredentials"})
    EXPECT_THAT(config.toml, HasSubstr("# " + std::string(key) + " is not used: ")) << key;
  EXPECT_THAT(config.toml, Not(HasSubstr("hidden")));
}

TEST(ImportMesosDns, ServersAndZonesAreChecked) {
  const ImportedConfig config =
      imported(R"json({"masters": ["m1:5050"], "resolvers": ["8.8.8.8", "[::1]:53", "dns"],
    "zoneResolvers": {"weave": ["10.0.0.9:53", "x"], "a.weave": [], "sub.mesos": [], "smesos": []}})json");
  EXPECT_THAT(config.errors, ::testing::UnorderedElementsAre(
                                 HasSubstr("resolvers: \"dns\" is no IP address"),
                                 HasSubstr("zoneResolvers: \"x\" is no IP address"),
                                 HasSubstr("zoneResolvers: \"a.weave\" and \"weave\" overlap"),
                                 HasSubstr("zoneResolvers: \"sub.mesos\" and \"mesos\" overlap")));
  EXPECT_THAT(imported(R"json({"masters": ["m1:5050"], "recurseon": 1})json").errors,
              ElementsAre(HasSubstr("recurseon: must be true or false")));
  EXPECT_THAT(imported(R"json({"masters": ["m1:5050"]})json").toml, HasSubstr("\nallow = ["));
  const Config zones = load_text(imported(R"json({"masters": ["m1:5050"], "zoneResolvers": {"weave": ["10.0.0.9:54"], "none": []}})json").toml,
                                 "m.toml")
                           .config;
  ASSERT_EQ(zones.forward.zones.size(), 1U);
  EXPECT_EQ(zones.forward.zones[0].apex.text(), "weave.");
  EXPECT_THAT(zones.forward.zones[0].servers, ElementsAre(*net::parse_endpoint("10.0.0.9:54")));
}

TEST(ImportMesosDns, ASecretIsNamedAndNotShown) {
  constexpr std::string_view kLogin = R"json({"masters": ["m1:5050"], "mesosAuthentication": "basic",
    "mesosCredentials": {"principal": "me", "secret": "hidden"}})json";
  const ImportedConfig shown = imported(kLogin);
  EXPECT_THAT(shown.toml, HasSubstr("username = \"me\"\npassword_file = "));
  EXPECT_THAT(shown.toml, Not(HasSubstr("hidden")));
  EXPECT_EQ(load_text(imported(kLogin, Secrets::held).toml, "m.toml").config.mesos.at(0).rules.login.password,
            "hidden");
}

TEST(ImportMesosDns, ZookeeperIsTaken) {
  const ImportedConfig plain = imported(R"json({"zk": "zk://10.101.160.15:2181,h2/mesos", "masters": ["m1:5050"]})json");
  const MesosSource source = load_text(plain.toml, "m.toml").config.mesos.at(0);
  ASSERT_TRUE(source.zookeeper) << plain.toml;
  EXPECT_EQ(registry::sources::to_string(*source.zookeeper), "zk://10.101.160.15:2181,h2:2181/mesos");
  EXPECT_THAT(source.masters, ElementsAre("http://m1:5050"));
  EXPECT_EQ(source.scheme, "http");

  const ImportedConfig https = imported(R"json({"zk": "zk://h1/mesos", "mesosHTTPSOn": true})json");
  EXPECT_EQ(load_text(https.toml, "m.toml").config.mesos.at(0).scheme, "https");

  constexpr std::string_view kLogin = R"json({"zk": "zk://me:hidden@h1/mesos"})json";
  EXPECT_THAT(imported(kLogin).toml, HasSubstr("zookeeper_file = \"mesos.zk\""));
  EXPECT_THAT(imported(kLogin).toml, Not(HasSubstr("hidden")));
  const MesosSource held = load_text(imported(kLogin, Secrets::held).toml, "m.toml").config.mesos.at(0);
  EXPECT_EQ(held.zookeeper->login, "me:hidden");

  EXPECT_THAT(imported(R"json({"zk": "zk://hidden@h1/mesos"})json").errors,
              ElementsAre("config.json:1:2: zk: has a login that is not user:password in front of its `@`"));
}

TEST(ImportMesosDns, TlsIsCheckedOnlyAsFarAsItWas) {
  const ImportedConfig without =
      imported(R"json({"masters": ["m1:5050"], "mesosHTTPSOn": true, "certFile": "~/c.pem",
    "keyFile": "/k.pem"})json");
  EXPECT_THAT(without.toml, HasSubstr("masters = [\"https://m1:5050\"]"));
  EXPECT_THAT(without.toml,
              HasSubstr("tls_verify = false\ncert_file = \"/home/me/c.pem\"\nkey_file = \"/k.pem\""));
  EXPECT_THAT(without.warnings, ::testing::Contains(HasSubstr("mesosHTTPSOn: without caCertFile")));
  const ImportedConfig with =
      imported(R"json({"masters": ["m1:5050"], "mesosHTTPSOn": true, "caCertFile": "/ca.pem"})json");
  EXPECT_THAT(with.toml, HasSubstr("ca_file = \"/ca.pem\""));
  EXPECT_THAT(with.toml, Not(HasSubstr("tls_verify")));
}

TEST(ImportMesosDns, FaultsAreToldWithTheirPlaces) {
  const ImportedConfig faulty = imported(R"json({
  "masters": ["m1:5050", "m1:5050"],
  "refreshSeconds": 0,
  "ttl": "60",
  "ns": "8.8.8.8",
  "ttl": 5,
  "externalon": false
})json");
  EXPECT_THAT(faulty.errors,
              ElementsAre("config.json:3:3: refreshSeconds: must be a whole number from 1 to 86400"));
  EXPECT_THAT(faulty.warnings,
              ElementsAre("config.json:6:3: ttl: stands twice; the last one counts",
                          "config.json:2:3: masters: \"m1:5050\" stands twice; once is enough",
                          "config.json:5:3: ns: is no key of Mesos-DNS; left out"));
  EXPECT_THAT(imported("{}").errors,
              ElementsAre("config.json: masters: or zk is needed: where the Mesos masters are"));
  EXPECT_THAT(imported("{\n \"a\": }").errors, ElementsAre(HasSubstr("config.json:2:7: not JSON: ")));
  EXPECT_THAT(imported("[]").errors, ElementsAre("config.json:1:1: not a JSON object"));
}

}  // namespace
}  // namespace muster::config
