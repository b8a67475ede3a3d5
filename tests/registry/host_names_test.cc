// Instances whose URL has a host name: unresolved, resolved, moved, through failures and over a restart; in
// virtual time, with a DNS that the test plays.
#include "registry/host_names.h"

#include <gmock/gmock.h>

#include "registry/limits.h"
#include "tests/registry/support/fixture.h"

namespace muster::registry::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

InstanceBody body_by(const char* url) {
  InstanceBody body;
  EXPECT_FALSE(take_url(url, AddressType::url, body)) << url;
  return body;
}

class Hosts : public Fixture {
 protected:
  void add(std::string id, std::optional<std::uint64_t> generation, InstanceBody body) {
    EXPECT_TRUE(put(std::move(id), generation, std::move(body)));
  }
  void add_from(SourceKind kind, std::string name, std::string id, InstanceBody body) {
    EXPECT_TRUE(put_from(kind, std::move(name), std::move(id), std::move(body)));
  }
  void drop(std::string id) { EXPECT_TRUE(remove(std::move(id))); }
  std::vector<std::string> due() { return registry->hosts_due(now, 1'000); }
  void found(const char* host, std::vector<const char*> literals, Millis ttl = Millis(30'000)) {
    HostFound what{{}, ttl};
    for (const char* literal : literals) what.addresses.push_back(address(literal));
    registry->host_found(host, std::move(what), now);
  }
  void failed(const char* host) { registry->host_found(host, {}, now); }
  // As "ACTIVE ok 10.0.0.7 10.0.0.8".
  std::string shown(std::string_view id) const {
    const InstancePtr instance = web(id);
    if (!instance) return "gone";
    std::string text(to_string(instance->state));
    text += " " + std::string(to_string(instance->reason));
    for (const IpAddress& one : instance->body->addresses) text += " " + net::to_string(one);
    return text;
  }
};

TEST_F(Hosts, StartsUnresolvedAndServesWithItsAddresses) {
  ASSERT_TRUE(put("a", {}, body_by("http://db.example:81/")));
  EXPECT_EQ(shown("a"), "STARTING unresolved");
  EXPECT_FALSE(web("a")->serving);
  EXPECT_THAT(due(), ElementsAre("db.example"));
  EXPECT_THAT(due(), IsEmpty()) << "one look-up at a time";
  found("db.example", {"10.0.0.8", "10.0.0.7", "10.0.0.8", "2001:db8::7"});
  EXPECT_EQ(shown("a"), "ACTIVE ok 10.0.0.7 10.0.0.8 2001:db8::7")
      << "all, each once, in an order of their own";
  EXPECT_TRUE(web("a")->serving);
  EXPECT_EQ(web("a")->body->ports.at(0).number, 81);
}

TEST_F(Hosts, APutWithTheSameBodyOnlyRenews) {
  add("a", {}, body_by("http://db.example/"));
  due();
  found("db.example", {"10.0.0.7"});
  const auto revision = web("a")->revision;
  const BodyPtr body = web("a")->body;
  registry->take_batch();
  add("a", {}, body_by("http://db.example/"));
  EXPECT_EQ(web("a")->revision, revision);
  EXPECT_EQ(web("a")->body, body);
  EXPECT_TRUE(registry->take_batch().changes.empty());
}

TEST_F(Hosts, LooksAgainWhenTheTtlIsOverButNotWithinFiveSeconds) {
  struct Row {
    Millis ttl;
    Millis again;
  };
  for (const Row& row : {Row{Millis(30'000), Millis(30'000)}, Row{Millis(0), Millis(5'000)},
                         Row{Millis(4'999), Millis(5'000)}, Row{Millis(5'001), Millis(5'001)}}) {
    SCOPED_TRACE(row.ttl.count());
    begin_anew();
    add("a", {}, body_by("http://db.example/"));
    due();
    found("db.example", {"10.0.0.7"}, row.ttl);
    now = now + (row.again - Millis(1));
    EXPECT_THAT(due(), IsEmpty());
    now = now + Millis(1);
    EXPECT_THAT(due(), ElementsAre("db.example"));
  }
}

TEST_F(Hosts, AChangeOfAddressIsARevisionAndARotationIsNone) {
  add("a", {}, body_by("http://db.example/"));
  due();
  found("db.example", {"10.0.0.7", "10.0.0.8"}, Millis(5'000));
  const auto revision = web("a")->revision;
  now = now + Millis(5'000);
  due();
  found("db.example", {"10.0.0.8", "10.0.0.7"}, Millis(5'000));
  EXPECT_EQ(web("a")->revision, revision);
  now = now + Millis(5'000);
  due();
  found("db.example", {"10.0.0.9"});
  EXPECT_EQ(shown("a"), "ACTIVE ok 10.0.0.9");
  EXPECT_GT(web("a")->revision, revision);
}

TEST_F(Hosts, AFailureKeepsTheAddressesAndIsRetriedMoreAndMoreSeldom) {
  add("a", {}, body_by("http://db.example/"));
  due();
  found("db.example", {"10.0.0.7"}, Millis(5'000));
  now = now + Millis(5'000);
  ASSERT_THAT(due(), ElementsAre("db.example"));
  std::vector<Millis::rep> waits;
  for (int round = 0; round < 6; ++round) {
    failed("db.example");
    EXPECT_EQ(shown("a"), "ACTIVE ok 10.0.0.7");
    const SteadyTime since = now.steady;
    while (due().empty()) now = now + Millis(1'000);
    waits.push_back((now.steady - since).count());
  }
  EXPECT_THAT(waits, ElementsAre(5'000, 10'000, 20'000, 40'000, 60'000, 60'000));
  found("db.example", {"10.0.0.8"}, Millis(7'000));
  EXPECT_EQ(shown("a"), "ACTIVE ok 10.0.0.8");
  now = now + Millis(7'000);
  EXPECT_THAT(due(), ElementsAre("db.example")) << "by its TTL again";
}

TEST_F(Hosts, NeverResolvedStaysStarting) {
  add("a", {}, body_by("http://db.example/"));
  for (int round = 0; round < 5; ++round) {
    due();
    failed("db.example");
    now = now + kHostRetryMost;
  }
  EXPECT_EQ(shown("a"), "STARTING unresolved");
  EXPECT_EQ(registry->host_counts().unresolved, 1U);
}

TEST_F(Hosts, AddressesThatNobodyCanUseAreNone) {
  add("a", {}, body_by("http://db.example/"));
  due();
  found("db.example", {"0.0.0.0", "224.0.0.1"});
  EXPECT_EQ(shown("a"), "STARTING unresolved");
}

TEST_F(Hosts, AtMostSixteenAddresses) {
  add("a", {}, body_by("http://db.example/"));
  due();
  HostFound what{{}, Millis(0)};
  for (int i = 1; i <= 20; ++i) what.addresses.push_back(address(("10.0.0." + std::to_string(i)).c_str()));
  registry->host_found("db.example", std::move(what), now);
  EXPECT_EQ(web("a")->body->addresses.size(), kMaxAddresses);
}

TEST_F(Hosts, ThoseOfOneNameShareItsLookUps) {
  for (const char* id : {"a", "b", "c"}) add(id, {}, body_by("http://db.example/"));
  EXPECT_THAT(due(), ElementsAre("db.example"));
  found("db.example", {"10.0.0.7"});
  for (const char* id : {"a", "b", "c"}) EXPECT_EQ(shown(id), "ACTIVE ok 10.0.0.7") << id;
}

TEST_F(Hosts, AMoveOfManyInstancesGoesInPieces) {
  const std::size_t many = kSweepChanges + 50;
  for (std::size_t i = 0; i < many; ++i) add("i" + std::to_string(i), {}, body_by("http://db.example/"));
  due();
  registry->take_batch();
  found("db.example", {"10.0.0.7"});
  EXPECT_EQ(registry->take_batch().changes.size(), kSweepChanges);
  drop("i0");
  drop("i1");
  now = now + Millis(20);
  EXPECT_TRUE(registry->tick(now, 10)) << "more is due";
  EXPECT_EQ(registry->take_batch().changes.size(), 12U) << "two gone, ten moved";
  EXPECT_FALSE(registry->tick(now, 1'000));
  for (std::size_t i = 2; i < many; ++i) ASSERT_EQ(shown("i" + std::to_string(i)), "ACTIVE ok 10.0.0.7") << i;
}

TEST_F(Hosts, ANameIsForgottenAMinuteAfterItsLastInstance) {
  add("a", {}, body_by("http://db.example/"));
  due();
  found("db.example", {"10.0.0.7"});
  drop("a");
  EXPECT_EQ(registry->host_counts().names, 1U);
  pass(kHostLinger - Millis(10));
  add("a", {}, body_by("http://db.example/"));
  EXPECT_EQ(shown("a"), "ACTIVE ok 10.0.0.7") << "what is known still";
  drop("a");
  registry->take_batch();
  pass(kHostLinger + Millis(20));
  EXPECT_EQ(registry->host_counts().names, 0U);
  EXPECT_EQ(rows_of<MetaGone>(registry->take_batch()), 1U);
}

TEST_F(Hosts, AnotherNameIsAnotherLookUp) {
  add("a", 1, body_by("http://db.example/"));
  due();
  found("db.example", {"10.0.0.7"});
  add("a", 1, body_by("http://other.example/"));
  EXPECT_EQ(shown("a"), "STARTING unresolved");
  EXPECT_THAT(due(), ElementsAre("other.example"));
  found("other.example", {"10.0.0.9"});
  found("db.example", {"10.0.0.1"});
  EXPECT_EQ(shown("a"), "ACTIVE ok 10.0.0.9");
}

TEST_F(Hosts, WhatWasSaidOfANameThatIsNotAskedIsNotBelieved) {
  add("a", {}, body_by("http://db.example/"));
  found("db.example", {"10.0.0.7"});
  EXPECT_EQ(shown("a"), "STARTING unresolved") << "no look-up was under way";
}

TEST_F(Hosts, AddressesOutliveARestart) {
  add("a", 7, body_by("http://db.example/"));
  due();
  found("db.example", {"10.0.0.7", "2001:db8::7"});
  const Batch batch = registry->take_batch();
  Registry second({}, now);
  for (const Row& row : batch.rows) second.restore(row, now);
  second.restored(now);
  EXPECT_EQ(second.find("web", "a")->reason, Reason::ok);
  EXPECT_EQ(second.find("web", "a")->body->addresses.size(), 2U);
  EXPECT_EQ(second.hosts_due(now, 10).size(), 1U) << "and they are looked up anew";
}

TEST_F(Hosts, StoredNamesThatNobodyWantsGo) {
  Registry second({}, now);
  second.restore(MetaRow{"host:old.example", "10.0.0.7"}, now);
  second.restore(MetaRow{"host:broken.example", "10.0.0."}, now);
  second.restored(now);
  EXPECT_EQ(second.host_counts().names, 1U);
  now = now + kHostLinger;
  while (second.tick(now, 1'000)) {
  }
  EXPECT_EQ(second.host_counts().names, 0U);
  EXPECT_EQ(rows_of<MetaGone>(second.take_batch()), 2U);
}

TEST_F(Hosts, ThereIsALimitOfNames) {
  for (std::size_t i = 0; i < kMaxHosts; ++i)
    ASSERT_TRUE(put("i" + std::to_string(i), {}, body_by(("http://h" + std::to_string(i) + "/").c_str())));
  EXPECT_EQ(code_of(put("more", {}, body_by("http://more/"))), "too_many_hosts");
  EXPECT_EQ(code_of(put("more", {}, body_by("http://h0/"))), "ok") << "a name that is there";
  EXPECT_EQ(code_of(put("other", {}, body_by("http://10.0.0.7/"))), "ok") << "a literal";
  drop("i1");
  EXPECT_EQ(code_of(put("more2", {}, body_by("http://more/"))), "ok")
      << "in the place of one that nobody has";
  EXPECT_EQ(code_of(put("more3", {}, body_by("http://more3/"))), "too_many_hosts");
  EXPECT_EQ(registry->host_counts().refused, 2U);
  EXPECT_EQ(registry->hosts_due(now, 10'000).size(), kHostsInFlight);
}

// They could not be refused: what a stronger source said hid their URLs when they came.
TEST_F(Hosts, ThoseThatFoundNoRoomWaitForIt) {
  RegistryConfig config;
  config.lease = Millis(3'600'000);
  begin_anew(std::move(config));
  for (const char* id : {"a", "b", "gone"}) {
    add_from(SourceKind::fixed, "static", id, body_at("10.0.0.1"));
    add(id, {}, body_by("http://more.example/"));
  }
  for (std::size_t i = 0; i < kMaxHosts; ++i)
    add("i" + std::to_string(i), {}, body_by(("http://h" + std::to_string(i) + "/").c_str()));
  ASSERT_TRUE(registry->apply(SourceList{{SourceKind::fixed, "static"}, {}}, now));
  EXPECT_EQ(shown("a"), "STARTING unresolved");
  EXPECT_EQ(registry->host_counts().names, kMaxHosts);
  EXPECT_EQ(registry->host_counts().refused, 3U);
  drop("gone");
  drop("i1");
  pass(kHostLinger + Millis(20));
  EXPECT_EQ(registry->host_counts().names, kMaxHosts) << "one has gone, one has come";
  for (auto names = due(); !names.empty(); names = due())
    for (const std::string& name : names)
      found(name.c_str(), {name == "more.example" ? "10.0.0.7" : "10.0.0.1"});
  pass(Millis(20));
  EXPECT_EQ(shown("a"), "ACTIVE ok 10.0.0.7");
  EXPECT_EQ(shown("b"), "ACTIVE ok 10.0.0.7");
}

TEST_F(Hosts, OneWithoutHostServesWithoutAddress) {
  ASSERT_TRUE(put("a", {}, body_by("jms:/Q.x")));
  EXPECT_EQ(shown("a"), "ACTIVE ok");
  EXPECT_TRUE(web("a")->serving);
  EXPECT_THAT(due(), IsEmpty());
}

health::SharedChecks two_checks() {
  health::Checks checks(2);
  checks[0].id = "tcp";
  checks[1].id = "ttl";
  checks[1].type = health::CheckType::ttl;
  return std::make_shared<const health::Checks>(std::move(checks));
}

TEST_F(Hosts, ChecksBeginWhenThereIsSomethingToLookAt) {
  RegistryConfig config;
  config.settings = [](std::string_view) {
    ServiceSettings settings;
    settings.checks = two_checks();
    return settings;
  };
  begin_anew(std::move(config));
  add("a", {}, body_by("http://db.example:81/"));
  add("b", {}, body_by("jms:/Q.x"));
  pass(Millis(1'000));
  EXPECT_THAT(registry->probes_due(now, 10), IsEmpty());
  due();
  found("db.example", {"10.0.0.7"});
  EXPECT_EQ(shown("a"), "STARTING starting 10.0.0.7") << "as a new one does";
  pass(Millis(1'000));
  const auto probes = registry->probes_due(now, 10);
  ASSERT_EQ(probes.size(), 1U) << "none of a URL without host";
  EXPECT_EQ(net::to_string(probes[0].task->target), "10.0.0.7:81");
  EXPECT_EQ(registry->health_of("web", "b", now)->checks.size(), 1U) << "its heartbeats";
}

TEST_F(Hosts, ChecksEndWhereTheInstanceIsNoLongerAndBeginAgainAtItsNewAddress) {
  RegistryConfig config;
  config.settings = [](std::string_view) {
    ServiceSettings settings;
    settings.checks = two_checks();
    return settings;
  };
  begin_anew(std::move(config));
  const auto targets = [this] {
    std::vector<std::string> all;
    for (const health::ProbeOrder& order : registry->probes_due(now, 10)) {
      all.push_back(net::to_string(order.task->target));
      registry->probe_found(order.number, {}, now);
    }
    return all;
  };
  add("a", {}, body_by("http://db.example:81/"));
  due();
  found("db.example", {"10.0.0.7"});
  pass(Millis(1'000));
  ASSERT_THAT(targets(), ElementsAre("10.0.0.7:81"));
  add("a", {}, body_by("http://other.example:81/"));
  EXPECT_EQ(shown("a"), "STARTING unresolved");
  for (int i = 0; i < 10; ++i) {
    pass(Millis(1'000));
    EXPECT_THAT(targets(), IsEmpty());
  }
  const auto health = registry->health_of("web", "a", now);
  ASSERT_EQ(health->checks.size(), 1U) << "its heartbeats";
  EXPECT_EQ(health->checks[0].id, "ttl");
  due();
  found("other.example", {"10.0.0.9"});
  std::vector<std::string> seen;
  for (int i = 0; i < 10 && seen.empty(); ++i) {
    pass(Millis(1'000));
    seen = targets();
  }
  EXPECT_THAT(seen, ElementsAre("10.0.0.9:81"));
  EXPECT_EQ(registry->health_of("web", "a", now)->checks.size(), 2U);
}

TEST_F(Hosts, TheFileSaysWhereAndTheHeartbeatOnlyWhatElse) {
  add_from(SourceKind::fixed, "static", "a", body_by("http://db.example/"));
  add("a", {}, body_at("10.0.0.1", 81));
  EXPECT_EQ(shown("a"), "STARTING unresolved") << "whole lists, of the first who says where";
  due();
  found("db.example", {"10.0.0.7"});
  EXPECT_EQ(shown("a"), "ACTIVE ok 10.0.0.7");
  EXPECT_EQ(web("a")->body->ports.at(0).number, 80);
  const auto explained = registry->explain("web", "a", now);
  std::string fields;
  for (const FieldOrigin& field : explained->fields)
    if (field.field == "addresses" || field.field == "url")
      fields += field.field + " " + field.value_json + " " + field.from + ";";
  EXPECT_EQ(fields, "addresses \"db.example\" static;url \"http://db.example/\" static;");
}

TEST_F(Hosts, AUrlGoesWithItsAddressAndPort) {
  add_from(SourceKind::fixed, "static", "a", body_at("10.0.0.1", 81));
  add("a", {}, body_by("http://db.example/"));
  EXPECT_EQ(shown("a"), "ACTIVE ok 10.0.0.1");
  EXPECT_FALSE(web("a")->body->url) << "a weaker source's, of another place";
  EXPECT_THAT(due(), IsEmpty());
  const auto explained = registry->explain("web", "a", now);
  for (const FieldOrigin& field : explained->fields) EXPECT_NE(field.field, "url");
  add_from(SourceKind::fixed, "static", "b", body_at("10.0.0.1", 81));
  add("b", {}, body_by("jms:/Q.x"));
  EXPECT_FALSE(web("b")->body->url) << "without a host";
  add_from(SourceKind::fixed, "static", "c", body_by("http://10.0.0.1:81/"));
  add("c", {}, body_by("http://10.0.0.2:82/"));
  EXPECT_EQ(web("c")->body->url->url, "http://10.0.0.1:81/") << "the stronger's";
}

}  // namespace
}  // namespace muster::registry::test
