// What instances that are given by URLs are in DNS: URI (RFC 7553) where their SRV stand, TXT, and _health.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/zones/support/instances.h"
#include "zones/naming/dns_sd.h"
#include "zones/naming/instance_names.h"
#include "zones/naming/native.h"

namespace muster::zones::naming {
namespace {

using registry::AddressType;
using registry::InstancePtr;
using registry::Protocol;
using registry::Reason;
using registry::State;
using test::find;
using test::ip;
using test::Make;
using test::name;
using test::port;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Kind = SetKey::Kind;

const Name kDomain = name("svc.internal.");
const SetKey kPlain{};
const SetKey kService{Kind::service, Protocol::tcp, "", ""};
const SetKey kHttp{Kind::port, Protocol::tcp, "http", ""};
constexpr const char* kRest = "http://10.0.3.4:9000/rest-services";

ServicePicture picture(const std::vector<InstancePtr>& members, ServicePolicy policy = {}) {
  ServicePicture service;
  service.name = name("web.svc.internal.");
  for (const auto& member : members) service.members.push_back(member.get());
  service.policy = std::move(policy);
  service.ttl = {1, service.policy.ttl};
  return service;
}

SetContent content_of(const SetKey& key, const std::vector<InstancePtr>& members, ServicePolicy policy = {}) {
  SetContent content;
  fill_set(key, picture(members, std::move(policy)), content);
  return content;
}

// "priority weight target" of each, in order.
std::vector<std::string> uris(const SetContent& content) {
  std::vector<std::string> texts;
  const RrsetSpec* rrset = find(content.rrsets, RrType::uri);
  for (const Member& member : rrset ? rrset->members : std::vector<Member>{})
    texts.push_back(rdata_text(RrType::uri, member.rdata));
  return texts;
}

ServicePolicy by(Policy policy) {
  ServicePolicy made;
  made.policy = policy;
  return made;
}

TEST(Uri, RdataIsPriorityWeightAndTheTargetByteForByte) {
  const auto content = content_of(kPlain, {Make("web", "port-9000").url(kRest).get()});
  const Member& member = find(content.rrsets, RrType::uri)->members.at(0);
  EXPECT_EQ(member.rdata.size(), 38U);
  EXPECT_EQ(member.rdata.substr(0, 8), std::string("\0\0\0\1http", 8));
  EXPECT_EQ(member.rdata.substr(4), kRest);
  EXPECT_EQ(member.rdata, encode_uri(0, 1, kRest));
  EXPECT_THAT(uris(content), ElementsAre("0 1 \"http://10.0.3.4:9000/rest-services\""));
}

TEST(Uri, StandsWhereTheSrvOfItsPortStands) {
  const auto instance = Make("web", "i1").url(kRest).get();
  std::vector<SetKey> keys;
  add_set_keys(*instance, {}, keys);
  std::vector<std::string> owners;
  for (const SetKey& key : keys) {
    const auto content = content_of(key, {instance});
    EXPECT_THAT(uris(content), ElementsAre(::testing::HasSubstr(kRest)));
    EXPECT_NE(find(content.rrsets, RrType::srv), nullptr);
    EXPECT_EQ(find(content.rrsets, RrType::txt) != nullptr, key.kind == Kind::plain);
    owners.push_back(owner_of(key, kDomain, "web")->text());
  }
  EXPECT_THAT(owners,
              ElementsAre("web.svc.internal.", "_web._tcp.svc.internal.", "_http._tcp.web.svc.internal."));
}

// Another source may say more of ports, and what has no URL stands beside it.
TEST(Uri, OnlyOfTheUrlsOwnPortAndOnlyOfThoseThatHaveOne) {
  const auto both = Make("web", "i1").url(kRest).on(port(9001, "admin")).get();
  const auto plain = Make("web", "i2").at("10.0.0.2").on(port(80, "http")).get();
  EXPECT_THAT(uris(content_of({Kind::port, Protocol::tcp, "admin", ""}, {both, plain})), IsEmpty());
  EXPECT_EQ(uris(content_of(kHttp, {both, plain})).size(), 1U);
  EXPECT_EQ(find(content_of(kHttp, {both, plain}).rrsets, RrType::srv)->members.size(), 2U);
  EXPECT_THAT(uris(content_of(kPlain, {plain})), IsEmpty());
  EXPECT_EQ(find(content_of(kPlain, {plain}).rrsets, RrType::txt), nullptr);
}

TEST(Uri, NotAtTagViews) {
  const auto instance = Make("web", "i1").url(kRest).tag("az", "a").get();
  const auto content = content_of({Kind::tag, Protocol::tcp, "az", "a"}, {instance});
  EXPECT_THAT(uris(content), IsEmpty());
  EXPECT_NE(find(content.rrsets, RrType::srv), nullptr);
}

TEST(Uri, WithoutHostAtTheServicesNameAlone) {
  for (const char* url : {"jms:/Q.x", "file:///x", "mailto:a@b"}) {
    const auto instance = Make("web", "i1").url(url).get();
    std::vector<SetKey> keys;
    add_set_keys(*instance, {}, keys);
    EXPECT_EQ(keys.size(), 1U) << url;
    const auto content = content_of(kPlain, {instance});
    EXPECT_TRUE(content.any);
    EXPECT_THAT(uris(content), ElementsAre("0 1 \"" + std::string(url) + "\""));
    EXPECT_EQ(find(content.rrsets, RrType::a), nullptr) << "NODATA";
    EXPECT_EQ(find(content.rrsets, RrType::srv), nullptr);
    EXPECT_THAT(test::txt(find(content.rrsets, RrType::txt)->members.at(0).rdata), ElementsAre("type=url"));
  }
}

struct PolicyRow {
  Policy policy;
  Order order;
  std::uint16_t at_most;
  std::vector<std::string> uris;  // of a: priority 1 weight 10, b: priority 1 weight 30
};

TEST(Uri, PrioritiesWeightsAndChoiceAreThoseOfSrv) {
  const auto a = Make("web", "a").url("http://10.0.0.1/a").priority(1).weight(10).get();
  const auto b = Make("web", "b").url("http://10.0.0.2/b").priority(1).weight(30).get();
  const PolicyRow rows[] = {
      {Policy::weighted_failover,
       Order::weighted,
       0,
       {"1 10 \"http://10.0.0.1/a\"", "1 30 \"http://10.0.0.2/b\""}},
      {Policy::weighted, Order::weighted, 1, {"1 10 \"http://10.0.0.1/a\"", "1 30 \"http://10.0.0.2/b\""}},
      {Policy::single, Order::fixed, 1, {"1 10 \"http://10.0.0.1/a\""}},
      {Policy::failover, Order::fixed, 0, {"0 1 \"http://10.0.0.1/a\"", "10 1 \"http://10.0.0.2/b\""}},
      {Policy::round_robin, Order::rotated, 1, {"1 1 \"http://10.0.0.1/a\"", "1 1 \"http://10.0.0.2/b\""}},
      {Policy::round_robin_failover,
       Order::rotated,
       0,
       {"1 1 \"http://10.0.0.1/a\"", "1 1 \"http://10.0.0.2/b\""}},
      {Policy::hash, Order::hashed, 1, {"1 1 \"http://10.0.0.1/a\"", "1 1 \"http://10.0.0.2/b\""}},
      {Policy::all, Order::fixed, 0, {"1 10 \"http://10.0.0.1/a\"", "1 30 \"http://10.0.0.2/b\""}},
  };
  for (const PolicyRow& row : rows) {
    SCOPED_TRACE(to_string(row.policy));
    const auto content = content_of(kHttp, {a, b}, by(row.policy));
    const RrsetSpec* rrset = find(content.rrsets, RrType::uri);
    ASSERT_NE(rrset, nullptr);
    EXPECT_EQ(uris(content), row.uris);
    EXPECT_EQ(rrset->order, row.order);
    EXPECT_EQ(rrset->at_most, row.at_most);
    // The same choice, whatever it is.
    const RrsetSpec* srv = find(content.rrsets, RrType::srv);
    EXPECT_EQ(srv->order, rrset->order);
    EXPECT_EQ(srv->at_most, rrset->at_most);
    EXPECT_EQ(srv->ttl, rrset->ttl);
    EXPECT_EQ(srv->ranked, rrset->ranked);
    EXPECT_EQ(srv->overflow, rrset->overflow);
    ASSERT_EQ(srv->members.size(), rrset->members.size());
    for (std::size_t i = 0; i < srv->members.size(); ++i) {
      EXPECT_EQ(srv->members[i].weight, rrset->members[i].weight) << i;
      EXPECT_EQ(srv->members[i].id, rrset->members[i].id) << i;
      EXPECT_EQ(srv->members[i].rdata.substr(0, 4), rrset->members[i].rdata.substr(0, 4)) << i;
    }
  }
}

TEST(Uri, NobodyReadyIsAsTheServiceWishes) {
  const auto down = Make("web", "a").url(kRest).state(State::suspended).get();
  const auto up = Make("web", "b").url("http://10.0.0.2/").get();
  EXPECT_THAT(uris(content_of(kPlain, {down, up})), ElementsAre("0 1 \"http://10.0.0.2/\""))
      << "the ready one";
  EXPECT_EQ(uris(content_of(kPlain, {down})).size(), 1U) << "all, in panic";
  ServicePolicy none;
  none.when_none = WhenNone::none;
  EXPECT_THAT(uris(content_of(kPlain, {down}, none)), IsEmpty());
  ServicePolicy servfail;
  servfail.when_none = WhenNone::servfail;
  EXPECT_TRUE(find(content_of(kPlain, {down}, servfail).rrsets, RrType::uri)->servfail);
}

TEST(Uri, FallsBackToTheUrlsOfTheOtherService) {
  const auto down = Make("web", "a").url(kRest).state(State::suspended).get();
  const auto other = Make("spare", "x").url("http://10.0.0.9/spare").get();
  ServicePolicy policy;
  policy.when_none = WhenNone::fallback;
  policy.fallback_service = "spare";
  ServicePicture service = picture({down}, policy);
  service.fallback_name = name("spare.svc.internal.");
  service.fallback_members = [&] { return std::vector<const registry::Instance*>{other.get()}; };
  SetContent content;
  fill_set(kPlain, service, content);
  EXPECT_THAT(uris(content), ElementsAre("0 1 \"http://10.0.0.9/spare\""));
  policy.fallback_service.clear();
  policy.fallback_addresses = {ip("192.0.2.9")};
  EXPECT_THAT(uris(content_of(kPlain, {down}, policy)), IsEmpty()) << "an address is no URL";
}

TEST(Uri, EqualRecordsAreOneAndTheirSharesAddUp) {
  const auto a = Make("web", "a").url(kRest).weight(2).get();
  const auto b = Make("web", "b").url("http://10.0.0.2/").weight(2).get();
  const auto again = Make("web", "c").url(kRest).weight(2).get();
  const auto content = content_of(kPlain, {a, b, again});
  const RrsetSpec* rrset = find(content.rrsets, RrType::uri);
  ASSERT_EQ(rrset->members.size(), 2U);
  EXPECT_EQ(rrset->members[0].weight, 2 * rrset->members[1].weight);
  EXPECT_EQ(find(content.rrsets, RrType::txt)->members.size(), 1U);
}

TEST(Uri, OneThatIsNotResolvedHasNoSrv) {
  ServicePolicy policy;
  policy.publish_not_ready = true;
  const auto unresolved = Make("web", "a").url("http://db.example/").state(State::starting).get();
  const auto content = content_of(kPlain, {unresolved}, policy);
  EXPECT_EQ(find(content.rrsets, RrType::srv), nullptr) << "its target would have no address";
  EXPECT_THAT(uris(content), ElementsAre("0 1 \"http://db.example/\""));
  EXPECT_THAT(uris(content_of(kPlain, {unresolved})), IsEmpty()) << "but nobody starting is answered";
}

// ---- TXT

ServicePolicy advising() {
  ServicePolicy policy;
  policy.advice = {"timeout=1000", "action=report"};
  policy.properties = {{"b", "service"}, {"zone", "x"}};
  return policy;
}

TEST(UrlTxt, TypeThenAdviceThenPropertiesByKeyThenTags) {
  const auto instance = Make("web", "i1")
                            .url(kRest, AddressType::prefix)
                            .property("a", "1")
                            .property("b", "own")
                            .tag("az", "t")
                            .tag("zone", "hidden")
                            .get();
  EXPECT_THAT(txt_strings(*instance->body, advising()),
              ElementsAre("type=prefix", "timeout=1000", "action=report", "a=1", "b=own", "zone=x", "az=t"));
  EXPECT_THAT(txt_strings(*instance->body),
              ElementsAre("type=prefix", "a=1", "b=own", "az=t", "zone=hidden"));
}

TEST(UrlTxt, TheInstanceKnowsBetterThanItsServiceButNotItsType) {
  const auto instance =
      Make("web", "i1").url(kRest).property("Timeout", "5").property("type", "odd").tag("TYPE", "odd").get();
  EXPECT_THAT(txt_strings(*instance->body, advising()),
              ElementsAre("type=url", "action=report", "Timeout=5", "b=service", "zone=x"));
  const auto plain = Make("web", "i1").at("10.0.0.1").property("type", "mine").get();
  EXPECT_THAT(txt_strings(*plain->body), ElementsAre("type=mine"))
      << "without a URL it is a word like others";
}

TEST(UrlTxt, AKeyStandsThereOnce) {
  const auto instance = Make("web", "i1").at("10.0.0.1").tag("ACTION", "tag").tag("timeout", "tag").get();
  EXPECT_THAT(txt_strings(*instance->body, advising()),
              ElementsAre("timeout=1000", "action=report", "b=service", "zone=x"));
  ServicePolicy both = advising();
  both.properties = {{"Action", "property"}};
  EXPECT_THAT(txt_strings(*instance->body, both), ElementsAre("timeout=1000", "Action=property"));
}

TEST(UrlTxt, PropertiesBeyond1300OctetsAreLeftOutTheServicesFirst) {
  Make make("web", "i1");
  for (char c = 'b'; c <= 'f'; ++c) make.property(std::string(1, c), std::string(250, 'x'));
  ServicePolicy policy;
  policy.properties = {{"a", std::string(50, 'y')}, {"g", "z"}};
  const auto instance = make.at("10.0.0.1").get();
  const auto strings = txt_strings(*instance->body, policy);
  ASSERT_EQ(strings.size(), 6U);
  EXPECT_EQ(strings.front().substr(0, 2), "b=");
  EXPECT_EQ(strings.back(), "g=z");
  EXPECT_THAT(strings_left_out(*instance->body, policy), ElementsAre("a"));
  std::uint64_t left_out = 7;
  instance_spec(name("i1.web.svc.internal."), *instance, {1, 5}, policy, &left_out);
  EXPECT_EQ(left_out, 8U) << "counted by the one build";
}

TEST(UrlTxt, TheInstancesOwnNameSaysTheSame) {
  const auto instance = Make("web", "i1").url(kRest).property("a", "1").get();
  const NameSpec spec = instance_spec(name("i1.web.svc.internal."), *instance, {1, 5}, advising());
  EXPECT_THAT(test::txt(find(spec.rrsets, RrType::txt)->members.at(0).rdata),
              ElementsAre("type=url", "timeout=1000", "action=report", "a=1", "b=service", "zone=x"));
  EXPECT_EQ(find(spec.rrsets, RrType::uri), nullptr);
}

TEST(UrlTxt, ThoseOfAServiceFitAMessage) {
  std::vector<InstancePtr> members;
  for (int i = 0; i < 100; ++i) {
    Make make("web", "i" + std::to_string(i));
    make.url("http://10.0.0.1/").property("number", std::to_string(100 + i));
    for (const char* key : {"a", "b", "c", "d"}) make.property(key, std::string(240, 'x'));
    members.push_back(make.get());
  }
  const auto content = content_of(kPlain, members);
  const auto& records = find(content.rrsets, RrType::txt)->members;
  std::size_t octets = 0;
  for (const Member& record : records) octets += 12 + record.rdata.size();
  EXPECT_LE(octets, 32U * 1024);
  EXPECT_GT(octets + octets / records.size(), 32U * 1024) << "no more would fit";
  EXPECT_EQ(content.texts_left_out, 100 - records.size());
  EXPECT_EQ(records.front().rdata, encode_txt(txt_strings(*members.front()->body)));
  EXPECT_EQ(records.back().rdata, encode_txt(txt_strings(*members[records.size() - 1]->body)));
  EXPECT_EQ(content_of(kPlain, {members[0]}).texts_left_out, 0U);
}

TEST(UrlTxt, BrowsersGetThePathOfTheUrl) {
  struct Row {
    const char* why;
    Make make;
    std::vector<std::string> strings;
  };
  const Row rows[] = {
      {"the URL's", Make("web", "i1").url("http://10.0.0.1/a/b?c"), {"txtvers=1", "path=/a/b?c", "type=url"}},
      {"its own word",
       Make("web", "i1").url(kRest).property("path", "/x"),
       {"txtvers=1", "path=/x", "type=url"}},
      {"a URL without one", Make("web", "i1").url("http://10.0.0.1"), {"txtvers=1", "type=url"}},
      {"a query alone", Make("web", "i1").url("http://10.0.0.1?x=/y"), {"txtvers=1", "type=url"}},
      {"one that fits no string",
       Make("web", "i1").url("http://10.0.0.1/" + std::string(250, 'p')),
       {"txtvers=1", "type=url"}},
      {"no URL", Make("web", "i1").at("10.0.0.1").on(port(80, "http")), {"txtvers=1"}},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    const auto instance = row.make.get();
    const auto offers = offers_of(*instance);
    const NameSpec spec = browse_spec(*browse_name(kDomain, offers.at(0).type, *instance), offers.at(0),
                                      name("i1.web.svc.internal."), *instance, {1, 5});
    EXPECT_EQ(test::txt(find(spec.rrsets, RrType::txt)->members.at(0).rdata), row.strings);
  }
}

// ---- _health

TEST(HealthTxt, StandsThereWhereTheServiceAsksForIt) {
  const auto instance = Make("web", "i1").at("10.0.0.1").get();
  ServicePolicy policy;
  std::vector<SetKey> keys;
  add_set_keys(*instance, policy, keys);
  EXPECT_EQ(keys.size(), 1U);
  policy.debug_txt = true;
  keys.clear();
  add_set_keys(*instance, policy, keys);
  ASSERT_EQ(keys.size(), 2U);
  EXPECT_EQ(owner_of(keys[1], kDomain, "web")->text(), "_health.web.svc.internal.");
}

TEST(HealthTxt, TellsHowManyAreReadyAndEachState) {
  ServicePolicy policy;
  policy.debug_txt = true;
  Make failing("web", "i2");
  failing.state(State::suspended).reason(Reason::suspended).instance.failure =
      registry::health::FailureClass::refused;
  const std::vector<InstancePtr> members = {
      Make("web", "i1").at("10.0.0.1").get(),
      failing.get(),
      Make("web", "i3")
          .at("10.0.0.3")
          .state(State::off)
          .admin(registry::AdminMode::down)
          .reason(Reason::admin_down)
          .get(),
  };
  const auto content = content_of({Kind::health, Protocol::tcp, "", ""}, members, policy);
  ASSERT_EQ(content.rrsets.size(), 1U);
  EXPECT_EQ(content.rrsets[0].type, RrType::txt);
  EXPECT_EQ(content.rrsets[0].ttl, 1U);
  EXPECT_THAT(test::txt(content.rrsets[0].members.at(0).rdata),
              ElementsAre("ready=1/2", "i1=ACTIVE", "i2=SUSPENDED suspended:refused", "i3=OFF admin_down"));
}

TEST(HealthTxt, ThoseThatFindNoRoomAreCounted) {
  ServicePolicy policy;
  policy.debug_txt = true;
  std::vector<InstancePtr> members;
  for (int i = 0; i < 200; ++i) members.push_back(Make("web", "i" + std::to_string(i)).at("10.0.0.1").get());
  const auto content = content_of({Kind::health, Protocol::tcp, "", ""}, members, policy);
  const std::string& rdata = content.rrsets.at(0).members.at(0).rdata;
  EXPECT_LE(rdata.size(), 1'330U);
  const auto strings = test::txt(rdata);
  EXPECT_EQ(strings.front(), "ready=200/200");
  EXPECT_EQ(strings.back(), "more=" + std::to_string(200 - (strings.size() - 2)));
}

}  // namespace
}  // namespace muster::zones::naming
