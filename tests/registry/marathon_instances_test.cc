// The instances of a Marathon, from its documents to values.
#include "registry/sources/marathon_instances.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "tests/registry/support/marathon_documents.h"

namespace muster::registry::sources {
namespace {

using documents::parsed;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;
using Numbers = std::vector<std::uint16_t>;

constexpr net::Instant kNow{SteadyTime(Millis(1'000'000)), net::WallTime(Millis(1'767'400'000'000))};

std::vector<IpAddress> addresses_of(std::string_view host) {
  if (host == "srv4") return {*net::parse_ip("10.0.1.4"), *net::parse_ip("2001:db8::4")};
  if (host == "srv5") return {*net::parse_ip("10.0.1.5")};
  if (host == "odd")
    return {*net::parse_ip("0.0.0.0"), *net::parse_ip("10.0.1.6"), *net::parse_ip("224.0.0.1")};
  return {};
}

MarathonPicture picture_of(std::string_view apps, std::string_view pods = "[]") {
  MarathonPicture picture;
  EXPECT_TRUE(take_apps(picture, parsed(apps, MarathonDocument::apps), kNow.steady)) << apps;
  EXPECT_TRUE(take_pods(picture, parsed(pods, MarathonDocument::pods), kNow.steady)) << pods;
  return picture;
}

// Of all apps and pods together.
struct Outcome {
  std::vector<MarathonInstance> instances;
  std::vector<std::string> ended;
  MarathonMemory memory;
  std::optional<SteadyTime> look_again;
  Dropped dropped;

