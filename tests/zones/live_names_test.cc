#include "zones/live_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/zones/support/changing_registry.h"
#include "tests/zones/support/recording_sink.h"

namespace muster::zones {
namespace {

using registry::Batch;
using registry::InstanceChange;
using registry::InstancePtr;
using registry::State;
using test::ChangingRegistry;
using test::Make;
using test::name;
using test::port;
using test::RecordingSink;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

PublishConfig plain_config() {
  PublishConfig config;
  config.domain = name("svc.internal.");
  return config;
}

PublishConfig rich_config() {
  PublishConfig config = plain_config();
  config.reverse = {name("10.in-addr.arpa."), name("0.0.10.in-addr.arpa."),
                    name("8.b.d.0.1.0.0.2.ip6.arpa.")};
  config.policy = [](std::string_view service) {
    ServicePolicy policy;
    policy.tag_views = {"az"};
    if (service == "http") policy.when_none = WhenNone::none;
    if (service == "web") policy.publish_not_ready = true;
    return policy;
  };
  return config;
}

InstanceChange change(InstancePtr before, InstancePtr after) {
  InstanceChange change;
  change.service = (after ? after : before)->service;
  change.id = (after ? after : before)->id;
  change.before = std::move(before);
  change.after = std::move(after);
  return change;
}
Batch batch(InstancePtr before, InstancePtr after) {
  Batch batch;
  batch.changes.push_back(change(std::move(before), std::move(after)));
  return batch;
}

net::Instant at(int ms) { return net::Instant{} + net::Millis(ms); }

std::vector<std::string> texts(const RecordingSink& sink) {
  std::vector<std::string> all;
  for (const auto& [text, spec] : sink.names()) {
    if (!text.ends_with("b._dns-sd._udp.svc.internal.") && text != "r._dns-sd._udp.svc.internal.")
      all.push_back(text);
  }
  return all;
}

// `count` instances of each service, one named port, registered in one batch.
Batch many(std::size_t services, std::size_t count, const std::string& prefix = "s") {
  Batch all;
  std::uint64_t sequence = 0;
  for (std::size_t s = 0; s < services; ++s) {
    for (std::size_t i = 0; i < count; ++i) {
      all.changes.push_back(change(nullptr, Make(prefix + std::to_string(s), "i" + std::to_string(i))
                                                .at("10.0.0.1")
                                                .on(port(80, "http"))
                                                .sequence(++sequence)
                                                .get()));
    }
  }
  return all;
}

TEST(LiveNames, AServiceComesAndGoesWithAllItsNames) {
  RecordingSink sink(name("svc.internal."));
  PublishConfig config = rich_config();
  config.reverse_services = true;
  LiveNames names(config, sink);
  const auto i1 = Make("web", "i1").at("10.0.0.7").on(port(80, "http")).tag("az", "a").get();
  names.apply(batch(nullptr, i1), at(0));
  EXPECT_THAT(texts(sink),
              UnorderedElementsAre("web.svc.internal.", "i1.web.svc.internal.", "_web._tcp.svc.internal.",
                                   "_http._tcp.web.svc.internal.", "a.az.by.web.svc.internal.",
                                   "web\\032i1._http._tcp.svc.internal.", "_http._tcp.svc.internal.",
                                   "_services._dns-sd._udp.svc.internal.", "7.0.0.10.in-addr.arpa."));
  EXPECT_EQ(sink.find("7.0.0.10.in-addr.arpa.")->rrsets.at(0).members.size(), 2u)
      << "the instance and its service";
  std::vector<std::string> stands;
  for (const Name& owner : names.names_of(*i1)) stands.push_back(owner.text());
  for (const std::string& owner : stands) EXPECT_NE(sink.find(owner), nullptr) << owner;
  EXPECT_EQ(stands.size(), 8u);
  names.apply(batch(i1, nullptr), at(1));
  EXPECT_THAT(texts(sink), IsEmpty());
}

TEST(LiveNames, AKnownServiceWithoutInstancesIsNodata) {
  RecordingSink sink(name("svc.internal."));
  PublishConfig config = plain_config();
  std::set<std::string, std::less<>> known = {"web"};
  config.is_known = [&known](std::string_view service) { return known.contains(service); };
  LiveNames names(config, sink);
  Batch configured;
  configured.known_services = {"web", "ns1", "not a label"};
  names.apply(configured, at(0));
  EXPECT_THAT(texts(sink), UnorderedElementsAre("web.svc.internal.", "_web._tcp.svc.internal.",
                                                "_web._udp.svc.internal."));
  EXPECT_THAT(sink.find("web.svc.internal.")->rrsets, IsEmpty());

  const auto i1 = Make("web", "i1").at("10.0.0.7").on(port(80)).get();
  names.apply(batch(nullptr, i1), at(1));
  EXPECT_EQ(sink.find("_web._udp.svc.internal."), nullptr) << "it is all TCP now";
  const auto drained = Make("web", "i1").at("10.0.0.7").on(port(80)).draining().get();
  names.apply(batch(i1, drained), at(2));
  EXPECT_NE(sink.find("_web._tcp.svc.internal."), nullptr) << "NODATA: it still offers its port";
  EXPECT_EQ(sink.find("_web._udp.svc.internal."), nullptr);
  names.apply(batch(drained, nullptr), at(3));
  EXPECT_THAT(sink.find("web.svc.internal.")->rrsets, IsEmpty()) << "it lingers";
  EXPECT_NE(sink.find("_web._udp.svc.internal."), nullptr) << "nobody can say what it will offer";
  known.clear();
  names.apply(configured, at(4));
  EXPECT_THAT(texts(sink), IsEmpty());
}

TEST(LiveNames, UnpublishableOnesHaveNoNames) {
  RecordingSink sink(name("svc.internal."));
  LiveNames names(plain_config(), sink);
  Make hidden = Make("Web", "i1").at("10.0.0.7").on(port(80));
  hidden.instance.publishable = false;
  names.apply(batch(nullptr, hidden.get()), at(0));
  EXPECT_THAT(texts(sink), IsEmpty());
  EXPECT_THAT(names.names_of(*hidden.get()), IsEmpty());
}

TEST(LiveNames, ALabelPassesFromOneServiceToAnotherInOneBatch) {
  RecordingSink sink(name("svc.internal."));
  LiveNames names(plain_config(), sink);
  const auto older = Make("Web", "i1").at("10.0.0.7").on(port(80)).get();
  names.apply(batch(nullptr, older), at(0));
  Make hidden = Make("Web", "i1").at("10.0.0.7").on(port(80));
  hidden.instance.publishable = false;
  Batch swap = batch(nullptr, Make("web", "i1").at("10.0.0.8").on(port(80)).get());
  swap.changes.push_back(change(older, hidden.get()));
  names.apply(swap, at(1));
  ASSERT_NE(sink.find("i1.web.svc.internal."), nullptr);
  EXPECT_EQ(sink.find("i1.web.svc.internal.")->rrsets.at(0).members.at(0).rdata,
            test::ip("10.0.0.8").bytes());
  EXPECT_EQ(sink.find("web.svc.internal.")->rrsets.at(0).members.size(), 1u);
  EXPECT_NE(sink.find("web\\032i1._web._tcp.svc.internal."), nullptr);
}

TEST(LiveNames, OneOwnerMayBeAServiceAndAType) {
  RecordingSink sink(name("svc.internal."));
  LiveNames names(plain_config(), sink);
  const auto service = Make("http", "a").at("10.0.0.1").on(port(80)).get();
  const auto other = Make("web", "i1").at("10.0.0.2").on(port(80, "http")).get();
  names.apply(batch(nullptr, service), at(0));
  names.apply(batch(nullptr, other), at(1));
  const auto* both = sink.find("_http._tcp.svc.internal.");
  EXPECT_EQ(test::find(both->rrsets, RrType::srv)->members.size(), 1u);
  EXPECT_EQ(test::find(both->rrsets, RrType::ptr)->members.size(), 2u);
  names.apply(batch(service, nullptr), at(2));
  both = sink.find("_http._tcp.svc.internal.");
  ASSERT_EQ(both->rrsets.size(), 1u);
  EXPECT_EQ(both->rrsets[0].members.size(), 1u);
}

TEST(LiveNames, TargetsComeFirstAndGoLast) {
  RecordingSink sink(name("svc.internal."));
  LiveNames names(plain_config(), sink);
  const auto i1 = Make("web", "i1").at("10.0.0.7").on(port(80, "http")).get();
  sink.start_counting();
  names.apply(batch(nullptr, i1), at(0));
  EXPECT_THAT(sink.log,
              ElementsAre("+i1.web.svc.internal.", "+web.svc.internal.", "+_web._tcp.svc.internal.",
                          "+_http._tcp.web.svc.internal.", "+web\\032i1._http._tcp.svc.internal.",
                          "+_http._tcp.svc.internal.", "+_services._dns-sd._udp.svc.internal."));
  sink.start_counting();
  names.apply(batch(i1, nullptr), at(1));
  EXPECT_THAT(sink.log,
              ElementsAre("-_services._dns-sd._udp.svc.internal.", "-_web._tcp.svc.internal.",
                          "-_http._tcp.svc.internal.", "-_http._tcp.web.svc.internal.", "-web.svc.internal.",
                          "-web\\032i1._http._tcp.svc.internal.", "-i1.web.svc.internal."));
}

// The property behind everything else: whatever happened before, the names are those of a fresh start, and at
// no step did anything point to a name that was not there (RecordingSink looks at each).
void expect_same_as_fresh(const PublishConfig& config, const LiveNames& names, const RecordingSink& sink,
                          const ChangingRegistry& registry) {
  RecordingSink fresh(config.domain);
  LiveNames rebuilt(config, fresh);
  rebuilt.apply(registry.whole(), at(0));
  ASSERT_EQ(sink.names().size(), fresh.names().size());
  for (const auto& [text, spec] : fresh.names()) {
    ASSERT_TRUE(sink.names().contains(text)) << text;
    ASSERT_EQ(sink.names().at(text), spec) << text;
  }
  ASSERT_TRUE(sink.bound() == fresh.bound());
  for (const char* label : {"web", "http", "db"})
    ASSERT_EQ(names.in_panic(label), rebuilt.in_panic(label)) << label;
}

// Services that live off one another while they are in panic, each under another policy.
PublishConfig panicking_config(unsigned seed) {
  PublishConfig config = plain_config();
  config.public_names = {{"web", {name("www.example.test."), name("_http._tcp.example.test."), name("example.test.")}},
                         {"db", {name("db.example.test."), name("_db._tcp.example.test.")}},
                         {"nobody", {name("nobody.example.test.")}}};
  config.policy = [seed](std::string_view service) {
    const auto names = policy_names();
    ServicePolicy policy;
    policy.policy = *policy_from(names[(seed + service.size()) % names.size()]);
    policy.panic_threshold = seed % 3 == 0 ? 0 : 0.5;
    policy.when_none = WhenNone::fallback;
    policy.drained_kept = seed % 2 == 0;
    policy.srv_zero_kept = seed % 5 == 0;
    if (service == "web") policy.fallback_service = "db";
    if (service == "http") policy.fallback_service = "web";
    if (service == "db")
      policy.fallback_addresses = {*net::parse_ip("192.0.2.9"), *net::parse_ip("2001:db8::9")};
    return policy;
  };
  return config;
}

void follow_changes(PublishConfig config, unsigned seed, std::size_t instances, int steps,
                    int compare_every) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  ChangingRegistry registry(seed, {"web", "http", "db"}, instances);
  config.is_known = [&registry](std::string_view service) { return registry.is_known(service); };
  RecordingSink sink(config.domain);
  LiveNames names(config, sink);
  int ms = 0;
  for (int step = 0; step < steps && !::testing::Test::HasFailure(); ++step) {
    SCOPED_TRACE("step " + std::to_string(step));
    names.apply(registry.step(), at(ms += step % 7));
    if (step % 3 == 0) names.tick(at(ms));
    if (step % compare_every > 0) continue;
    names.tick(at(ms += 20));  // what was put off
    names.tick(at(ms += 20));  // targets that waited for it
    expect_same_as_fresh(config, names, sink, registry);
  }
}

TEST(LiveNames, FollowingChangesIsTheSameAsStartingAfresh) {
  const unsigned seed = std::random_device{}();
  follow_changes(rich_config(), seed, 4, 3000, 1);
  follow_changes(rich_config(), seed + 1, 60, 1500, 25);
}

TEST(LiveNames, FollowingChangesOfServicesInPanicIsTheSameAsStartingAfresh) {
  const unsigned seed = std::random_device{}();
  for (unsigned i = 0; i < 14; ++i) {
    SCOPED_TRACE("policies of " + std::to_string(i));
    follow_changes(panicking_config(i), seed + i, 3, 300, 1);
  }
}

// Its set is one of the domain's types as well, which is left to the end of the batch.
TEST(LiveNames, PanicEndsWithTheService) {
  PublishConfig config = plain_config();
  config.policy = [](std::string_view) {
    ServicePolicy policy;
    policy.panic_threshold = 0.5;
    return policy;
  };
  RecordingSink sink(name("svc.internal."));
  LiveNames names(config, sink);
  Batch come;
  Batch go;
  for (const char* id : {"i1", "i2", "i3"}) {
    Make make = Make("web", id).at("10.0.0.1").on(port(80));
    if (id[1] != '1') make.state(State::suspended);
    come.changes.push_back(change(nullptr, make.get()));
    go.changes.push_back(change(come.changes.back().after, nullptr));
  }
  names.apply(come, at(0));
  EXPECT_TRUE(names.in_panic("web"));
  names.apply(go, at(1));
  EXPECT_FALSE(names.in_panic("web"));
}

TEST(LiveNames, PublicNamesHaveWhatTheServiceHas) {
  PublishConfig config = plain_config();
  config.public_names = {{"web", {name("www.example.test."), name("_http._tcp.example.test."), name("_web._tcp.example.test.")}},
                         {"nobody", {name("nobody.example.test.")}}};
  RecordingSink sink(name("svc.internal."));
  LiveNames names(config, sink);
  const auto types_at = [&](const char* owner) {
    std::string types;
    for (const RrsetSpec& set : sink.bound().at(owner).rrsets) types += to_string(set.type) + " ";
    return types;
  };
  EXPECT_EQ(types_at("www.example.test."), "") << "there before the service is";
  EXPECT_EQ(types_at("nobody.example.test."), "");
  const auto i1 = Make("web", "i1").at("10.0.0.1").at("2001:db8::1").on(port(443)).on(port(80, "http")).get();
  names.apply(batch(nullptr, i1), at(0));
  EXPECT_EQ(types_at("www.example.test."), "A AAAA SRV ");
  EXPECT_EQ(types_at("_http._tcp.example.test."), "SRV ");
  EXPECT_EQ(test::srv(sink.bound().at("_http._tcp.example.test.").rrsets[0].members[0].rdata).port, 80);
  EXPECT_EQ(test::srv(sink.bound().at("_web._tcp.example.test.").rrsets[0].members[0].rdata).port, 443);
  EXPECT_EQ(test::srv(sink.bound().at("www.example.test.").rrsets[2].members[0].rdata).target, "i1.web.svc.internal.");
  config.public_names = {{"web", {name("www.example.test.")}}};
  names.reconfigure(config, at(10));
  EXPECT_EQ(sink.bound().size(), 1u);
  names.apply(batch(i1, nullptr), at(20));
  EXPECT_EQ(types_at("www.example.test."), "");
}

TEST(LiveNames, InPanicAServiceLivesOffTheOneItFallsBackTo) {
  PublishConfig config = plain_config();
  std::vector<std::string> told;
  config.policy = [](std::string_view service) {
    ServicePolicy policy;
    if (service == "web") {
      policy.when_none = WhenNone::fallback;
      policy.fallback_service = "backup";
    }
    return policy;
  };
  config.on_panic = [&](std::string_view service, const Panic& panic) {
    told.push_back(
        std::string(service) +
        (panic.on ? " " + std::to_string(panic.ready) + " of " + std::to_string(panic.candidates) : " over"));
  };
  RecordingSink sink(name("svc.internal."));
  LiveNames names(config, sink);
  const auto well = Make("web", "i1").at("10.0.0.1").on(port(80)).get();
  const auto ill = Make("web", "i1").at("10.0.0.1").on(port(80)).state(State::suspended).get();
  const auto backup = Make("backup", "b1").at("10.0.0.2").on(port(8080)).get();
  const auto address = [&] {
    const auto* spec = sink.find("web.svc.internal.");
    const RrsetSpec* a = test::find(spec->rrsets, RrType::a);
    return a == nullptr || a->members.empty() ? "" : net::to_string(decode_address(a->members[0].rdata));
  };
  names.apply(batch(nullptr, well), at(0));
  EXPECT_EQ(address(), "10.0.0.1");
  EXPECT_FALSE(names.in_panic("web"));
  names.apply(batch(well, ill), at(1));
  EXPECT_EQ(address(), "") << "the other has nobody yet";
  EXPECT_TRUE(names.in_panic("web"));
  names.apply(batch(nullptr, backup), at(2));
  EXPECT_EQ(address(), "10.0.0.2");
  const RrsetSpec* srv = test::find(sink.find("_web._tcp.svc.internal.")->rrsets, RrType::srv);
  ASSERT_EQ(srv->members.size(), 1u);
  EXPECT_EQ(test::srv(srv->members[0].rdata).target, "b1.backup.svc.internal.");
  EXPECT_EQ(srv->note.text, "0 of 1 ready");
  EXPECT_EQ(srv->ttl, 1u);
  names.apply(batch(backup, nullptr), at(3));
  EXPECT_EQ(address(), "");
  names.apply(batch(nullptr, backup), at(4));
  names.apply(batch(ill, well), at(5));
  EXPECT_EQ(address(), "10.0.0.1");
  EXPECT_FALSE(names.in_panic("web"));
  sink.start_counting();
  names.apply(batch(backup, nullptr), at(6));
  for (const std::string& step : sink.log)
    EXPECT_EQ(step.find("web"), std::string::npos) << "it follows no longer";
  EXPECT_THAT(told, ElementsAre("web 0 of 1", "web over"));
  const auto down =
      Make("web", "i1").at("10.0.0.1").on(port(80)).state(State::off).admin(registry::AdminMode::down).get();
  names.apply(batch(nullptr, backup), at(7));
  names.apply(batch(well, down), at(8));
  EXPECT_EQ(address(), "10.0.0.2") << "the operator has moved it there";
  names.apply(batch(down, well), at(9));
  EXPECT_EQ(address(), "10.0.0.1");
}

TEST(LiveNames, FollowingChangesOfLargeSetsIsTheSameAsStartingAfresh) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  RecordingSink sink(name("svc.internal."));
  LiveNames names(plain_config(), sink);
  const Batch start = many(1, 1100, "web");
  std::vector<InstancePtr> live;
  for (const InstanceChange& one : start.changes) live.push_back(one.after);
  names.apply(start, at(0));
  int ms = 100;
  for (int step = 0; step < 150 && !HasFailure(); ++step) {
    InstancePtr& one = live[random() % live.size()];
    if (!one) continue;
    const bool gone = random() % 3 == 0;
    Make other("web0", one->id);
    other.instance = *one;
    other.body = *one->body;
    const auto after = gone ? nullptr : other.weight(static_cast<std::uint16_t>(1 + random() % 9)).get();
    names.apply(batch(one, after), at(ms += 3));
    one = after;
    if (step % 3 == 0) names.tick(at(ms));
  }
  names.tick(at(ms += 20));
  names.tick(at(ms += 20));
  RecordingSink fresh(name("svc.internal."));
  LiveNames rebuilt(plain_config(), fresh);
  Batch rest;
  for (const InstancePtr& one : live) {
    if (one) rest.changes.push_back(change(nullptr, one));
  }
  rebuilt.apply(rest, at(0));
  EXPECT_TRUE(sink.names() == fresh.names());
}

