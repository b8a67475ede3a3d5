// One task, two schedulers: what of it is Marathon's word, what Mesos', and when it is out.
#include <algorithm>

#include "registry/limits.h"
#include "tests/registry/support/fixture.h"

namespace muster::registry::test {
namespace {

const SourceId kMesos{SourceKind::scheduler, "mesos"};
const SourceId kMarathon{SourceKind::marathon, "marathon"};

std::vector<IpAddress> addresses(const std::string& words) {
  std::vector<IpAddress> list;
  for (std::size_t at = 0; at < words.size();) {
    const std::size_t end = std::min(words.find(' ', at), words.size());
    list.push_back(address(words.substr(at, end - at).c_str()));
    at = end + 1;
  }
  return list;
}
std::string text_of(const std::vector<IpAddress>& list) {
  std::string text;
  for (const IpAddress& one : list) text += (text.empty() ? "" : " ") + net::to_string(one);
  return text;
}

// "h31000 c80": a port of the host, one of the container.
std::vector<Port> ports(const std::string& words) {
  std::vector<Port> list;
  for (std::size_t at = 0; at < words.size();) {
    const std::size_t end = std::min(words.find(' ', at), words.size());
    const auto number = static_cast<std::uint16_t>(std::stoi(words.substr(at + 1, end - at - 1)));
    list.push_back(
        {"", number, Protocol::tcp, words[at] == 'h' ? PortScope::host : PortScope::container, 0, {}});
    at = end + 1;
  }
  return list;
}
std::string text_of(const std::vector<Port>& list) {
  std::string text;
  for (const Port& port : list)
    text += (text.empty() ? "" : " ") + std::string(port.scope == PortScope::host ? "h" : "c") +
            std::to_string(port.number);
  return text;
}

struct Said {
  const char* addresses;
  const char* host_addresses;
  const char* ports;
};
InstanceBody body_of(const Said& said) {
  InstanceBody body;
  body.addresses = addresses(said.addresses);
  body.host_addresses = addresses(said.host_addresses);
  body.ports = ports(said.ports);
  return body;
}

class MergeSchedulers : public Fixture {
 protected:
  Outcome say(const SourceId& source, InstanceBody body, Fitness fitness = {}) {
    Registration one = registration("web", "t", std::move(body));
    one.fitness = fitness;
    return registry->apply(SourceStep{source, {}, {one}}, now);
  }
  Outcome unsay(const SourceId& source, Cause cause) {
    return registry->apply(SourceStep{source, {{"web", "t", cause}}, {}}, now);
  }
  std::string from(const std::string& field) const {
    const auto explanation = registry->explain("web", "t", now);
    const auto at = std::ranges::find(explanation->fields, field, &FieldOrigin::field);
    return at == explanation->fields.end() ? "" : at->from;
  }
};

TEST_F(MergeSchedulers, PortsComeFromMarathonAndAddressesOfContainersFromMesosToo) {
  struct {
    Said marathon, mesos, merged;
    const char* from;  // of the addresses
    const char* why;
  } const rows[] = {
      {{"10.0.1.10", "", "h31000"},
       {"10.0.1.99", "", "h31005"},
       {"10.0.1.10", "", "h31000"},
       "marathon",
       "a port of the host: Mesos adds nothing"},
      {{"10.0.1.10", "", "h31000"},
       {"172.17.0.2", "10.0.1.10", "c80 h31000"},
       {"10.0.1.10", "", "h31000"},
       "marathon",
       "an address of the container is none of a port of the host"},
      {{"10.9.0.7", "", "c80"},
       {"10.9.0.7 fd00::7", "", "c80"},
       {"10.9.0.7 fd00::7", "", "c80"},
       "marathon, mesos",
       "Mesos knows an address more"},
      {{"10.9.0.7", "", "c80"},
       {"10.9.0.7", "", "c80"},
       {"10.9.0.7", "", "c80"},
       "marathon",
       "both know the same"},
      {{"", "", "c80"},
       {"10.9.0.7", "", "c8080"},
       {"10.9.0.7", "", "c80"},
       "mesos",
       "Marathon tells no address of the container"},
      {{"", "", "c80"}, {"10.0.1.10", "", "h31000"}, {"", "", "c80"}, "", "nor does Mesos: no pair at all"},
      {{"10.9.0.7", "10.0.1.10", "c80 h31000"},
       {"10.9.0.8 10.0.1.10", "", "c80"},
       {"10.9.0.7 10.9.0.8", "10.0.1.10", "c80 h31000"},
       "marathon, mesos",
       "both kinds of ports; the host's address is not the container's"},
      {{"10.0.1.10", "", ""},
       {"10.9.0.7", "", "c80"},
       {"10.0.1.10", "", ""},
       "marathon",
       "no ports, says Marathon, and nothing of Mesos' is put beside its address"},
      {{"", "", ""},
       {"10.9.0.7", "10.0.1.10", "c80 h31000"},
       {"10.9.0.7", "10.0.1.10", "c80 h31000"},
       "mesos",
       "Marathon knows neither"},
  };
  for (const auto& row : rows) {
    for (const bool mesos_first : {false, true}) {
      SCOPED_TRACE(std::string(row.why) + (mesos_first ? ", Mesos first" : ", Marathon first"));
      begin_anew();
      const auto say_all = [&](bool of_mesos) {
        return of_mesos ? say(kMesos, body_of(row.mesos)) : say(kMarathon, body_of(row.marathon));
      };
      ASSERT_TRUE(say_all(mesos_first));
      ASSERT_TRUE(say_all(!mesos_first));
      const InstanceBody& body = *web("t")->body;
      EXPECT_EQ(text_of(body.addresses), row.merged.addresses);
      EXPECT_EQ(text_of(body.host_addresses), row.merged.host_addresses);
      EXPECT_EQ(text_of(body.ports), row.merged.ports);
      EXPECT_EQ(from("addresses"), row.from);
      EXPECT_EQ(web("t")->sources.size(), 2U);
    }
  }
}

TEST_F(MergeSchedulers, NoMoreAddressesThanAnInstanceMayHave) {
  InstanceBody marathon = body_of({"10.9.0.1", "", "c80"});
  InstanceBody mesos = body_of({"", "", "c80"});
  for (int i = 0; i < 16; ++i)
    mesos.addresses.push_back(address(("10.9.1." + std::to_string(i + 1)).c_str()));
  ASSERT_TRUE(say(kMarathon, marathon));
  ASSERT_TRUE(say(kMesos, mesos));
  EXPECT_EQ(web("t")->body->addresses.size(), kMaxAddresses);
}

TEST_F(MergeSchedulers, AFileGoesBeforeBoth) {
  ASSERT_TRUE(say(kMarathon, body_of({"10.9.0.7", "10.0.1.10", "c80 h31000"})));
  ASSERT_TRUE(say(kMesos, body_of({"10.9.0.8", "", "c80"})));
  ASSERT_TRUE(put_from(SourceKind::fixed, "static", "t", body_at("192.0.2.1", 443)));
  const InstanceBody& body = *web("t")->body;
  EXPECT_EQ(text_of(body.addresses), "192.0.2.1");
  EXPECT_EQ(text_of(body.host_addresses), "") << "its ports are reached at its own address";
  EXPECT_EQ(text_of(body.ports), "h443");
}

TEST_F(MergeSchedulers, MarathonsWordOnWeightsTagsAndFacts) {
  const auto facts = [](const char* source, const char* app) {
    return SharedFacts(std::make_shared<const SchedulerFacts>(SchedulerFacts{source, app, {{"k", source}}}));
  };
  InstanceBody marathon = body_of({"10.0.1.10", "", "h31000"});
  marathon.weight = 7;
  marathon.tags = {{"app", "/shop/cart"}, {"shared", "marathon"}};
  marathon.task = "t";
  marathon.scheduler = facts("marathon", "/shop/cart");
  InstanceBody mesos = body_of({"10.0.1.10", "", "h31000"});
  mesos.weight = 3;
  mesos.priority = 2;
  mesos.tags = {{"agent", "S0"}, {"shared", "mesos"}};
  mesos.task = "t";
  mesos.scheduler = facts("mesos", "cart.shop");
  ASSERT_TRUE(say(kMesos, mesos));
  EXPECT_EQ(web("t")->body->scheduler->app, "cart.shop");
  ASSERT_TRUE(say(kMarathon, marathon));
  InstanceBody beat = body_at("10.0.0.3");
  beat.task = "another";
  ASSERT_TRUE(put("t", 1, beat));

  const InstanceBody& body = *web("t")->body;
  EXPECT_EQ(body.weight, 7);
  EXPECT_EQ(body.priority, 2) << "Marathon names none";
  EXPECT_EQ(body.tags, (Tags{{"agent", "S0"}, {"app", "/shop/cart"}, {"shared", "marathon"}}));
  EXPECT_EQ(*body.scheduler, (SchedulerFacts{"marathon", "/shop/cart", {{"k", "marathon"}}}));
  EXPECT_EQ(body.task, "t") << "the schedulers know which task it is";
  EXPECT_EQ(from("task"), "marathon");
}

TEST_F(MergeSchedulers, FactsThatSayTheSameAreNoChange) {
  const auto with_label = [](const char* value) {
    InstanceBody body = body_at("10.0.1.10");
    body.scheduler = SharedFacts(
        std::make_shared<const SchedulerFacts>(SchedulerFacts{"mesos", "web", {{"HAPROXY_GROUP", value}}}));
    return body;
  };
  ASSERT_TRUE(say(kMesos, with_label("external")));
  registry->take_batch();
  ASSERT_TRUE(say(kMesos, with_label("external")));
  EXPECT_TRUE(registry->take_batch().changes.empty());
  ASSERT_TRUE(say(kMesos, with_label("internal")));
  EXPECT_EQ(registry->take_batch().changes.size(), 1U);
}

TEST_F(MergeSchedulers, OutWhenAnySaysOutGoneWhenNoneListsIt) {
  const InstanceBody body = body_at("10.0.1.10");
  struct {
    const SourceId &first, &second;
  } const orders[] = {{kMesos, kMarathon}, {kMarathon, kMesos}};
  for (const auto& [first, second] : orders) {
    SCOPED_TRACE(first.name + " sees the end");
    begin_anew();
    ASSERT_TRUE(say(first, body));
    ASSERT_TRUE(say(second, body));
    EXPECT_TRUE(web("t")->serving);
    ASSERT_TRUE(unsay(first, Cause::task_ended));
    EXPECT_FALSE(web("t")->serving);
    EXPECT_EQ(web("t")->reason, Reason::task_ended);
    EXPECT_EQ(web("t")->state, State::off);
    ASSERT_TRUE(say(second, body));
    EXPECT_FALSE(web("t")->serving) << "that it is still listed does not bring it back";
    ASSERT_TRUE(unsay(second, Cause::source_gone));
    EXPECT_FALSE(web("t"));
  }
}

TEST_F(MergeSchedulers, WhatMerelyIsNoLongerListedStaysWithTheOther) {
  ASSERT_TRUE(say(kMesos, body_at("10.0.1.10")));
  ASSERT_TRUE(say(kMarathon, body_at("10.0.1.10")));
  ASSERT_TRUE(unsay(kMesos, Cause::source_gone));
  EXPECT_TRUE(web("t")->serving);
  ASSERT_TRUE(unsay(kMarathon, Cause::source_gone));
  EXPECT_FALSE(web("t"));
}

TEST_F(MergeSchedulers, AListingAnewIsANewWord) {
  ASSERT_TRUE(say(kMesos, body_at("10.0.1.10")));
  ASSERT_TRUE(say(kMarathon, body_at("10.0.1.10")));
  ASSERT_TRUE(unsay(kMesos, Cause::task_ended));
  ASSERT_TRUE(say(kMesos, body_at("10.0.1.10")));
  EXPECT_TRUE(web("t")->serving);
}

TEST_F(MergeSchedulers, TheEndOfATaskEndsItsHeartbeats) {
  ASSERT_TRUE(say(kMesos, body_at("10.0.1.10")));
  ASSERT_TRUE(put("t", 5));
  ASSERT_TRUE(unsay(kMesos, Cause::task_ended));
  EXPECT_FALSE(web("t"));
  EXPECT_EQ(code_of(beat("t", 5)), "deregistered");
  EXPECT_EQ(code_of(put("t")), "deregistered") << "nor may it come back without a new generation";
  ASSERT_TRUE(put("t", 6));

  ASSERT_TRUE(say(kMesos, body_at("10.0.1.10")));
  ASSERT_TRUE(unsay(kMesos, Cause::source_gone));
  EXPECT_TRUE(web("t")) << "a source that lists it no longer has seen no end";
}

}  // namespace
}  // namespace muster::registry::test