  void add(MarathonLook look) {
    std::ranges::move(look.instances, std::back_inserter(instances));
    std::ranges::sort(instances, {}, &MarathonInstance::id);
    std::ranges::move(look.ended, std::back_inserter(ended));
    memory.merge(look.memory);
    if (look.look_again && (!look_again || *look.look_again < *look_again)) look_again = look.look_again;
    for (const auto& [reason, count] : look.dropped) dropped[reason] += count;
  }
};

Outcome outcome_of(const MarathonPicture& picture, const MarathonRules& rules = {},
                   const MarathonMemory& memory = {}, net::Instant now = kNow) {
  Outcome outcome;
  for (const auto& [id, app] : picture.apps)
    outcome.add(look_at_app(picture, id, memory, rules, addresses_of, now));
  for (const auto& [id, pod] : picture.pods)
    outcome.add(look_at_pod(picture, id, memory, rules, addresses_of, now));
  return outcome;
}

std::string text_of(const std::vector<IpAddress>& addresses) {
  std::string text;
  for (const IpAddress& address : addresses) text += (text.empty() ? "" : " ") + net::to_string(address);
  return text;
}

// One app /a with one task a.1 on srv4.
std::string apps_with(const std::string& app, const std::string& task = R"("host": "srv4")") {
  return R"({"apps": [{"id": "/a")" + (app.empty() ? "" : ", " + app) +
         R"(, "tasks": [{"id": "a.1", "state": "TASK_RUNNING", )" + task + "}]}]}";
}

MarathonInstance one_of(const std::string& apps, const MarathonRules& rules = {},
                        Dropped* dropped = nullptr) {
  Outcome outcome = outcome_of(picture_of(apps), rules);
  EXPECT_THAT(outcome.instances, SizeIs(1)) << apps;
  if (dropped != nullptr) *dropped = outcome.dropped;
  return outcome.instances.empty() ? MarathonInstance() : outcome.instances[0];
}

TEST(MarathonInstances, OfTheTutorial) {
  const Outcome outcome = outcome_of(picture_of(documents::kTutorial));
  EXPECT_THAT(outcome.dropped, IsEmpty());
  ASSERT_THAT(outcome.instances, SizeIs(3));
  const MarathonInstance& service = outcome.instances[0];
  EXPECT_EQ(service.id, "serviceapp.aaaa");
  EXPECT_EQ(service.service, "serviceapp");
  EXPECT_EQ(service.reason, VerdictReason::no_result);
  EXPECT_FALSE(service.is_routable());
  EXPECT_EQ(service.app->health_checks.at(0).path, "/ping");
  EXPECT_EQ(text_of(service.body.addresses), "10.0.1.7");
  EXPECT_EQ(service.body.ports, (std::vector<Port>{{"", 31500, Protocol::tcp, PortScope::host, 8081, {}}}));

  const MarathonInstance& web = outcome.instances[1];
  EXPECT_EQ(web.id, "webapp.instance-c7c3a1de-4b17-11e9-8b2f-70b3d5800001._app.1");
  EXPECT_EQ(web.service, "webapp");
  EXPECT_TRUE(web.is_routable());
  EXPECT_EQ(web.state, State::active);
  EXPECT_EQ(web.reason, VerdictReason::ok);
  EXPECT_EQ(text_of(web.body.addresses), "10.0.1.4 2001:db8::4");
  EXPECT_THAT(web.body.host_addresses, IsEmpty());
  EXPECT_EQ(web.body.ports, (std::vector<Port>{{"http", 31292, Protocol::tcp, PortScope::host, 80, {}},
                                               {"https", 31293, Protocol::tcp, PortScope::host, 443, {}}}));
  EXPECT_EQ(web.port_indexes, (Numbers{0, 1}));
  EXPECT_EQ(web.body.weight, 3);
  EXPECT_EQ(web.body.priority, std::nullopt);
  EXPECT_EQ(web.body.task, web.id);
  EXPECT_EQ(web.body.tags, (Tags{{"agent", "20-S0"},
                                 {"app", "/webapp"},
                                 {"framework", "marathon"},
                                 {"region", "eu"},
                                 {"version", "2026-01-02T03:04:05.678Z"},
                                 {"zone", "eu-1a"}}));
  EXPECT_EQ(web.app->id, "/webapp");
  EXPECT_EQ(web.app->labels.at("HAPROXY_GROUP"), "external");
  const MarathonInstance& other = outcome.instances[2];
  EXPECT_EQ(other.reason, VerdictReason::unhealthy);
  EXPECT_EQ(other.state, State::suspended);
  EXPECT_EQ(other.app, web.app) << "shared";
  EXPECT_EQ(outcome.look_again, std::nullopt);
}

struct Row {
  const char* why;
  const char* app;
  const char* task;
  const char* addresses;
  const char* host_addresses;
  std::size_t ports;
  VerdictReason reason = VerdictReason::ok;
};

TEST(MarathonInstances, AddressesFollowTheNetwork) {
  constexpr const char* kContainer =
      R"("networks": [{"mode": "container"}], "container": {"portMappings": [{"containerPort": 80}]})";
  constexpr const char* kMixed =
      R"("networks": [{"mode": "container"}], "container": {"portMappings": [{"containerPort": 80}, {"containerPort": 81, "hostPort": 0}]})";
  constexpr const char* kMapped =
      R"("networks": [{"mode": "container"}], "container": {"portMappings": [{"containerPort": 81, "hostPort": 0}]})";
  constexpr const char* kBridge =
      R"("networks": [{"mode": "container/bridge"}], "container": {"portMappings": [{"containerPort": 80, "hostPort": 0}]})";
  const Row rows[] = {
      {"host", "", R"("host": "srv5", "ports": [31000], "ipAddresses": [{"ipAddress": "172.17.0.2"}])",
       "10.0.1.5", "", 1},
      {"a literal", "", R"("host": "192.0.2.7")", "192.0.2.7", "", 0},
      {"an IPv6 literal", "", R"("host": "2001:db8::7")", "2001:db8::7", "", 0},
      {"host, not resolved: the first address", "",
       R"("host": "none", "ports": [31000], "ipAddresses": [{"ipAddress": "10.0.3.4"}, {"ipAddress": "10.0.3.5"}])",
       "10.0.3.4", "", 1},
      {"host, not resolved, no address", "", R"("host": "none", "ports": [31000])", "", "", 1,
       VerdictReason::no_agent},
      {"unusable ones are left out", "", R"("host": "odd")", "10.0.1.6", "", 0},
      {"bridge", kBridge, R"("host": "srv5", "ports": [31000], "ipAddresses": [{"ipAddress": "172.17.0.2"}])",
       "10.0.1.5", "", 1},
      {"bridge, not resolved", kBridge,
       R"("host": "none", "ports": [31000], "ipAddresses": [{"ipAddress": "172.17.0.2"}])", "", "", 1,
       VerdictReason::no_agent},
      {"container", kContainer,
       R"("host": "srv5", "ipAddresses": [{"ipAddress": "10.9.0.7"}, {"ipAddress": "fd00::7", "protocol": "IPv6"}])",
       "10.9.0.7 fd00::7", "", 1},
      {"container, its agent not resolved", kContainer,
       R"("host": "none", "ipAddresses": [{"ipAddress": "10.9.0.7"}])", "10.9.0.7", "", 1},
      {"container without an address", kContainer, R"("host": "srv5")", "", "", 1, VerdictReason::no_address},
      {"container, all ports on the agent", kMapped,
       R"("host": "srv5", "ports": [31000], "ipAddresses": [{"ipAddress": "10.9.0.7"}])", "10.0.1.5", "", 1},
      {"container, some ports on the agent", kMixed,
       R"("host": "srv5", "ports": [31000], "ipAddresses": [{"ipAddress": "10.9.0.7"}])", "10.9.0.7",
       "10.0.1.5", 2},
      {"the same, its agent not resolved", kMixed,
       R"("host": "none", "ports": [31000], "ipAddresses": [{"ipAddress": "10.9.0.7"}])", "10.9.0.7", "", 1},
      {"the same, without an address", kMixed, R"("host": "srv5", "ports": [31000])", "10.0.1.5", "", 1},
      {"container without ports", R"("networks": [{"mode": "container"}])",
       R"("host": "srv5", "ipAddresses": [{"ipAddress": "10.9.0.7"}])", "10.9.0.7", "", 0},
      {"old ipAddress", R"("ipAddress": {"discovery": {"ports": [{"number": 80}]}})",
       R"("host": "srv5", "ipAddresses": [{"ipAddress": "10.9.0.7"}])", "10.9.0.7", "", 1},
      {"repeated and mapped ones", kContainer,
       R"("host": "srv5", "ipAddresses": [{"ipAddress": "10.9.0.7"}, {"ipAddress": "::ffff:10.9.0.7"}])",
       "10.9.0.7", "", 1},
  };
  for (const Row& row : rows) {
    const MarathonInstance instance = one_of(apps_with(row.app, row.task));
    EXPECT_EQ(text_of(instance.body.addresses), row.addresses) << row.why;
    EXPECT_EQ(text_of(instance.body.host_addresses), row.host_addresses) << row.why;
    EXPECT_THAT(instance.body.ports, SizeIs(row.ports)) << row.why;
    EXPECT_THAT(instance.port_indexes, SizeIs(row.ports)) << row.why;
    EXPECT_EQ(instance.reason, row.reason) << row.why;
    EXPECT_EQ(instance.is_routable(), row.reason == VerdictReason::ok) << row.why;
  }
}

TEST(MarathonInstances, BadAddressesAreLeftOut) {
  Dropped dropped;
  const MarathonInstance instance = one_of(
      apps_with(
          R"("networks": [{"mode": "container"}])",
          R"("host": "0.0.0.0", "ipAddresses": [{"ipAddress": "x"}, {"ipAddress": "0.0.0.0"}, {"ipAddress": "fe80::1%eth0"}, {"ipAddress": "10.9.0.7"}])"),
      {}, &dropped);
  EXPECT_EQ(text_of(instance.body.addresses), "10.9.0.7");
  EXPECT_THAT(dropped, ElementsAre(Pair("bad_address", 4)));
}

TEST(MarathonInstances, LabelsSayMore) {
  const MarathonInstance instance = one_of(apps_with(
      R"("labels": {"muster.service": "Shop", "muster.priority": "2", "muster.tags": "team=blue,version=v2"}, "portDefinitions": [{"port": 80, "labels": {"weight": "9"}}])",
      R"("host": "srv4", "ports": [1], "version": "x")"));
  EXPECT_EQ(instance.service, "shop");
  EXPECT_EQ(instance.body.weight, 9);
  EXPECT_EQ(instance.body.priority, 2);
  EXPECT_EQ(
      instance.body.tags,
      (Tags{
          {"agent", "srv4"}, {"app", "/a"}, {"framework", "marathon"}, {"team", "blue"}, {"version", "v2"}}));
  EXPECT_EQ(one_of(apps_with(R"("labels": {"muster.enabled": "false"})")).service, "");
  Dropped dropped;
  EXPECT_EQ(one_of(apps_with(R"("labels": {"weight": "heavy"})"), {}, &dropped).body.weight, std::nullopt);
  EXPECT_THAT(dropped, ElementsAre(Pair("bad_label", 1)));
}

TEST(MarathonInstances, ServicesAreNamedByRule) {
  MarathonRules rules;
  rules.service_name = "m-{path}";
  rules.framework = "";
  EXPECT_EQ(one_of(apps_with(""), rules).service, "m-a");
  EXPECT_EQ(one_of(apps_with(""), rules).body.tags, (Tags{{"agent", "srv4"}, {"app", "/a"}}));
  rules.service_name = "";
  EXPECT_EQ(one_of(apps_with(R"("labels": {"muster.service": "x"})"), rules).service, "") << "not native";
}

TEST(MarathonInstances, ANameThatThePathMadeIsNotAsGoodAsOneThatALabelGave) {
  const auto look = [](const std::string& more) {
    return look_at_app(picture_of(apps_with(more)), "/a", {}, {}, addresses_of, kNow);
  };
  EXPECT_TRUE(look("").is_named_by_path);
  EXPECT_FALSE(look(R"("labels": {"muster.service": "b"})").is_named_by_path);
  EXPECT_EQ(look(R"("labels": {"muster.service": "b"})").service, "b");
  EXPECT_EQ(look_at_app({}, "/a", {}, {}, addresses_of, kNow).service, "") << "not known";
}

TEST(MarathonInstances, OfPods) {
  const Outcome outcome = outcome_of(picture_of(R"({"apps": []})", documents::kPods));
  ASSERT_THAT(outcome.instances, SizeIs(2));
  const MarathonInstance& pod = outcome.instances[0];
  EXPECT_EQ(pod.id, "prod_pod.instance-11");
  EXPECT_EQ(pod.service, "pod-prod");
  EXPECT_TRUE(pod.is_routable());
  EXPECT_EQ(pod.body.weight, 7);
  EXPECT_EQ(text_of(pod.body.addresses), "10.9.0.7 fd00::7");
  EXPECT_EQ(text_of(pod.body.host_addresses), "10.0.1.4 2001:db8::4");
  EXPECT_THAT(pod.body.ports, SizeIs(3));
  EXPECT_EQ(outcome.instances[1].reason, VerdictReason::unhealthy);
}

TEST(MarathonInstances, EventsActAtOnce) {
  MarathonPicture picture = picture_of(documents::kTutorial, documents::kPods);
  const Outcome before = outcome_of(picture);
  const auto hear = [&](const char* name, const std::string& data) {
    return take_hint(picture, read_marathon_event({name, data}), kNow.steady + Millis(1));
  };
  EXPECT_TRUE(hear(
      "instance_changed_event",
      R"({"instanceId":"webapp.instance-c7c3a1de-4b17-11e9-8b2f-70b3d5800001","condition":"Killing","runSpecId":"/webapp"})"));
  EXPECT_TRUE(hear("status_update_event",
                   R"({"taskId":"serviceapp.aaaa","taskStatus":"TASK_FAILED","appId":"/serviceapp"})"));
  EXPECT_TRUE(hear("instance_health_changed_event",
                   R"({"instanceId":"prod_pod.instance-11","runSpecId":"/prod/pod","healthy":false})"));
  const Outcome after = outcome_of(picture, {}, before.memory);
  ASSERT_THAT(after.instances, SizeIs(4));
  EXPECT_EQ(after.instances[0].reason, VerdictReason::unhealthy);
  EXPECT_EQ(after.instances[2].reason, VerdictReason::killing);
  EXPECT_THAT(after.ended, ElementsAre("serviceapp.aaaa"));
  EXPECT_TRUE(hear("app_terminated_event", R"({"appId":"/webapp"})"));
  EXPECT_THAT(outcome_of(picture, {}, after.memory).instances, SizeIs(2)) << "the pods";
}

TEST(MarathonInstances, TimeIsLookedAtAgainWhenItMatters) {
  const auto apps = [](const char* first, const char* second) {
    return R"({"apps": [{"id": "/a", "tasks": [{"id": "a.1", "host": "srv4", "state": ")" +
           std::string(first) + R"("}, {"id": "a.2", "host": "srv4", "state": ")" + second + "\"}]}]}";
  };
  MarathonRules rules;
  const Outcome up = outcome_of(picture_of(apps("TASK_RUNNING", "TASK_RUNNING")));
  EXPECT_EQ(up.look_again, std::nullopt);
  const Outcome one = outcome_of(picture_of(apps("TASK_RUNNING", "TASK_LOST")), rules, up.memory);
  EXPECT_EQ(one.look_again, kNow.steady + Millis(30'000));
  const Outcome both =
      outcome_of(picture_of(apps("TASK_LOST", "TASK_LOST")), rules, one.memory, kNow + Millis(10'000));
  EXPECT_EQ(both.look_again, kNow.steady + Millis(30'000)) << "the nearest";
  const Outcome later =
      outcome_of(picture_of(apps("TASK_LOST", "TASK_LOST")), rules, both.memory, kNow + Millis(30'000));
  EXPECT_EQ(later.look_again, kNow.steady + Millis(40'000));
  EXPECT_TRUE(later.instances[0].is_routable() && !later.instances[1].is_routable());
}

TEST(MarathonInstances, TasksThatAreGoneAreForgotten) {
  const Outcome up = outcome_of(picture_of(documents::kTutorial));
  EXPECT_THAT(up.memory, SizeIs(3));
  EXPECT_THAT(outcome_of(picture_of(R"({"apps": []})"), {}, up.memory).memory, MarathonMemory());
}

TEST(MarathonInstances, EachIdCountsOnceAndIsOneTheRegistryHolds) {
  const std::string apps =
      R"({"apps": [{"id": "/a", "tasks": [{"id": "x", "host": "srv4"}, {"id": "x", "host": "srv5"}, {"id": "a/b", "host": "srv4"},
    {"id": "a\u0001", "host": "srv4"}, {"id": ")" +
      std::string(256, 'x') + R"(", "host": "srv4"}]}]})";
  const Outcome outcome = outcome_of(picture_of(apps));
  ASSERT_THAT(outcome.instances, SizeIs(1));
  EXPECT_EQ(text_of(outcome.instances[0].body.addresses), "10.0.1.4 2001:db8::4");
  EXPECT_THAT(outcome.dropped, ElementsAre(Pair("bad_task", 4)));
}

TEST(MarathonInstances, AHostIsAskedAboutOnce) {
  int asked = 0;
  const AddressesOf count = [&](std::string_view host) {
    ++asked;
    return addresses_of(host);
  };
  look_at_app(
      picture_of(
          R"({"apps": [{"id": "/a", "tasks": [{"id": "1", "host": "srv4"}, {"id": "2", "host": "srv4"}, {"id": "3", "host": "10.0.0.1"}]}]})"),
      "/a", {}, {}, count, kNow);
  EXPECT_EQ(asked, 1);
}

TEST(MarathonInstances, AreEqualWhenNothingChanged) {
  const Outcome one = outcome_of(picture_of(documents::kTutorial, documents::kPods));
  const Outcome other =
      outcome_of(picture_of(documents::kTutorial, documents::kPods), {}, one.memory);
  EXPECT_EQ(one.instances, other.instances) << "though each has facts of its own";
}

// A random element of a random list is made bad: what comes of all other apps is the same, and of the other
// tasks of its own app, too.
TEST(MarathonInstances, OneBadElementNeverChangesWhatComesOfTheOthers) {
  const char* bad_tasks[] = {"7",
                             "null",
                             "[]",
                             "{}",
                             "\"x\"",
                             R"({"id": 7, "host": "srv4"})",
                             R"({"id": "bad", "host": ""})",
                             R"({"id": "bad", "host": 7})",
                             R"({"id": "a/b", "host": "srv4"})",
                             R"({"id": "bad", "host": "srv4", "state": []})"};
  const char* bad_members[] = {R"("labels": {"weight": "x"})",
                               R"("labels": {"muster.service": 7})",
                               R"("labels": 7)",
                               R"("portDefinitions": [7, "x", {"port": -1}])",
                               R"("networks": [7])",
                               R"("deployments": {})",
                               R"("healthChecks": [7])",
                               R"("readinessCheckResults": [7, {}])",
                               R"("container": 7)",
                               R"("instances": {})"};
  const char* bad_task_members[] = {R"("ports": ["x", 70000])", R"("ipAddresses": [7, {"ipAddress": "x"}])",
                                    R"("startedAt": 7)", R"("servicePorts": {})",
                                    R"("healthCheckResults": [{"alive": 7}])"};
  const unsigned seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const auto pick = [&](std::size_t count) {
    return std::uniform_int_distribution<std::size_t>(0, count - 1)(random);
  };
  constexpr std::size_t kApps = 6, kTasks = 5;
  const auto task = [](std::size_t app, std::size_t one, const std::string& more) {
    const std::string id = std::to_string(app) + "." + std::to_string(one);
    return R"({"id": ")" + id + R"(", "host": "srv4", "state": "TASK_RUNNING", "ports": [)" +
           std::to_string(31000 + app * 10 + one) + "]" + more + "}";
  };
  // The task is another's place, or there is something bad in it; `at` = kTasks: something in the app is bad.
  const auto document = [&](std::size_t bad_app, std::size_t at, bool inside, const std::string& bad) {
    std::string text = R"({"apps": [)";
    for (std::size_t app = 0; app < kApps; ++app) {
      text += (app == 0 ? "" : ",") + std::string(R"({"id": "/app)") + std::to_string(app) + "\"";
      if (app == bad_app && at == kTasks) text += ", " + bad;
      text += R"(, "tasks": [)";
      for (std::size_t one = 0; one < kTasks; ++one) {
        const bool is_bad = app == bad_app && at == one;
        text += one == 0 ? "" : ",";
        text += is_bad && !inside ? bad : task(app, one, is_bad ? ", " + bad : "");
      }
      text += "]}";
    }
    return text + "]}";
  };
  const auto good = outcome_of(picture_of(document(kApps, 0, false, ""))).instances;
  ASSERT_THAT(good, SizeIs(kApps * kTasks));
  for (int round = 0; round < 2'000; ++round) {
    const std::size_t app = pick(kApps), at = pick(kTasks + 1);
    const bool inside = pick(2) == 0;
    const std::string bad = at == kTasks ? bad_members[pick(std::size(bad_members))]
                            : inside     ? bad_task_members[pick(std::size(bad_task_members))]
                                         : bad_tasks[pick(std::size(bad_tasks))];
    const auto others = [&](std::vector<MarathonInstance> instances) {
      std::erase_if(instances, [&](const MarathonInstance& one) {
        return at == kTasks ? one.id.starts_with(std::to_string(app) + ".")
                            : one.id == std::to_string(app) + "." + std::to_string(at);
      });
      return instances;
    };
    const Outcome outcome = outcome_of(picture_of(document(app, at, inside, bad)));
    ASSERT_EQ(others(outcome.instances), others(good)) << bad << " in " << app << " at " << at;
    if (at == kTasks || inside) {
      ASSERT_THAT(outcome.instances, SizeIs(kApps * kTasks)) << bad << " costs no task";
    }
  }
}

}  // namespace
}  // namespace muster::registry::sources
