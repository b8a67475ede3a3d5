// What is kept of an app beside its instances: which labels, of which places, shared by whom; and the cause
// that a source gives for what is gone.
#include "registry/scheduler_facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "registry/sources/facts_pool.h"
#include "registry/sources/marathon_instances.h"
#include "registry/sources/marathon_parse.h"
#include "registry/sources/mesos_picture.h"
#include "tests/registry/support/mesos_documents.h"

namespace muster::registry::sources {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::vector<IpAddress> no_addresses(const std::string&) { return {}; }

// A source: what it believes, and what of that it has shown.
struct Cluster {
  MesosTable table{MesosGuard{}};
  MesosPicture picture{MesosRules{}};

  SourceStep follow(const MesosTable::Touched& touched, std::int64_t ms = 0) {
    return picture.follow(table, touched, {}, no_addresses, at(ms)).native;
  }
};

std::string ids_of(const SourceStep& step, Cause cause) {
  std::string ids;
  for (const SourceStep::Gone& gone : step.gone) {
    if (gone.cause == cause) ids += (ids.empty() ? "" : " ") + gone.id;
  }
  return ids;
}

TEST(SharedFacts, AreEqualWhenTheySayTheSame) {
  const auto facts = [](const char* app) {
    return SharedFacts(std::make_shared<const SchedulerFacts>(SchedulerFacts{"mesos", app, {}}));
  };
  EXPECT_EQ(facts("a"), facts("a"));
  EXPECT_NE(facts("a"), facts("b"));
  EXPECT_NE(facts("a"), SharedFacts());
  EXPECT_EQ(SharedFacts(), SharedFacts());
  EXPECT_FALSE(facts("a").is_same_as(facts("a")));
}

TEST(FactsPool, HoldsEachOnceAndForgetsWhatNobodyHas) {
  FactsPool pool;
  const SharedFacts kept = pool.share({"mesos", "kept", {{"k", "v"}}});
  EXPECT_TRUE(kept.is_same_as(pool.share({"mesos", "kept", {{"k", "v"}}})));
  EXPECT_FALSE(kept.is_same_as(pool.share({"mesos", "kept", {{"k", "other"}}})));
  for (int i = 0; i < 10'000; ++i) pool.share({"mesos", "app" + std::to_string(i), {}});
  EXPECT_LT(pool.size(), 200U);
  EXPECT_TRUE(kept.is_same_as(pool.share({"mesos", "kept", {{"k", "v"}}})));
}

TEST(MesosFacts, TheTasksLabelsGoBeforeThoseOfItsDiscoveryInfoAndPorts) {
  MesosTask task = task_of("web.0");
  task.labels = {{"a", "task"}, {"HAPROXY_GROUP", "external"}};
  task.discovery = MesosDiscovery{"web.shop", "", {{"a", "discovery"}, {"b", "discovery"}}, {}};
  task.discovery->ports.push_back({8080, "http", "tcp", "", {{"b", "port"}, {"network-scope", "container"}}});
  Cluster cluster;
  const SourceStep step = cluster.follow(cluster.table.replace(cluster_of({task}), at(0)));
  ASSERT_THAT(step.listed, SizeIs(1));
  const SharedFacts& facts = step.listed[0].body->scheduler;
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->source, "mesos");
  EXPECT_EQ(facts->app, "web.shop");
  EXPECT_THAT(facts->labels,
              ElementsAre(std::pair("HAPROXY_GROUP", "external"), std::pair("a", "task"),
                          std::pair("b", "discovery"), std::pair("network-scope", "container")));
  EXPECT_EQ(step.listed[0].body->task, "web.0");
}

TEST(MesosFacts, AreSharedByTheTasksOfAnApp) {
  Cluster cluster;
  std::vector<MesosTask> tasks = tasks_named("web", 3);
  for (MesosTask& task : tasks) task.labels = {{"a", "b"}};
  const SourceStep step = cluster.follow(cluster.table.replace(cluster_of(tasks), at(0)));
  ASSERT_THAT(step.listed, SizeIs(3));
  EXPECT_TRUE(step.listed[0].body->scheduler.is_same_as(step.listed[2].body->scheduler));
  EXPECT_THAT(cluster.follow(cluster.table.replace(cluster_of(tasks), at(1))).listed, IsEmpty())
      << "the same again is no step";
}

// Without a word on it, a port of a task that has its agent's addresses alone is a port there: a merge must
// not take the agent's address for the container's.
TEST(MesosFacts, ThePortsOfATaskAtItsAgentsAddressesAreTheAgents) {
  struct {
    const char* address;  // its own
    const char* scope;    // the port's label; "": none
    PortScope expected;
    const char* why;
  } const rows[] = {
      {"10.0.1.0", "", PortScope::host, "its own address is its agent's"},
      {"", "", PortScope::host, "it has none of its own"},
      {"10.9.0.7", "", PortScope::container, "it has one of its own"},
      {"10.9.0.7", "host", PortScope::host, "the label says so"},
      {"10.0.1.0", "container", PortScope::container, "the label says so"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.why);
    MesosTask task = task_of("web.0");
    if (*row.address != 0) task.statuses[0].networks = {{"", {row.address}}};
    task.discovery = MesosDiscovery{"web", "", {}, {}};
    task.discovery->ports.push_back({31000, "http", "tcp", "", {}});
    if (*row.scope != 0) task.discovery->ports[0].labels = {{"network-scope", row.scope}};
    Cluster cluster;
    const SourceStep step = cluster.follow(cluster.table.replace(cluster_of({task}), at(0)));
    ASSERT_THAT(step.listed, SizeIs(1));
    EXPECT_EQ(step.listed[0].body->ports.at(0).scope, row.expected);
  }
}

TEST(MesosFacts, OnlyAnEndThatWasSeenIsToldAsOne) {
  Cluster cluster;
  const auto tasks = [](std::initializer_list<const char*> ids) {
    std::vector<MesosTask> list;
    for (const char* id : ids) list.push_back(task_of(id));
    return list;
  };
  cluster.follow(cluster.table.replace(cluster_of(tasks({"a.0", "a.1", "a.2", "a.3", "a.4", "a.5"})), at(0)));

  const auto update = [](const char* id, const char* state) {
    return MesosTaskUpdated{"F1", id, state, std::nullopt, ""};
  };
  SourceStep step = cluster.follow(cluster.table.apply(update("a.0", "TASK_FINISHED"), at(1)));
  EXPECT_EQ(ids_of(step, Cause::task_ended), "a.0");
  step = cluster.follow(cluster.table.apply(update("a.1", "TASK_KILLING"), at(2)));
  EXPECT_EQ(ids_of(step, Cause::task_ended), "a.1");

  MesosState state = cluster_of(tasks({"a.4", "a.5"}));
  state.frameworks[0].ended = {"a.2"};
  step = cluster.follow(cluster.table.replace(state, at(3)));
  EXPECT_EQ(ids_of(step, Cause::task_ended), "a.2") << "among the completed";
  EXPECT_EQ(ids_of(step, Cause::source_gone), "a.3") << "merely missing";

  step = cluster.follow(cluster.table.apply(MesosFrameworkRemoved{"F1"}, at(4)));
  EXPECT_EQ(ids_of(step, Cause::task_ended), "a.4 a.5");
}

TEST(MarathonFacts, TheAppsLabelsGoBeforeThoseOfItsPorts) {
  MarathonParser parser(MarathonDocument::apps, {});
  ASSERT_TRUE(parser.write(R"({"apps": [{"id": "/shop/cart",
    "labels": {"HAPROXY_GROUP": "external", "a": "app"},
    "portDefinitions": [{"port": 10000, "protocol": "tcp", "labels": {"a": "port", "b": "port"}}],
    "tasks": [{"id": "cart.1", "host": "10.0.1.4", "ports": [31000], "state": "TASK_RUNNING"},
              {"id": "cart.2", "host": "10.0.1.5", "ports": [31000], "state": "TASK_RUNNING"}]}]})"));
  auto state = parser.finish();
  ASSERT_TRUE(state);
  MarathonPicture picture;
  ASSERT_TRUE(take_apps(picture, std::move(*state), at(0).steady));
  MarathonRules rules;
  rules.source = "dcos";
  const MarathonLook look = look_at_app(
      picture, "/shop/cart", {}, rules, [](std::string_view) { return std::vector<IpAddress>(); }, at(1));
  ASSERT_THAT(look.instances, SizeIs(2));
  const InstanceBody& body = look.instances[0].body;
  EXPECT_EQ(
      *body.scheduler,
      (SchedulerFacts{"dcos", "/shop/cart", {{"HAPROXY_GROUP", "external"}, {"a", "app"}, {"b", "port"}}}));
  EXPECT_EQ(body.task, "cart.1");
  EXPECT_TRUE(body.scheduler.is_same_as(look.instances[1].body.scheduler));
}

}  // namespace
}  // namespace muster::registry::sources