TEST(LiveNames, AWeightCostsTheServicesNamesAndTheInstancesOwn) {
  for (const std::size_t services : {1u, 10u, 300u}) {
    SCOPED_TRACE(services);
    RecordingSink sink(name("svc.internal."));
    LiveNames names(plain_config(), sink);
    Batch all = many(services, 3);
    const InstancePtr before = all.changes.front().after;
    names.apply(all, at(0));
    sink.start_counting();
    Make heavier("s0", "i0");
    heavier.instance = *before;
    heavier.body = *before->body;
    names.apply(batch(before, heavier.weight(9).get()), at(100));
    EXPECT_THAT(sink.log, UnorderedElementsAre("+s0.svc.internal.", "+_s0._tcp.svc.internal.",
                                               "+_http._tcp.s0.svc.internal.", "+i0.s0.svc.internal.",
                                               "+s0\\032i0._http._tcp.svc.internal."));
  }
}

TEST(LiveNames, WhatEachChangeCosts) {
  struct Row {
    const char* why;
    std::function<void(Make&)> change;
    std::size_t puts;
  };
  const Row rows[] = {
      {"what DNS never shows",
       [](Make& m) {
         m.body.meta = "{\"a\":1}";
         m.body.version = "2";
         m.body.attributes = {{"sla", 1}};
       },
       0},
      {"a renewal in another revision", [](Make& m) { m.instance.revision = 99; }, 0},
      {"a lease that is low, without a revision: own names and sets", [](Make& m) { m.low(); }, 5},
      {"a tag: own names, and the sets because of views", [](Make& m) { m.tag("az", "b"); }, 5},
      {"a property: own names alone", [](Make& m) { m.property("a", "b"); }, 2},
      {"a warning, which halves the effective weight: sets", [](Make& m) { m.effective(0.5); }, 3},
      {"draining: sets and the browsing list", [](Make& m) { m.draining(); }, 4},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    RecordingSink sink(name("svc.internal."));
    LiveNames names(plain_config(), sink);
    const Batch all = many(5, 4);
    const InstancePtr before = all.changes.front().after;
    names.apply(all, at(0));
    sink.start_counting();
    Make after("s0", "i0");
    after.instance = *before;
    after.body = *before->body;
    row.change(after);
    names.apply(batch(before, after.get()), at(100));
    EXPECT_EQ(sink.puts, row.puts) << ::testing::PrintToString(sink.log);
    EXPECT_EQ(sink.erases, 0u);
  }
}

