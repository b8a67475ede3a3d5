// The publisher with the real registry before it and the real zones behind it.
#include "zones/publish.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "tests/zones/support/changing_registry.h"
#include "zones/live_names.h"
#include "zones/reverse_view.h"

namespace muster::zones {
namespace {

using registry::Batch;
using test::name;
using test::port;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

net::Instant at(int ms) { return net::Instant{} + net::Millis(1'000'000 + ms); }

class Publish : public ::testing::Test {
 protected:
  Publish() : zones_(table_), registry_(registry_config(), at(0)) {}

  static registry::RegistryConfig registry_config() {
    registry::RegistryConfig config;
    config.epoch = "test";
    config.configured_services = {"configured"};
    config.settings = [](std::string_view service) {
      registry::ServiceSettings settings;
      settings.configured = service == "configured";
      return settings;
    };
    return config;
  }

  PublishConfig config() {
    PublishConfig config;
    config.domain = name("svc.internal.");
    config.hostmaster = name("hostmaster.svc.internal.");
    config.listen_addresses = {test::ip("127.0.0.1"), test::ip("::1")};
    config.reverse = {name("10.in-addr.arpa.")};
    config.is_known = [this](std::string_view service) { return registry_.is_known(service); };
    config.serials.first = [](const std::string&) { return 1000u; };
    config.serials.reserve = [this](const std::string& zone, std::uint32_t block) {
      blocks_.emplace_back(zone, block);
    };
    return config;
  }

  Publisher& publisher() {
    if (!publisher_) publisher_ = std::make_unique<Publisher>(config(), zones_);
    return *publisher_;
  }

  void add(const std::string& service, const std::string& id, const std::string& address, int ms,
           std::uint16_t weight = 1, const std::vector<registry::Port>& more = {}) {
    registry::InstanceBody body;
    body.addresses = {test::ip(address)};
    body.ports = {port(8080, "http")};
    body.ports.insert(body.ports.end(), more.begin(), more.end());
    body.weight = weight;
    registry::Registration registration;
    registration.service = service;
    registration.id = id;
    registration.body = std::make_shared<const registry::InstanceBody>(body);
    ASSERT_TRUE(registry_.apply(registration, at(ms)).has_value());
    publisher().publish(registry_.take_batch(), at(ms));
  }

  const RrsetSpec* find(const char* owner, RrType type) {
    read_ = zones_.read(name(owner));
    return read_ ? test::find(read_->rrsets, type) : nullptr;
  }

  std::uint32_t serial(const char* apex) { return zones_.serial(*zones_.find(name(apex))); }

  NameTable table_;
  Zones zones_;
  registry::Registry registry_;
  std::unique_ptr<Publisher> publisher_;
  std::vector<std::pair<std::string, std::uint32_t>> blocks_;
  std::optional<NameSpec> read_;
};

TEST_F(Publish, TheApexHasItsNameServersAndTheirAddresses) {
  publisher();
  for (const char* apex : {"svc.internal.", "10.in-addr.arpa."}) {
    const auto* ns = find(apex, RrType::ns);
    ASSERT_NE(ns, nullptr) << apex;
    EXPECT_EQ(ns->ttl, 60u);
    EXPECT_EQ(ns->members.at(0).rdata, name("ns1.svc.internal.").wire());
    const auto soa = decode_soa(find(apex, RrType::soa)->members.at(0).rdata);
    EXPECT_EQ(soa->mname, name("ns1.svc.internal."));
    EXPECT_EQ(soa->rname, name("hostmaster.svc.internal."));
    EXPECT_EQ(soa->serial, 1000u);
    EXPECT_EQ(soa->minimum, 2u);
  }
  EXPECT_THAT(find("ns1.svc.internal.", RrType::a)->members, SizeIs(1));
  EXPECT_THAT(find("ns1.svc.internal.", RrType::aaaa)->members, SizeIs(1));
  EXPECT_THAT(find("b._dns-sd._udp.svc.internal.", RrType::ptr)->members, SizeIs(1));
}

// What the domain and the reverse zone hold, apart from their SOA's serials.
std::map<Name, NameSpec> content_of(Zones& zones) {
  std::map<Name, NameSpec> content;
  for (const char* apex : {"svc.internal.", "10.in-addr.arpa."})
    zones.for_each(*zones.find(name(apex)), [&](const NameSpec& spec) { content[spec.owner] = spec; });
  return content;
}

TEST_F(Publish, ABatchInPreparedPartsLeavesWhatItLeavesAtOnce) {
  Batch whole;
  std::vector<Batch> parts;
  for (int number = 0; number < 30; ++number) {
    registry::InstanceBody body;
    body.addresses = {test::ip("10.0.0." + std::to_string(number % 20))};
    body.ports = {port(8080, number % 3 == 0 ? "http" : "admin")};
    registry::Registration registration;
    registration.service = "s" + std::to_string(number / 4);  // its members come in several parts
    registration.id = "i" + std::to_string(number % 4);
    registration.body = std::make_shared<const registry::InstanceBody>(body);
    ASSERT_TRUE(registry_.apply(registration, at(0)).has_value());
    parts.push_back(registry_.take_batch());
    whole.changes.insert(whole.changes.end(), parts.back().changes.begin(), parts.back().changes.end());
  }
  publisher().publish(whole, at(0));

  NameTable other_table;
  Zones other_zones{other_table};
  Publisher other(config(), other_zones);
  std::vector<Publisher::Prepared> prepared;
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) prepared.push_back(other.prepare_part(parts[i], at(0)));
  EXPECT_FALSE(other_zones.read(name("s0.svc.internal.")));
  for (Publisher::Prepared& part : prepared) other.publish_prepared(std::move(part));
  EXPECT_TRUE(other_zones.read(name("s0.svc.internal.")));
  other.publish(parts.back(), at(0));

