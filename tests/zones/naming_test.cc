// Every row of docs/reference/names.md that depends on one service or one instance alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/zones/support/instances.h"
#include "zones/naming/dns_sd.h"
#include "zones/naming/instance_names.h"
#include "zones/naming/label.h"
#include "zones/naming/native.h"
#include "zones/naming/reverse.h"
#include "zones/ready_set.h"

namespace muster::zones::naming {
namespace {

using registry::InstancePtr;
using registry::Protocol;
using registry::State;
using test::find;
using test::ip;
using test::Make;
using test::name;
using test::port;
using test::Srv;
using test::srv;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;
using Kind = SetKey::Kind;

const Name kDomain = name("svc.internal.");

struct Members {
  std::vector<InstancePtr> all;
  ServicePicture picture(ServicePolicy policy = {}) const {
    ServicePicture service;
    service.name = name("web.svc.internal.");
    for (const auto& member : all) service.members.push_back(member.get());
    service.policy = std::move(policy);
    service.ttl = {1, service.policy.ttl};
    return service;
  }
};

// With a set before it in the same place, which must leave no trace.
SetContent set_content(const SetKey& key, const ServicePicture& service) {
  SetContent content;
  for (int round = 0; round < 2; ++round) {
    RrsetSpec& before = content.add();
    before.type = RrType::txt;
    before.at_most = 7;
    before.servfail = true;
    before.note = {"before", 1};
    before.members.resize(5, {std::string(40, 'x'), 9, 9, {net::IpAddress{}, net::IpAddress{}}});
  }
  fill_set(key, service, content);
  return content;
}

std::vector<SetKey> set_keys(const registry::Instance& instance, const ServicePolicy& policy) {
  std::vector<SetKey> keys;
  add_set_keys(instance, policy, keys);
  return keys;
}

std::vector<std::string> owners(const registry::Instance& instance, const ServicePolicy& policy) {
  std::vector<std::string> texts;
  for (const SetKey& key : set_keys(instance, policy))
    texts.push_back(owner_of(key, kDomain, instance.service)->text());
  return texts;
}

TEST(Native, TheSetsAnInstanceStandsIn) {
  struct Row {
    const char* why;
    Make make;
    std::vector<std::string> views;
    std::vector<std::string> owners;
  };
  const Row rows[] = {
      {"no port: the plain name", Make("web", "i1").at("10.0.0.1"), {}, {"web.svc.internal."}},
      {"an unnamed port: by protocol",
       Make("web", "i1").on(port(80)),
       {},
       {"web.svc.internal.", "_web._tcp.svc.internal."}},
      {"named ports, each protocol once",
       Make("web", "i1").on(port(80, "http")).on(port(81, "HTTPS")).on(port(53, "dns", Protocol::udp)),
       {},
       {"web.svc.internal.", "_web._tcp.svc.internal.", "_http._tcp.web.svc.internal.",
        "_https._tcp.web.svc.internal.", "_web._udp.svc.internal.", "_dns._udp.web.svc.internal."}},
      {"a tag is a view when its key is listed",
       Make("web", "i1").tag("az", "A").tag("rack", "7"),
       {"az"},
       {"web.svc.internal.", "a.az.by.web.svc.internal."}},
      {"a value that is no label makes none",
       Make("web", "i1").tag("az", "eu west"),
       {"az"},
       {"web.svc.internal."}},
      {"nor does an empty one, or one of 64",
       Make("web", "i1").tag("a", "").tag("b", std::string(64, 'b')),
       {"a", "b"},
       {"web.svc.internal."}},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    ServicePolicy policy;
    policy.tag_views = row.views;
    EXPECT_EQ(owners(*row.make.get(), policy), row.owners);
  }
}

TEST(Native, PlainNameHoldsAddressesAndFirstPorts) {
  const Members members{{Make("web", "i1")
                             .at("10.0.0.1")
                             .at("2001:db8::1")
                             .on(port(8080, "http"))
                             .on(port(9, "x"))
                             .weight(3)
                             .get(),
                         Make("web", "i2").at("10.0.0.2").get()}};
  const auto content = set_content({}, members.picture());
  ASSERT_EQ(content.rrsets.size(), 3u);
  const RrsetSpec& a = content.rrsets[0];
  EXPECT_EQ(a.type, RrType::a);
  EXPECT_EQ(a.ttl, 5u);
  EXPECT_EQ(a.order, Order::weighted);
  EXPECT_EQ(a.overflow, Overflow::fit) << "what fits is the set (no TC)";
  ASSERT_EQ(a.members.size(), 2u);
  EXPECT_EQ(a.members[0].rdata, std::string("\12\0\0\1", 4));
  EXPECT_EQ(a.members[0].weight, draw_share(3));
  EXPECT_EQ(a.members[1].weight, draw_share(1));
  EXPECT_EQ(content.rrsets[1].type, RrType::aaaa);
  EXPECT_EQ(content.rrsets[1].members.size(), 1u);
  const RrsetSpec& service = content.rrsets[2];
  EXPECT_EQ(service.type, RrType::srv);
  EXPECT_EQ(service.overflow, Overflow::truncate);
  EXPECT_EQ(service.additional_ttl, 5u);
  ASSERT_EQ(service.members.size(), 1u) << "without a port not in it, never port 0";
  EXPECT_EQ(srv(service.members[0].rdata), (Srv{0, 3, 8080, "i1.web.svc.internal."}));
  EXPECT_THAT(service.members[0].addresses, ElementsAre(ip("10.0.0.1"), ip("2001:db8::1")));
}

TEST(Native, ALoweredTtlRemembersTheConfiguredOneAndLeavesNoneBehind) {
  SetContent content;
  fill_set({}, Members{{Make("web", "i1").at("10.0.0.1").lease(9).get()}}.picture(), content);
  EXPECT_EQ(content.rrsets.at(0).ttl, 3u);
  EXPECT_EQ(content.rrsets.at(0).full_ttl, 5u);
  content.clear();
  fill_set({}, Members{{Make("web", "i1").at("10.0.0.1").get()}}.picture(), content);
  EXPECT_EQ(content.rrsets.at(0).ttl, 5u);
  EXPECT_EQ(content.rrsets.at(0).full_ttl, 0u);
}

TEST(Native, PortAndProtocolChooseThePort) {
  const Members members{{Make("web", "i1")
                             .on(port(53, "dns", Protocol::udp))
                             .on(port(8080, "Http"))
                             .on(port(8443, "https"))
                             .get()}};
  const auto ports_at = [&](SetKey key) {
    std::vector<int> ports;
    for (const RrsetSpec& rrset : set_content(key, members.picture()).rrsets) {
      for (const Member& member : rrset.members) ports.push_back(srv(member.rdata).port);
    }
    return ports;
  };
  EXPECT_THAT(ports_at({}), ElementsAre(53));
  EXPECT_THAT(ports_at({Kind::service, Protocol::udp, "", ""}), ElementsAre(53));
  EXPECT_THAT(ports_at({Kind::service, Protocol::tcp, "", ""}), ElementsAre(8080));
  EXPECT_THAT(ports_at({Kind::port, Protocol::tcp, "http", ""}), ElementsAre(8080));
  EXPECT_THAT(ports_at({Kind::port, Protocol::tcp, "https", ""}), ElementsAre(8443));
  EXPECT_THAT(ports_at({Kind::port, Protocol::udp, "http", ""}), IsEmpty());
}

TEST(Native, TagViewHoldsOnlyItsInstances) {
  const Members members{{Make("web", "i1").at("10.0.0.1").on(port(80)).tag("az", "a").get(),
                         Make("web", "i2").at("10.0.0.2").on(port(80)).tag("az", "b").get()}};
  const auto content = set_content({Kind::tag, Protocol::tcp, "az", "b"}, members.picture());
  EXPECT_TRUE(content.any);
  ASSERT_EQ(content.rrsets.size(), 2u);
  EXPECT_THAT(content.rrsets[0].members, ::testing::SizeIs(1));
  EXPECT_EQ(srv(content.rrsets[1].members.at(0).rdata).target, "i2.web.svc.internal.");
  EXPECT_FALSE(set_content({Kind::tag, Protocol::tcp, "az", "c"}, members.picture()).any);
}

TEST(Native, EqualAddressesCollapseAndSrvKeepsEveryPort) {
  const Members members{{Make("web", "i1").at("10.0.0.1").on(port(8001)).weight(2).get(),
                         Make("web", "i2").at("10.0.0.1").on(port(8002)).weight(3).get(),
                         Make("web", "i3").at("10.0.0.3").at("10.0.0.4").on(port(8003)).weight(4).get()}};
  const auto content = set_content({}, members.picture());
  const auto& a = find(content.rrsets, RrType::a)->members;
  ASSERT_EQ(a.size(), 3u);
  EXPECT_EQ(a[0].weight, draw_share(5));
  EXPECT_EQ(a[1].weight, draw_share(2)) << "the share of an instance is split over its addresses";
  EXPECT_EQ(find(content.rrsets, RrType::srv)->members.size(), 3u);
}

TEST(Native, TiersAreSrvPrioritiesAndOnlyTheLowestHasAddresses) {
  const Members members{{Make("web", "i1").at("10.0.0.1").on(port(80)).get(),
                         Make("web", "i2").at("10.0.0.2").on(port(80)).priority(7).get()}};
  const auto content = set_content({}, members.picture());
  EXPECT_EQ(find(content.rrsets, RrType::a)->members.size(), 1u);
  const auto& srvs = find(content.rrsets, RrType::srv)->members;
  ASSERT_EQ(srvs.size(), 2u);
  EXPECT_EQ(srv(srvs[1].rdata).priority, 7);
  EXPECT_EQ(srvs[0].tier, 0);
  EXPECT_EQ(srvs[1].tier, 1) << "tiers are counted, whatever the priorities";
}

TEST(Native, PolicyShowsInTheSet) {
  const Members ready{{Make("web", "i1").at("10.0.0.1").lease(9).get()}};
  ServicePolicy policy;
  policy.answers = 2;
  EXPECT_EQ(set_content({}, ready.picture(policy)).rrsets.at(0).at_most, 2);
  EXPECT_EQ(set_content({}, ready.picture(policy)).rrsets.at(0).ttl, 3u) << "a third of the lease";

  const Members none{{Make("web", "i1").at("10.0.0.1").state(State::suspended).get()}};
  const auto all = set_content({}, none.picture()).rrsets.at(0);
  EXPECT_EQ(all.note, (Note{"0 of 1 ready", 0}));
  EXPECT_EQ(all.ttl, 1u);
  EXPECT_EQ(all.members.size(), 1u);
  policy.when_none = WhenNone::servfail;
  const auto servfail = set_content({}, none.picture(policy)).rrsets.at(0);
  EXPECT_TRUE(servfail.servfail);
  EXPECT_THAT(servfail.members, IsEmpty());
  policy.when_none = WhenNone::none;
  const auto nodata = set_content({}, none.picture(policy)).rrsets.at(0);
  EXPECT_FALSE(nodata.servfail);
  EXPECT_THAT(nodata.members, IsEmpty());
  EXPECT_EQ(nodata.note, (Note{"0 of 1 ready", 0}));
}

TEST(Native, SetsWithASuspectSayThatTheyAreStale) {
  const Members members{{Make("web", "i1").at("10.0.0.1").on(port(80, "http")).get(),
                         Make("web", "i2").at("10.0.0.2").on(port(80, "http")).suspect(7).get()}};
  const Note stale{"heartbeats silent", 7};
  for (const SetKey& key : set_keys(*members.all[0], {})) {
    const SetContent content = set_content(key, members.picture());
    EXPECT_THAT(content.rrsets, Not(IsEmpty()));
    for (const RrsetSpec& rrset : content.rrsets) EXPECT_EQ(rrset.note, stale);
  }
}

TEST(InstanceNames, OfASuspectSayThatTheyAreStale) {
  const auto instance = Make("web", "i1").at("10.0.0.1").on(port(80)).tag("a", "b").suspect(7).get();
  const Name owner = name("i1.web.svc.internal.");
  auto rrsets = instance_spec(owner, *instance, {1, 5}).rrsets;
  const NameSpec browse = browse_spec(owner, offers_of(*instance).at(0), owner, *instance, {1, 5});
  rrsets.insert(rrsets.end(), browse.rrsets.begin(), browse.rrsets.end());
  EXPECT_EQ(rrsets.size(), 5u);
  for (const RrsetSpec& rrset : rrsets) EXPECT_EQ(rrset.note, (Note{"heartbeats silent", 7}));
}

TEST(Native, OnlyDrainedOnesIsNodataNotAMissingName) {
  const Members members{{Make("web", "i1").at("10.0.0.1").on(port(80, "http")).draining().get()}};
  for (const SetKey& key : set_keys(*members.all[0], {})) {
    const auto content = set_content(key, members.picture());
    EXPECT_TRUE(content.any);
    EXPECT_THAT(content.rrsets, IsEmpty());
  }
}

TEST(InstanceNames, HoldEverythingOfOneInstanceWhateverItsState) {
  const auto instance = Make("web", "i1")
                            .at("10.0.0.1")
                            .at("10.0.0.1")
                            .at("2001:db8::1")
                            .on(port(80, "http"))
                            .on(port(53))
                            .on(port(53, "dns", Protocol::udp))
                            .weight(0)
                            .priority(3)
                            .state(State::suspended)
                            .lease(6)
                            .tag("az", "a")
                            .tag("path", "/b")
                            .property("path", "/a")
                            .get();
  const NameSpec spec = instance_spec(name("i1.web.svc.internal."), *instance, {1, 5});
  EXPECT_EQ(find(spec.rrsets, RrType::a)->members.size(), 1u) << "no duplicate record";
  EXPECT_EQ(find(spec.rrsets, RrType::aaaa)->members.size(), 1u);
  const auto& srvs = find(spec.rrsets, RrType::srv)->members;
  ASSERT_EQ(srvs.size(), 2u);
  EXPECT_EQ(srv(srvs[0].rdata), (Srv{3, 1, 80, "i1.web.svc.internal."}));
  EXPECT_EQ(srv(srvs[1].rdata).port, 53);
  EXPECT_THAT(test::txt(find(spec.rrsets, RrType::txt)->members.at(0).rdata), ElementsAre("path=/a", "az=a"));
  for (const RrsetSpec& rrset : spec.rrsets) {
    EXPECT_EQ(rrset.ttl, 2u);
    EXPECT_EQ(rrset.order, Order::fixed);
  }
}

TEST(InstanceNames, SrvShowsTheRegisteredWeight) {
  struct Row {
    const char* why;
    std::uint16_t registered;
    std::uint32_t scale;
    std::uint16_t shown;
  };
  for (const Row& row : {Row{"as registered", 7, 1, 7}, Row{"scaled", 7, 10, 70}, Row{"never 0", 0, 1, 1},
                         Row{"auto: the greatest", 7, 0, 65280}, Row{"auto and 0", 0, 0, 65280},
                         Row{"no more than fits", 60000, 10, 65535}}) {
    SCOPED_TRACE(row.why);
    Make make = Make("web", "i1").at("10.0.0.1").on(port(80, "http")).weight(row.registered).effective(0.25);
    const auto instance = make.get();
    ServicePolicy scaled;
    scaled.srv_weight_scale = row.scale;
    const NameSpec own = instance_spec(name("i1.web.svc.internal."), *instance, {1, 5}, scaled);
    EXPECT_EQ(srv(find(own.rrsets, RrType::srv)->members.at(0).rdata).weight, row.shown);
    const auto offers = offers_of(*instance);
    const NameSpec browsed = browse_spec(*browse_name(kDomain, offers[0].type, *instance), offers[0],
                                         name("i1.web.svc.internal."), *instance, {1, 5}, scaled);
    EXPECT_EQ(srv(find(browsed.rrsets, RrType::srv)->members.at(0).rdata).weight, row.shown);
  }
}

TEST(InstanceNames, AnEmptyOneStillHasAName) {
  EXPECT_THAT(instance_spec(name("i1.web.svc.internal."), *Make("web", "i1").get(), {1, 5}).rrsets,
              IsEmpty());
}

TEST(DnsSd, TypesAndInstanceNames) {
  struct Row {
    const char* why;
    Make make;
    std::vector<std::string> names;
  };
  const Row rows[] = {
      {"a named port is the type",
       Make("web", "i1").on(port(80, "http")),
       {"web\\032i1._http._tcp.svc.internal."}},
      {"an unnamed port goes under the service",
       Make("web", "i1").on(port(53, "", Protocol::udp)),
       {"web\\032i1._web._udp.svc.internal."}},
      {"capitals and spaces stay as written",
       Make("My Web", "i1").on(port(80, "HTTP")),
       {"My\\032Web\\032i1._http._tcp.svc.internal."}},
      {"two unnamed ports of a protocol are one",
       Make("web", "i1").on(port(80)).on(port(81)),
       {"web\\032i1._web._tcp.svc.internal."}},
      {"no port, nothing to browse", Make("web", "i1").at("10.0.0.1"), {}},
      {"63 octets are a label",
       Make("web", std::string(59, 'i')).on(port(80, "http")),
       {"web\\032" + std::string(59, 'i') + "._http._tcp.svc.internal."}},
      {"64 are hashed",
       Make("web", std::string(60, 'i')).on(port(80, "http")),
       {hash_label("web/" + std::string(60, 'i'), 8) + "._http._tcp.svc.internal."}},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    const auto instance = row.make.get();
    std::vector<std::string> names;
    for (const Offer& offer : offers_of(*instance))
      names.push_back(browse_name(kDomain, offer.type, *instance)->text());
    EXPECT_EQ(names, row.names);
  }
}

TEST(DnsSd, InstanceHasSrvAndTxtWithVersionAndPathFirst) {
  const auto instance = Make("web", "i1")
                            .at("10.0.0.1")
                            .on(port(80, "http"))
                            .tag("az", "a")
                            .tag("path", "/x")
                            .property("txtvers", "9")
                            .get();
  const auto offers = offers_of(*instance);
  const NameSpec spec = browse_spec(*browse_name(kDomain, offers[0].type, *instance), offers[0],
                                    name("i1.web.svc.internal."), *instance, {1, 5});
  EXPECT_EQ(srv(find(spec.rrsets, RrType::srv)->members.at(0).rdata),
            (Srv{0, 1, 80, "i1.web.svc.internal."}));
  EXPECT_THAT(find(spec.rrsets, RrType::srv)->members.at(0).addresses, ElementsAre(ip("10.0.0.1")));
  EXPECT_THAT(test::txt(find(spec.rrsets, RrType::txt)->members.at(0).rdata),
              ElementsAre("txtvers=1", "path=/x", "az=a"));
}

TEST(DnsSd, StringsOver255OctetsAreLeftOutAndKeyDiffersFromKeyEquals) {
  const auto instance =
      Make("web", "i1").tag("a", "").tag("b", std::string(254, 'x')).tag("c", std::string(253, 'y')).get();
  EXPECT_THAT(txt_strings(*instance->body), ElementsAre("a=", "c=" + std::string(253, 'y')));
  EXPECT_THAT(strings_left_out(*instance->body), ElementsAre("b"));
}

TEST(DnsSd, FixedNamesSayBrowseHere) {
  std::vector<std::string> texts;
  for (const NameSpec& spec : browsing_domain_specs(kDomain, 5)) {
    texts.push_back(spec.owner.text());
    EXPECT_EQ(spec.rrsets.at(0).members.at(0).rdata, kDomain.wire());
  }
  EXPECT_THAT(texts, UnorderedElementsAre("b._dns-sd._udp.svc.internal.", "lb._dns-sd._udp.svc.internal.",
                                          "r._dns-sd._udp.svc.internal."));
}

TEST(Label, HashIsThePrefixOfZBase32OfSha1) {
  EXPECT_EQ(hash_label("test", 8), "iffe93qc");
  EXPECT_EQ(hash_label("web.aaa", 8), "5quyukpq");
  EXPECT_EQ(hash_label("", 5), "5eh48");
  EXPECT_EQ(hash_label("webapp.instance-c7c3a1de-4b17-11e9-8b2f-70b3d5800001._app.1", 5), "wwhgc");
}

TEST(Reverse, NamesOfAddresses) {
  EXPECT_EQ(reverse_name(ip("10.0.3.7")).text(), "7.3.0.10.in-addr.arpa.");
  EXPECT_EQ(reverse_name(ip("2001:db8::7f")).text(),
            "f.7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.");
  const std::vector<Name> zones = {name("10.in-addr.arpa."), name("3.0.10.in-addr.arpa."),
                                   name("8.b.d.0.1.0.0.2.ip6.arpa.")};
  EXPECT_EQ(reverse_zone_of(reverse_name(ip("10.0.3.7")), zones), 1u) << "the longest";
  EXPECT_EQ(reverse_zone_of(reverse_name(ip("10.0.4.7")), zones), 0u);
  EXPECT_EQ(reverse_zone_of(reverse_name(ip("2001:db8::1")), zones), 2u);
  EXPECT_EQ(reverse_zone_of(reverse_name(ip("192.0.2.1")), zones), std::nullopt);
}

}  // namespace
}  // namespace muster::zones::naming