TEST(LiveNames, ADirtyNameIsRebuiltOnceABatch) {
  RecordingSink sink(name("svc.internal."));
  LiveNames names(plain_config(), sink);
  const Batch all = many(1, 50);
  names.apply(all, at(0));
  sink.start_counting();
  Batch heavier;
  for (const InstanceChange& one : all.changes) {
    Make make("s0", one.id);
    make.instance = *one.after;
    make.body = *one.after->body;
    const auto first = make.weight(5).get();
    heavier.changes.push_back(change(one.after, first));
    heavier.changes.push_back(change(first, make.weight(7).get()));
  }
  names.apply(heavier, at(100));
  EXPECT_EQ(sink.puts, 3u + 2 * 50u) << "the sets, and two names of each instance";
}

TEST(LiveNames, BehindTheFirstThousandADomainSetIsNotTouched) {
  RecordingSink sink(name("svc.internal."));
  LiveNames names(plain_config(), sink);
  names.apply(many(1200, 1), at(0));
  EXPECT_EQ(test::find(sink.find("_http._tcp.svc.internal.")->rrsets, RrType::ptr)->members.size(), 1000u);
  sink.start_counting();
  const auto late = Make("late", "i1").at("10.0.0.1").on(port(80, "http")).sequence(5000).get();
  names.apply(batch(nullptr, late), at(100));
  EXPECT_THAT(sink.log, ::testing::Not(::testing::Contains("+_http._tcp.svc.internal.")));
  names.apply(batch(late, nullptr), at(200));
  EXPECT_THAT(sink.log, ::testing::Not(::testing::Contains("+_http._tcp.svc.internal.")));
}