  EXPECT_EQ(content_of(other_zones), content_of(zones_));
  EXPECT_GT(content_of(zones_).size(), 100U);
}

TEST_F(Publish, ARegistrationIsThereWhenPublishReturns) {
  add("web", "i1", "10.0.0.7", 0);
  EXPECT_THAT(find("web.svc.internal.", RrType::a)->members, SizeIs(1));
  EXPECT_EQ(test::srv(find("_http._tcp.web.svc.internal.", RrType::srv)->members.at(0).rdata),
            (test::Srv{0, 1, 8080, "i1.web.svc.internal."}));
  EXPECT_THAT(find("7.0.0.10.in-addr.arpa.", RrType::ptr)->members, SizeIs(1));
  EXPECT_TRUE(zones_.read(name("_tcp.svc.internal.")).has_value()) << "an empty non-terminal";

  ASSERT_TRUE(
      registry_
          .apply(registry::Removal{.service = "web", .id = "i1", .generation = {}, .only_source = {}}, at(1))
          .has_value());
  publisher().publish(registry_.take_batch(), at(1));
  ASSERT_TRUE(zones_.read(name("web.svc.internal.")).has_value()) << "it lingers: NODATA";
  EXPECT_THAT(zones_.read(name("web.svc.internal."))->rrsets, IsEmpty());
  EXPECT_FALSE(zones_.read(name("i1.web.svc.internal.")).has_value());
  EXPECT_FALSE(zones_.read(name("7.0.0.10.in-addr.arpa.")).has_value());
  for (int ms = 0; ms <= 3'700'000; ms += 100'000) registry_.tick(at(ms), 1000);
  publisher().publish(registry_.take_batch(), at(3'700'000));
  EXPECT_FALSE(zones_.read(name("web.svc.internal.")).has_value()) << "an hour later it is unknown";
}

TEST_F(Publish, AConfiguredServiceIsNodataFromTheStart) {
  publisher().publish(registry_.take_batch(), at(0));
  ASSERT_TRUE(zones_.read(name("configured.svc.internal.")).has_value());
  EXPECT_THAT(zones_.read(name("configured.svc.internal."))->rrsets, IsEmpty());
}

TEST_F(Publish, AnExpiredLeaseIsGone) {
  add("web", "i1", "10.0.0.7", 0);
  EXPECT_EQ(find("web.svc.internal.", RrType::a)->ttl, 5u);
  for (int ms = 0; ms <= 27'000; ms += 10) registry_.tick(at(ms), 1000);
  publisher().publish(registry_.take_batch(), at(27'000));
  EXPECT_EQ(find("web.svc.internal.", RrType::a)->ttl, 1u) << "the lease is low";
  EXPECT_EQ(find("i1.web.svc.internal.", RrType::a)->ttl, 1u);
  for (int ms = 27'000; ms <= 30'100; ms += 10) registry_.tick(at(ms), 1000);
  publisher().publish(registry_.take_batch(), at(30'100));
  EXPECT_EQ(find("web.svc.internal.", RrType::a), nullptr);
}

TEST_F(Publish, SerialsStepOncePerBatchOf20MsInTheZonesThatChanged) {
  publisher();
  EXPECT_THAT(blocks_, ElementsAre(std::pair("svc.internal.", 1000u + 65536u),
                                   std::pair("10.in-addr.arpa.", 1000u + 65536u)));
  add("web", "i1", "10.0.0.7", 0);
  add("web", "i2", "10.0.0.8", 15);
  publisher().tick(at(19));
  EXPECT_EQ(serial("svc.internal."), 1000u) << "the batch is open";
  publisher().tick(at(20));
  EXPECT_EQ(serial("svc.internal."), 1001u);
  EXPECT_EQ(serial("10.in-addr.arpa."), 1001u);
  add("web", "i3", "192.0.2.1", 30);
  publisher().tick(at(50));
  EXPECT_EQ(serial("svc.internal."), 1002u);
  EXPECT_EQ(serial("10.in-addr.arpa."), 1001u) << "nothing of it changed";
  publisher().tick(at(100));
  EXPECT_EQ(serial("svc.internal."), 1002u);
}

TEST_F(Publish, ALoweredTtlIsNoChangeForWhoTransfers) {
  publisher();
  Zone& domain = *zones_.find(name("svc.internal."));
  zones_.keep_history(domain, true);
  add("web", "i1", "10.0.0.7", 0);
  publisher().tick(at(20));
  EXPECT_EQ(serial("svc.internal."), 1001u);

  for (int ms = 0; ms <= 27'000; ms += 10) registry_.tick(at(ms), 1000);
  publisher().publish(registry_.take_batch(), at(27'000));
  ASSERT_EQ(find("i1.web.svc.internal.", RrType::a)->ttl, 1u) << "the lease is low";
  EXPECT_EQ(find("i1.web.svc.internal.", RrType::a)->full_ttl, 5u);
  EXPECT_EQ(find("_http._tcp.web.svc.internal.", RrType::srv)->full_ttl, 5u);
  EXPECT_EQ(find("web\\032i1._http._tcp.svc.internal.", RrType::srv)->full_ttl, 5u);
  publisher().tick(at(27'100));
  EXPECT_EQ(serial("svc.internal."), 1001u);

  const auto differences = zones_.history(domain)->journal().since(1000);
  ASSERT_TRUE(differences.has_value());
  (*differences)[0]->added.for_each([](const RecordView& record) {
    if (record.type == RrType::srv) {
      EXPECT_EQ(record.ttl, 5u);
    }
  });
}

TEST_F(Publish, ExplainSaysWhatStandsThereAndWhy) {
  add("web", "i1", "10.0.0.7", 0, 1);
  add("web", "i2", "10.0.0.8", 1, 3);
  const auto web = publisher().explain(name("web.svc.internal."), RrType::srv);
  EXPECT_EQ(web.outcome, "answer");
  EXPECT_EQ(web.zone, "svc.internal.");
  EXPECT_EQ(web.service, "web");
  EXPECT_EQ(web.ttl_reason, "the service's ttl");
  ASSERT_THAT(web.records, SizeIs(2));
  EXPECT_EQ(web.records[1].text, "0 3 8080 i2.web.svc.internal.");
  EXPECT_EQ(web.records[1].weight, 3u);
  EXPECT_DOUBLE_EQ(web.records[1].probability, 0.75);

  struct Row {
    const char* name;
    const char* outcome;
    const char* encloser;
    const char* service;
  };
  for (const Row& row : {Row{"web.svc.internal.", "answer", "web.svc.internal.", "web"},
                         Row{"_http._tcp.web.svc.internal.", "answer", "_http._tcp.web.svc.internal.", "web"},
                         Row{"_web._tcp.svc.internal.", "answer", "_web._tcp.svc.internal.", "web"},
                         Row{"i1.web.svc.internal.", "answer", "i1.web.svc.internal.", "web"},
                         Row{"_tcp.svc.internal.", "nodata", "_tcp.svc.internal.", ""},
                         Row{"a.b.web.svc.internal.", "nxdomain", "web.svc.internal.", "web"},
                         Row{"nobody.svc.internal.", "nxdomain", "svc.internal.", ""},
                         Row{"example.com.", "refused", "", ""}}) {
    SCOPED_TRACE(row.name);
    const auto explained = publisher().explain(name(row.name), std::nullopt);
    EXPECT_EQ(explained.outcome, row.outcome);
    EXPECT_EQ(explained.closest_encloser, row.encloser);
    EXPECT_EQ(explained.service, row.service);
  }
}

TEST_F(Publish, AnInstanceStandsWhereItsOwnRecordsAreAndNowhereElse) {
  add("web", "i1", "10.0.0.7", 0, 1);
  add("web", "i10", "10.0.0.70", 1, 3);
  const auto all = registry_.view("web", at(2)).instances;
  ASSERT_THAT(all, SizeIs(2));
  const auto& i1 = all[0]->id == "i1" ? *all[0] : *all[1];
  std::map<std::string, double> chances;
  for (const auto& [owner, share] : publisher().standings_of(i1))
    chances[owner + " " + share.type] = share.probability;
  const std::map<std::string, double> expected = {{"web.svc.internal. A", 0.25},
                                                  {"web.svc.internal. SRV", 0.25},
                                                  {"_web._tcp.svc.internal. SRV", 0.25},
                                                  {"_http._tcp.web.svc.internal. SRV", 0.25},
                                                  {"_http._tcp.svc.internal. PTR", 1},
                                                  {"i1.web.svc.internal. A", 1},
                                                  {"i1.web.svc.internal. SRV", 1},
                                                  {"web\\032i1._http._tcp.svc.internal. SRV", 1},
                                                  {"web\\032i1._http._tcp.svc.internal. TXT", 1},
                                                  {"7.0.0.10.in-addr.arpa. PTR", 1}};
  EXPECT_EQ(chances, expected);
}

TEST_F(Publish, ExplainSaysOfEveryInstanceWhyItIsInOrOut) {
  const auto with = [&](const std::string& id, registry::InstanceBody body) {
    registry::Registration registration;
    registration.service = "web";
    registration.id = id;
    registration.body = std::make_shared<const registry::InstanceBody>(std::move(body));
    ASSERT_TRUE(registry_.apply(registration, at(0)).has_value());
  };
  registry::InstanceBody body;
  body.addresses = {test::ip("10.0.0.1")};
  body.ports = {port(80, "http")};
  body.weight = 3;
  with("good", body);
  body.weight = 0;
  with("zero", body);
  body.weight = 1;
  body.priority = 1;
  with("second", body);
  body.priority = 0;
  body.ports.clear();
  with("portless", body);
  body.addresses = {test::ip("2001:db8::1")};
  with("six", body);
  with("down", body);
  registry::OverlayEntry down;
  down.match = "web/down";
  down.mode = registry::AdminMode::down;
  ASSERT_TRUE(registry_.apply(registry::OverlayEdit{registry::OverlayEdit::Kind::append, {down}, "", {}}, at(0)));
  publisher().publish(registry_.take_batch(), at(0));

  using Rules = std::map<std::string, std::pair<double, std::string>>;
  const auto rules = [&](const char* owner, std::optional<RrType> type) {
    Rules found;
    for (const auto& one : publisher().explain(name(owner), type).candidates)
      found[one.instance->id] = {one.probability, one.rule};
    return found;
  };
  const std::string policy = "weighted-failover";
  EXPECT_EQ(rules("web.svc.internal.", RrType::a), (Rules{{"good", {1, policy}},  // one address, shares add up
                                                          {"zero", {0, "weight_zero"}},
                                                          {"second", {0, "lower_tier"}},
                                                          {"portless", {1, policy}},
                                                          {"six", {0, "no_address"}},
                                                          {"down", {0, "admin_down"}}}));
  EXPECT_EQ(rules("_http._tcp.web.svc.internal.", RrType::srv), (Rules{{"good", {1, policy}},
                                                                       {"zero", {0, "weight_zero"}},
                                                                       {"second", {0, policy}},
                                                                       {"portless", {0, "no_port"}},
                                                                       {"six", {0, "no_port"}},
                                                                       {"down", {0, "admin_down"}}}));
  EXPECT_EQ(rules("web.svc.internal.", RrType::aaaa)["six"], (std::pair<double, std::string>{1, policy}));
  EXPECT_EQ(rules("down.web.svc.internal.", RrType::aaaa), (Rules{{"down", {1, "fixed"}}}));
  EXPECT_EQ(rules("web\\032second._http._tcp.svc.internal.", RrType::srv), (Rules{{"second", {1, "fixed"}}}));

  const auto records = publisher().explain(name("web.svc.internal."), RrType::a).records;
  ASSERT_THAT(records, SizeIs(1));
  EXPECT_EQ(records[0].policy, policy);
  EXPECT_EQ(records[0].ttl_reason, "the service's ttl");
  std::vector<std::string> whose;
  for (const auto& instance : records[0].instances) whose.push_back(instance->id);
  EXPECT_THAT(whose, ::testing::UnorderedElementsAre("good", "portless"));

  // The same of one instance, at every name at which it would stand.
  const auto standing = [&](const char* id) {
    Rules found;
    for (const auto& [owner, share] : publisher().standings_of(*registry_.find("web", id)))
      found[owner + " " + share.type] = {share.probability, share.rule};
    return found;
  };
  const auto second = standing("second");
  EXPECT_EQ(second.at("web.svc.internal. A"), (std::pair<double, std::string>{0, "lower_tier"}));
  EXPECT_EQ(second.at("web.svc.internal. SRV"), (std::pair<double, std::string>{0, policy}));
  EXPECT_EQ(second.at("_http._tcp.svc.internal. PTR"), (std::pair<double, std::string>{1, "fixed"}));
  EXPECT_EQ(second.at("second.web.svc.internal. A"), (std::pair<double, std::string>{1, "fixed"}));
  EXPECT_EQ(standing("zero").at("_web._tcp.svc.internal. SRV"),
            (std::pair<double, std::string>{0, "weight_zero"}));
  EXPECT_EQ(standing("down").at("web.svc.internal. AAAA"), (std::pair<double, std::string>{0, "admin_down"}));
}

TEST_F(Publish, AnInstanceOfSeveralPortsIsInItsOwnSetForSureAndNotTwice) {
  add("web", "i1", "10.0.0.7", 0, 1, {port(8081, "admin")});
  for (const auto& [owner, share] : publisher().standings_of(*registry_.find("web", "i1")))
    EXPECT_EQ(share.probability, 1) << owner << " " << share.type;
}

TEST_F(Publish, ExplainOfAPanicNamesIt) {
  add("web", "i1", "10.0.0.7", 0);
  registry::Heartbeat sick;
  sick.service = "web";
  sick.id = "i1";
  sick.vitals.status = registry::HeartbeatStatus::critical;
  ASSERT_TRUE(registry_.apply(sick, at(1)).has_value());
  publisher().publish(registry_.take_batch(), at(1));
  const auto found = publisher().explain(name("web.svc.internal."), RrType::a);
  ASSERT_THAT(found.candidates, SizeIs(1));
  EXPECT_EQ(found.candidates[0].rule, "panic:all");
  EXPECT_EQ(found.candidates[0].ttl_reason, "the service's ttl");
  EXPECT_EQ(found.ttl_reason, "ttl_min: too few are ready");
  for (const auto& [owner, share] : publisher().standings_of(*registry_.find("web", "i1"))) {
    if (share.type == "PTR" && owner == "_http._tcp.svc.internal.") {
      EXPECT_EQ(share.rule, "suspended:report");
    }
  }
}

TEST_F(Publish, OfARecordSetInFixedOrderAllAreSent) {
  EXPECT_THAT(publisher().explain(name("svc.internal."), RrType::ns).records, SizeIs(1));
  const auto addresses = publisher().explain(name("ns1.svc.internal."), std::nullopt).records;
  ASSERT_THAT(addresses, SizeIs(2));
  RrsetSpec two;
  two.members.resize(2);
  EXPECT_THAT(first_chances(two, false), ::testing::ElementsAre(1, 1));
  EXPECT_THAT(first_chances(two, true), ::testing::ElementsAre(1, 0))
      << "of a policy's the first comes first";
  RrsetSpec srv;
  srv.type = RrType::srv;
  srv.at_most = 2;
  for (const std::uint16_t weight : {10, 30, 60}) {
    Member member;
    member.rdata = encode_srv(0, weight, 80, name("a."));
    srv.members.push_back(member);
  }
  EXPECT_THAT(first_chances(srv, true), ::testing::ElementsAre(0.25, 0.75, 0)) << "the third is not answered";
}

TEST_F(Publish, CountsWhatItPublishesAndWhatIsTooLong) {
  PublishConfig long_domain = config();
  const std::string l63(63, 'd');
  long_domain.domain = name((l63 + "." + l63 + "." + l63 + ".svc.internal.").c_str());
  long_domain.reverse.clear();
  publisher_ = std::make_unique<Publisher>(long_domain, zones_);
  const PublishCounters before = publisher().counters();
  add("web", std::string(60, 'i'), "10.0.0.7", 0);
  EXPECT_GT(publisher().counters().puts, before.puts);
  EXPECT_GT(publisher().counters().too_long, before.too_long);
  EXPECT_EQ(publisher().counters().last_too_long, "web/" + std::string(60, 'i'));
}

TEST_F(Publish, ReconfiguredNameServersReplaceTheOld) {
  publisher();
  PublishConfig fresh = config();
  fresh.name_servers = {name("dns.svc.internal."), name("ns.example.")};
  publisher().reconfigure(fresh, at(0));
  EXPECT_THAT(find("svc.internal.", RrType::ns)->members, SizeIs(2));
  EXPECT_NE(find("dns.svc.internal.", RrType::a), nullptr);
  EXPECT_FALSE(zones_.read(name("ns1.svc.internal.")).has_value());
}

// The registry's names and a view's of one address go into one zone, through one journal.
TEST_F(Publish, AViewsNamesJoinThoseOfInstancesInTheReverseZone) {
  publisher();
  Zone& reverse = *zones_.find(name("10.in-addr.arpa."));
  zones_.keep_history(reverse, true);
  const char* owner = "7.0.0.10.in-addr.arpa.";
  int ms = 0;
  const auto next_serial = [&] {
    const std::uint32_t before = zones_.serial(reverse);
    for (int i = 0; i < 4; ++i) publisher().tick(at(ms += 10));
    return zones_.serial(reverse) - before;
  };
  next_serial();
  {
    ReverseView view(publisher().reverse(), 60);
    view.add(test::ip("10.0.0.7"), name("a.mesos."));
    view.flush();
    EXPECT_THAT(find(owner, RrType::ptr)->members, SizeIs(1)) << "at once";
    EXPECT_EQ(next_serial(), 1u);
    add("web", "i1", "10.0.0.7", ms);
    ASSERT_THAT(find(owner, RrType::ptr)->members, SizeIs(2));
    EXPECT_EQ(find(owner, RrType::ptr)->members.at(0).rdata, name("i1.web.svc.internal.").wire());
    EXPECT_EQ(find(owner, RrType::ptr)->ttl, 5u);
    EXPECT_EQ(next_serial(), 1u);
    PublishConfig fresh = config();
    fresh.ttl = 9;
    publisher().reconfigure(fresh, at(ms));
    EXPECT_EQ(find(owner, RrType::ptr)->ttl, 9u);
    EXPECT_THAT(find(owner, RrType::ptr)->members, SizeIs(2));
    add("web", "i1", "10.0.0.8", ms);
    EXPECT_THAT(find(owner, RrType::ptr)->members, SizeIs(1));
    EXPECT_EQ(find(owner, RrType::ptr)->ttl, 60u);
    EXPECT_EQ(next_serial(), 1u);
    view.flush();
    EXPECT_EQ(next_serial(), 0u);
  }
  EXPECT_FALSE(zones_.read(name(owner)).has_value());
  EXPECT_EQ(next_serial(), 1u);
}

// What reading the live table gives after many changes is what a fresh table has.
TEST(PublishedTable, FollowsRandomChanges) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  test::ChangingRegistry changing(seed, {"web", "http", "db"}, 20);
  PublishConfig config;
  config.domain = name("svc.internal.");
  config.reverse = {name("10.in-addr.arpa.")};
  config.is_known = [&changing](std::string_view service) { return changing.is_known(service); };
  NameTable table;
  Zones zones(table);
  Publisher publisher(config, zones);
  int ms = 0;
  for (int step = 0; step < 1000; ++step) publisher.publish(changing.step(), at(ms += 5));
  publisher.tick(at(ms += 20));
  publisher.tick(at(ms += 20));

  NameTable fresh_table;
  Zones fresh(fresh_table);
  Publisher rebuilt(config, fresh);
  rebuilt.publish(changing.whole(), at(0));
  for (const char* apex : {"svc.internal.", "10.in-addr.arpa."}) {
    std::size_t seen = 0;
    fresh.for_each(*fresh.find(name(apex)), [&](const NameSpec& spec) {
      ++seen;
      if (spec.owner == name(apex)) return;  // the serials differ
      const auto there = zones.read(spec.owner);
      ASSERT_TRUE(there.has_value()) << spec.owner.text();
      EXPECT_EQ(*there, spec) << spec.owner.text();
    });
    EXPECT_EQ(zones.names(*zones.find(name(apex))), fresh.names(*fresh.find(name(apex))));
    EXPECT_GT(seen, 1u);
  }
}

}  // namespace
}  // namespace muster::zones
