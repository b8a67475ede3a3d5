// From a task as Mesos tells it to what is served: addresses, which tasks are wanted, labels.
#include "registry/sources/mesos_instance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "registry/limits.h"
#include "tests/registry/support/mesos_documents.h"

namespace muster::registry::sources {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using Source = IpSource;

const std::vector<IpAddress> kAgent = {*net::parse_ip("10.0.1.10")};

std::string text_of(const std::vector<IpAddress>& addresses) {
  std::string text;
  for (const IpAddress& address : addresses) text += (text.empty() ? "" : " ") + net::to_string(address);
  return text;
}

MesosStatus status_of(double timestamp, std::vector<MesosNetwork> networks, MesosLabels labels = {}) {
  return {"TASK_RUNNING", timestamp, std::nullopt, std::move(labels), std::move(networks)};
}

MesosTask task_with(std::vector<MesosStatus> statuses) {
  MesosTask task = task_of("web.a");
  task.statuses = std::move(statuses);
  return task;
}

MesosRules with_sources(std::vector<Source> sources) {
  MesosRules rules;
  rules.ip_sources = std::move(sources);
  return rules;
}

const MesosLabel kDocker{"Docker.NetworkSettings.IPAddress", "172.17.0.2"};
const MesosLabel kMesos{"MesosContainerizer.NetworkSettings.IPAddress", "10.8.0.3"};

TEST(MesosAddresses, AreThoseOfTheFirstSourceThatHasAny) {
  const MesosTask all = task_with({status_of(1, {{"weave", {"10.9.0.1", "fd00::1"}}}, {kDocker, kMesos})});
  const MesosTask labels = task_with({status_of(1, {}, {kDocker, kMesos})});
  const MesosTask bare = task_with({status_of(1, {})});
  struct Row {
    const MesosTask& task;
    std::vector<Source> sources;
    const char* addresses;
  };
  const Row rows[] = {
      {all, {Source::netinfo, Source::mesos, Source::host}, "10.9.0.1 fd00::1"},
      {all, {Source::docker, Source::netinfo}, "172.17.0.2"},
      {all, {Source::mesos, Source::docker}, "10.8.0.3"},
      {all, {Source::host, Source::netinfo}, "10.0.1.10"},
      {labels, {Source::netinfo, Source::docker, Source::mesos}, "172.17.0.2"},
      {labels, {Source::netinfo, Source::host}, "10.0.1.10"},
      {bare, {Source::netinfo, Source::docker, Source::mesos, Source::host}, "10.0.1.10"},
      {bare, {Source::netinfo}, ""},
  };
  for (const Row& row : rows)
    EXPECT_EQ(text_of(mesos_addresses(row.task, kAgent, with_sources(row.sources))), row.addresses);
  EXPECT_EQ(text_of(mesos_addresses(bare, {}, with_sources({Source::host, Source::netinfo}))), "");
}

TEST(MesosAddresses, AreOfTheNewestReportOfARunningTaskThatHasAny) {
  const std::vector<MesosNetwork> first = {{"", {"10.9.0.1"}}};
  const std::vector<MesosNetwork> second = {{"", {"10.9.0.2"}}};
  struct Row {
    const char* why;
    MesosTask task;
    const char* addresses;
  };
  MesosStatus staging = status_of(9, second);
  staging.state = "TASK_STAGING";
  const Row rows[] = {
      {"the newest", task_with({status_of(1, first), status_of(2, second)}), "10.9.0.2"},
      {"in whatever order", task_with({status_of(2, second), status_of(1, first)}), "10.9.0.2"},
      {"the first of two as old", task_with({status_of(2, first), status_of(2, second)}), "10.9.0.1"},
      {"a later report on health has none", task_with({status_of(1, first), status_of(2, {})}), "10.9.0.1"},
      {"another state does not count", task_with({status_of(1, first), staging}), "10.9.0.1"},
      {"what cannot be used is as none",
       task_with({status_of(1, first), status_of(2, {{"", {"0.0.0.0", "224.0.0.1", "node1", ""}}})}),
       "10.9.0.1"},
      {"some of it", task_with({status_of(2, {{"", {"x", "10.9.0.7", "10.9.0.7", "::ffff:10.9.0.8"}}})}),
       "10.9.0.7 10.9.0.8"},
  };
  for (const Row& row : rows)
    EXPECT_EQ(text_of(mesos_addresses(row.task, kAgent, MesosRules())), row.addresses) << row.why;
}

MesosDiscoveryPort port_of(std::uint16_t number, MesosLabels labels) {
  return {number, "", "tcp", "", std::move(labels)};
}

TEST(MesosAddresses, FollowTheScopesOfPorts) {
  const MesosLabel host{"network-scope", "host"};
  const MesosLabel container{"network-scope", "container"};
  MesosTask task = task_with({status_of(1, {{"weave", {"10.9.0.1"}}, {"calico", {"10.8.0.1"}}})});
  task.discovery.emplace();
  task.discovery->name = "web";
  MesosRules rules;
  const auto with = [&](std::vector<MesosDiscoveryPort> ports) {
    task.discovery->ports = std::move(ports);
    return text_of(mesos_addresses(task, kAgent, rules));
  };
  EXPECT_EQ(with({port_of(80, {host})}), "10.9.0.1 10.8.0.1") << "they do not count";
  rules.port_scope = true;
  EXPECT_EQ(with({port_of(80, {host}), port_of(81, {host})}), "10.0.1.10") << "all are the agent's";
  EXPECT_EQ(with({port_of(80, {host}), port_of(81, {})}), "10.9.0.1 10.8.0.1") << "not all";
  EXPECT_EQ(with({port_of(80, {container, {"network-name", "calico"}})}), "10.8.0.1");
  EXPECT_EQ(with({port_of(80, {container, {"network-name", "none"}})}), "10.0.1.10") << "of no such network";
  EXPECT_EQ(with({}), "10.9.0.1 10.8.0.1");
}

TEST(MesosRules, TheLastGlobThatMatchesDecides) {
  struct Row {
    std::vector<std::string> globs;
    const char* framework;
    bool is_in;
  };
  const Row rows[] = {
      {{"*"}, "marathon", true},
      {{"marathon*"}, "marathon-user", true},
      {{"marathon*"}, "chronos", false},
      {{"*", "!chronos"}, "chronos", false},
      {{"*", "!chronos"}, "marathon", true},
      {{"!chronos"}, "marathon", true},
      {{"!chronos"}, "chronos", false},
      {{"*", "!mara*", "marathon-user"}, "marathon-user", true},
      {{"*", "!mara*", "marathon-user"}, "marathon", false},
  };
  for (const Row& row : rows) {
    MesosRules rules;
    rules.frameworks = row.globs;
    EXPECT_EQ(is_wanted(row.framework, rules), row.is_in) << row.framework << " " << row.globs.back();
  }
}

TEST(MesosRules, ADiscoveryInfoIsPublishedAsFarAsItsVisibilityIsWanted) {
  MesosTask task = task_of("web.a");
  MesosRules rules;
  rules.visibility = {"CLUSTER", "EXTERNAL"};
  EXPECT_TRUE(is_visible(task, rules)) << "it has none";
  task.discovery.emplace();
  task.discovery->name = "web";
  EXPECT_TRUE(is_visible(task, rules)) << "it says nothing";
  task.discovery->visibility = "CLUSTER";
  EXPECT_TRUE(is_visible(task, rules));
  task.discovery->visibility = "FRAMEWORK";
  EXPECT_FALSE(is_visible(task, rules));
}

class TaskAsInstance : public ::testing::Test {
 protected:
  MesosInstance instance() {
    tracked_.task = std::make_shared<const MesosTask>(task_);
    dropped_.clear();
    return mesos_instance_of(tracked_, scheduler_task(tracked_, kAgent, true, rules_), rules_, dropped_);
  }