TEST(LiveNames, ALargeServiceIsRebuiltAtMostEvery20Ms) {
  RecordingSink sink(name("svc.internal."));
  LiveNames names(plain_config(), sink);
  const Batch all = many(1, 1100);
  names.apply(all, at(0));
  const auto rebuilt = [&sink] { return std::count(sink.log.begin(), sink.log.end(), "+s0.svc.internal."); };
  InstancePtr one = all.changes.front().after;
  sink.start_counting();
  for (int ms = 100; ms < 200; ++ms) {
    Make make("s0", one->id);
    make.instance = *one;
    make.body = *one->body;
    const auto after = make.weight(static_cast<std::uint16_t>(ms)).get();
    names.apply(batch(one, after), at(ms));
    one = after;
    if (ms == 100) {
      EXPECT_EQ(rebuilt(), 1) << "after a quiet time at once";
    }
    if (ms % 10 == 0) names.tick(at(ms));
  }
  EXPECT_EQ(rebuilt(), 5);
  names.tick(at(220));
  EXPECT_EQ(rebuilt(), 6) << "and the last change is not forgotten";
  const auto* shown = test::find(sink.find("s0.svc.internal.")->rrsets, RrType::srv);
  EXPECT_EQ(test::srv(shown->members.at(0).rdata).weight, 199);

  // A member that goes keeps its own name until the set has let go of it.
  names.apply(batch(one, nullptr), at(221));
  EXPECT_NE(sink.find("i0.s0.svc.internal."), nullptr);
  names.tick(at(241));
  EXPECT_EQ(sink.find("i0.s0.svc.internal."), nullptr);
}

TEST(LiveNames, ReconfiguringRebuildsWhatThePolicyConcerns) {
  RecordingSink sink(name("svc.internal."));
  PublishConfig config = plain_config();
  LiveNames names(config, sink);
  Batch all = many(2, 2);
  all.changes.push_back(change(nullptr, Make("s0", "sick")
                                            .at("10.0.0.9")
                                            .on(port(80, "http"))
                                            .tag("az", "a")
                                            .state(State::suspended)
                                            .sequence(99)
                                            .get()));
  names.apply(all, at(0));
  sink.start_counting();
  config.policy = [](std::string_view service) {
    ServicePolicy policy;
    if (service == "s0") policy = {.ttl = 3, .tag_views = {"az"}, .publish_not_ready = true};
    return policy;
  };
  names.reconfigure(config, at(100));
  EXPECT_EQ(std::count(sink.log.begin(), sink.log.end(), "+s1.svc.internal."), 0);
  RecordingSink fresh(config.domain);
  LiveNames rebuilt(config, fresh);
  rebuilt.apply(all, at(0));
  EXPECT_TRUE(sink.names() == fresh.names());
  names.reconfigure(plain_config(), at(200));
  EXPECT_EQ(sink.find("a.az.by.s0.svc.internal."), nullptr);
}

// After each step as if it had been so from the beginning: what changes of an instance is seen wherever it
// shows.
TEST(LiveNames, UrlsTextsAndStatesFollowTheirInstances) {
  const auto config_with = [](bool debug_txt, std::vector<std::string> advice) {
    PublishConfig config = plain_config();
    config.policy = [=](std::string_view) {
      ServicePolicy policy;
      policy.debug_txt = debug_txt;
      policy.advice = advice;
      return policy;
    };
    return config;
  };
  PublishConfig config = config_with(true, {"timeout=1000"});
  RecordingSink sink(config.domain);
  LiveNames names(config, sink);
  InstancePtr now;
  const auto is_as_rebuilt = [&] {
    RecordingSink fresh(config.domain);
    LiveNames rebuilt(config, fresh);
    rebuilt.apply(batch(nullptr, now), at(0));
    return sink.names() == fresh.names();
  };
  struct Step {
    const char* why;
    InstancePtr next;
  };
  const auto made = [](const char* url) { return Make("web", "i1").url(url).sequence(1); };
  const Step steps[] = {
      {"a URL", made("http://10.0.0.1:81/a").get()},
      {"another path: address and port are the same", made("http://10.0.0.1:81/b").get()},
      {"a prefix",
       Make("web", "i1").url("http://10.0.0.1:81/b", registry::AddressType::prefix).sequence(1).get()},
      {"a property", made("http://10.0.0.1:81/b").property("a", "1").get()},
      {"another reason",
       made("http://10.0.0.1:81/b").property("a", "1").reason(registry::Reason::held).get()},
      {"a host that is not resolved", made("http://db:81/b").state(State::starting).get()},
      {"and then it is", made("http://db:81/b").at("10.0.0.2").get()},
      {"no host", made("jms:/Q").get()},
      {"no URL", Make("web", "i1").at("10.0.0.1").on(port(81, "http")).sequence(1).get()},
  };
  int ms = 0;
  for (const Step& step : steps) {
    SCOPED_TRACE(step.why);
    names.apply(batch(now, step.next), at(++ms));
    now = step.next;
    EXPECT_TRUE(is_as_rebuilt());
  }
  EXPECT_NE(sink.find("_health.web.svc.internal."), nullptr);
  for (const auto& [why, next] :
       {std::pair("no advice", config_with(true, {})), std::pair("no states", config_with(false, {})),
        std::pair("all again", config_with(true, {"action=report"}))}) {
    SCOPED_TRACE(why);
    config = next;
    names.reconfigure(config, at(ms += 100));
    EXPECT_TRUE(is_as_rebuilt());
  }
  names.apply(batch(now, nullptr), at(++ms));
  EXPECT_THAT(texts(sink), IsEmpty());
}