  MesosTask task_ = task_of("web.a");
  MesosTracked tracked_ = [] {
    MesosTracked tracked;
    tracked.framework = std::make_shared<const MesosFramework>(framework_of("F1", {}));
    MesosAgent agent = agent_of(0);
    agent.region = "eu";
    agent.zone = "eu-1a";
    tracked.agent = std::make_shared<const MesosAgent>(agent);
    return tracked;
  }();
  MesosRules rules_;
  Dropped dropped_;
};

TEST_F(TaskAsInstance, LabelsSayWeightPriorityServiceAndTags) {
  task_.labels = {{"muster.weight", "7"},
                  {"MUSTER_PRIORITY", "2"},
                  {"muster.service", "front"},
                  {"muster.tags", "k=v,k2=v2"}};
  const MesosInstance one = instance();
  EXPECT_EQ(one.service, "front");
  EXPECT_EQ(one.body.weight, 7);
  EXPECT_EQ(one.body.priority, 2);
  EXPECT_THAT(one.body.tags, ElementsAre(Pair("agent", "S0"), Pair("framework", "marathon"), Pair("k", "v"),
                                         Pair("k2", "v2"), Pair("region", "eu"), Pair("zone", "eu-1a")));
  EXPECT_THAT(dropped_, IsEmpty());
}

TEST_F(TaskAsInstance, LabelsOfTheTaskGoBeforeThoseOfItsDiscoveryInfoAndOfPorts) {
  task_.discovery.emplace();
  task_.discovery->name = "web";
  task_.discovery->ports = {port_of(80, {{"weight", "1"}, {"muster.priority", "9"}})};
  EXPECT_EQ(instance().body.weight, 1);
  task_.discovery->labels = {{"weight", "2"}};
  EXPECT_EQ(instance().body.weight, 2);
  task_.labels = {{"weight", "3"}};
  EXPECT_EQ(instance().body.weight, 3);
  EXPECT_EQ(instance().body.priority, 9);
}

TEST_F(TaskAsInstance, LabelsThatAreBadAreLeftOutAndCounted) {
  task_.labels = {{"muster.weight", "65536"}, {"muster.enabled", "maybe"}};
  const MesosInstance one = instance();
  EXPECT_EQ(one.service, "web");
  EXPECT_TRUE(one.is_enabled);
  EXPECT_EQ(one.body.weight, std::nullopt);
  EXPECT_THAT(dropped_, ElementsAre(Pair("bad_label", 2)));
}

TEST_F(TaskAsInstance, LabelsMayTakeATaskOut) {
  task_.labels = {{"muster.enabled", "false"}};
  EXPECT_EQ(instance().service, "");
  EXPECT_FALSE(instance().is_enabled);
}

TEST_F(TaskAsInstance, PortsBeyondThoseOfAnInstanceAreCounted) {
  task_.ports.numbers.clear();
  for (std::uint16_t port = 31'000; port < 31'000 + kMaxPorts + 3; ++port) task_.ports.numbers.push_back(port);
  const MesosInstance found = instance();
  EXPECT_EQ(found.body.ports.size(), kMaxPorts);
  EXPECT_EQ(found.body.ports.front().number, 31'000) << "the lowest stay";
  EXPECT_THAT(dropped_, ElementsAre(Pair("ports_truncated", 3)));
}

TEST_F(TaskAsInstance, ServicesAreNamedByAPattern) {
  rules_.source = "east";
  for (const auto& [pattern, service] : {std::pair("{name}", "web"),
                                         {"{framework}-{name}", "marathon-web"},
                                         {"{source}-{name}", "east-web"},
                                         {"", ""}}) {
    rules_.service_name = pattern;
    EXPECT_EQ(instance().service, service) << pattern;
  }
}

}  // namespace
}  // namespace muster::registry::sources