// What a reload changes for all services is carried out in pieces of bounded work; a change that comes between two
// of them finds its service as if it were done.
TEST(LiveNames, AReconfigurationOfAllGoesOnInPieces) {
  constexpr std::size_t kServices = 1'000;
  constexpr std::size_t kInstances = 3;
  constexpr std::size_t kNamesAService = 3 + 2 * kInstances + 2;  // two are erased
  constexpr std::ptrdiff_t kMost = (LiveNames::kSweepMembers / kInstances + 2) * kNamesAService + 8;
  RecordingSink sink(name("svc.internal."));
  PublishConfig config = plain_config();
  config.policy = [](std::string_view) {
    ServicePolicy policy;
    policy.tag_views = {"az"};
    return policy;
  };
  LiveNames names(config, sink);
  Batch all;
  for (std::size_t s = 0; s < kServices; ++s) {
    for (std::size_t i = 0; i < kInstances; ++i)
      all.changes.push_back(change(nullptr, Make("s" + std::to_string(s), "i" + std::to_string(i))
                                                .at("10.0.0.1")
                                                .on(port(80, "http"))
                                                .tag("az", i == 0 ? "a" : "b")
                                                .sequence(s * kInstances + i + 1)
                                                .get()));
  }
  names.apply(all, at(0));
  config.ttl = 9;
  config.policy = [](std::string_view) {
    ServicePolicy policy;
    policy.ttl = 9;
    return policy;
  };
  sink.log.clear();
  int ms = 100;
  names.reconfigure(config, at(ms));
  EXPECT_LE(std::ssize(sink.log), kMost);

  // The first instance of each service goes, with the tag view of which it was the last.
  Batch remaining;
  Batch gone;
  for (const InstanceChange& one : all.changes)
    (one.id == "i0" ? gone : remaining).changes.push_back(
        one.id == "i0" ? change(one.after, nullptr) : change(nullptr, one.after));
  for (std::size_t i = 0; i < gone.changes.size(); i += 100) {
    Batch some;
    some.changes.push_back(gone.changes[i]);
    names.apply(some, at(ms));
  }
  int pieces = 0;
  for (sink.log.clear(); pieces == 0 || !sink.log.empty(); ++pieces) {
    sink.log.clear();
    names.tick(at(ms += 10));
    EXPECT_LE(std::ssize(sink.log), kMost) << "piece " << pieces;
  }
  EXPECT_GT(pieces, 8);
  for (std::size_t i = 0; i < gone.changes.size(); ++i) {
    if (i % 100 != 0) names.apply(batch(gone.changes[i].before, nullptr), at(ms += 20));
  }
  names.tick(at(ms += 100));
  RecordingSink fresh(config.domain);
  LiveNames rebuilt(config, fresh);
  rebuilt.apply(remaining, at(0));
  EXPECT_TRUE(sink.names() == fresh.names());
}

TEST(LiveNames, PartsOfABatchMakeTheSameNamesAsTheWhole) {
  const Batch all = many(40, 3);
  RecordingSink whole(name("svc.internal."));
  LiveNames at_once(plain_config(), whole);
  at_once.apply(all, at(0));
  RecordingSink sink(name("svc.internal."));
  LiveNames names(plain_config(), sink);
  for (std::size_t from = 0; from < all.changes.size(); from += 30) {
    Batch part;
    part.changes.assign(all.changes.begin() + static_cast<std::ptrdiff_t>(from),
                        all.changes.begin() + static_cast<std::ptrdiff_t>(std::min(from + 30, all.changes.size())));
    names.apply_part(part, at(0));
  }
  EXPECT_EQ(sink.find("_http._tcp.svc.internal."), nullptr) << "sets over the domain wait for the end";
  names.apply({}, at(0));
  EXPECT_TRUE(sink.names() == whole.names());
  EXPECT_EQ(sink.log.size(), whole.log.size()) << "no name is put twice";
}

TEST(LiveNames, SafeStopFollowsTheDrain) {
  RecordingSink sink(name("svc.internal."));
  LiveNames names(plain_config(), sink);
  const auto serving = Make("web", "i1").at("10.0.0.1").get();
  const auto drained = Make("web", "i1").at("10.0.0.1").draining().get();
  names.apply(batch(nullptr, serving), at(0));
  names.apply(batch(serving, drained), at(1000));
  EXPECT_EQ(names.safe_stop(*drained, at(1000).wall), registry::WallTime(net::Millis(7000)));
  EXPECT_EQ(names.safe_stop(*drained, at(4000).wall), registry::WallTime(net::Millis(7000)));
}

}  // namespace
}  // namespace muster::zones
