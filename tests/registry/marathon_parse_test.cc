// The JSON documents of Marathon, read in pieces.
#include "registry/sources/marathon_parse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/registry/support/marathon_documents.h"

namespace muster::registry::sources {
namespace {

using documents::kPods;
using documents::kTutorial;
using documents::parsed;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;
using Document = MarathonDocument;
using Kind = ParseError::Kind;
using Numbers = std::vector<std::uint16_t>;

ParseError refused(std::string_view text, Document document, MarathonLimits limits = {}) {
  MarathonParser parser(document, limits);
  parser.write(text);
  auto state = parser.finish();
  EXPECT_FALSE(state.has_value()) << text;
  return state ? ParseError() : state.error();
}

MarathonApp app_with(const std::string& members, Dropped* dropped = nullptr) {
  const MarathonState state = parsed(R"({"apps": [{"id": "/a", )" + members + "}]}", Document::apps);
  EXPECT_THAT(state.apps, SizeIs(1)) << members;
  if (dropped != nullptr) *dropped = state.dropped;
  return state.apps.empty() ? MarathonApp() : state.apps[0];
}

TEST(MarathonParse, ReadsTheAppsOfTheTutorial) {
  const MarathonState state = parsed(kTutorial, Document::apps);
  EXPECT_TRUE(state.has_list);
  EXPECT_THAT(state.dropped, IsEmpty());
  ASSERT_THAT(state.apps, SizeIs(2));

  MarathonApp webapp;
  webapp.id = "/webapp";
  webapp.version = "2026-01-02T03:04:05.678Z";
  webapp.labels = {{"HAPROXY_GROUP", "external"}, {"weight", "3"}};
  webapp.instances = 2;
  webapp.health_checks = {{"HTTP", "/", 0, 0, 5}};
  webapp.networks = {"host"};
  webapp.definitions = {{false, "http", "tcp", 0, std::nullopt, 80, {}},
                        {false, "https", "tcp", 0, std::nullopt, 443, {}}};
  webapp.tasks.resize(2);
  MarathonTask& first = webapp.tasks[0];
  first.id = "webapp.instance-c7c3a1de-4b17-11e9-8b2f-70b3d5800001._app.1";
  first.host = "srv4";
  first.agent_id = "20-S0";
  first.state = "TASK_RUNNING";
  first.ports = {31292, 31293};
  first.service_ports = {80, 443};
  first.addresses = {"10.0.3.4"};
  first.started_at = net::WallTime(net::Millis(1'767'323'047'000));
  first.staged_at = net::WallTime(net::Millis(1'767'323'046'000));
  first.version = webapp.version;
  first.region = "eu";
  first.zone = "eu-1a";
  first.alive = {true};
  MarathonTask& second = webapp.tasks[1];
  second.id = "webapp.instance-d1d1a1de-4b17-11e9-8b2f-70b3d5800001._app.1";
  second.host = "srv5";
  second.agent_id = "20-S1";
  second.state = "TASK_RUNNING";
  second.ports = {31100, 31101};
  second.started_at = first.started_at;
  second.alive = {false};
  EXPECT_EQ(state.apps[0], webapp);

  const MarathonApp& service = state.apps[1];
  EXPECT_EQ(service.health_checks[0].path, "/ping");
  EXPECT_EQ(service.definitions[0].service_port, 8081);
  EXPECT_THAT(service.tasks[0].alive, IsEmpty()) << "a result that is null has not come";
}

TEST(MarathonParse, ReadsOneApp) {
  const std::string apps(kTutorial);
  const MarathonState whole = parsed(kTutorial, Document::apps);
  const std::size_t first = apps.find("{\"id\": \"/serviceapp\"");
  const std::string one = R"({"app": )" + apps.substr(first, apps.rfind(']') - first) + "}";
  const MarathonState state = parsed(one, Document::app);
  EXPECT_TRUE(state.has_list);
  EXPECT_THAT(state.apps, ElementsAre(whole.apps[1]));
  for (const char* none :
       {"{}", R"({"app": null})", R"({"app": []})", R"({"app": 7})", R"({"message": "gone"})"})
    EXPECT_FALSE(parsed(none, Document::app).has_list) << none;
}

TEST(MarathonParse, ReadsTasksAsTheirApps) {
  const MarathonState state = parsed(R"json({"tasks": [
    {"appId": "/b", "id": "b.1", "host": "h1", "ports": [31000], "servicePorts": [10000], "startedAt": "2026-01-02T03:04:05.678Z"},
    {"appId": "/a", "id": "a.1", "host": "h1", "state": "TASK_STAGING"},
    {"appId": "/b", "id": "b.2", "host": "h2", "ports": [31001], "healthCheckResults": [{"alive": true}]},
    {"id": "x.1", "host": "h2"}, 7]})json",
                                     Document::tasks);
  EXPECT_TRUE(state.has_list);
  ASSERT_THAT(state.apps, SizeIs(2));
  EXPECT_EQ(state.apps[0].id, "/a");
  EXPECT_FALSE(state.apps[0].is_partial);
  EXPECT_THAT(state.apps[1].tasks, SizeIs(2));
  EXPECT_EQ(state.apps[1].tasks[1].ports, (Numbers{31001}));
  EXPECT_THAT(state.dropped, ElementsAre(Pair("bad_task", 2)));
}

TEST(MarathonParse, ReadsPods) {
  const MarathonState state = parsed(kPods, Document::pods);
  EXPECT_TRUE(state.has_list);
  EXPECT_THAT(state.dropped, IsEmpty());
  MarathonPod pod;
  pod.id = "/prod/pod";
  pod.version = "2026-01-05T00:00:00.000Z";
  pod.labels = {{"muster.weight", "7"}};
  pod.endpoints = {{"web", "http", "tcp", 8080, 0, std::nullopt, {{"k", "v"}}},
                   {"web", "dns", "tcp,udp", 53, 0, std::nullopt, {}}};
  pod.instances = {{"prod_pod.instance-11",
                    "STABLE",
                    "srv4",
                    "20-S0",
                    {"10.9.0.7", "fd00::7"},
                    {{"web", "http", "", 0, 31700, true, {}}, {"web", "dns", "", 0, 0, std::nullopt, {}}}},
                   {"prod_pod.instance-22", "DEGRADED", "srv5", "", {}, {}}};
  EXPECT_THAT(state.pods, ElementsAre(pod));
}

TEST(MarathonParse, ReadsOlderForms) {
  const MarathonApp docker = app_with(
      R"("container": {"docker": {"network": "BRIDGE", "portMappings": [{"containerPort": 80, "hostPort": 0, "servicePort": 10001}]}})");
  EXPECT_EQ(docker.docker_network, "BRIDGE");
  EXPECT_THAT(docker.mappings, ElementsAre(MarathonPort{false, "", "", 80, 0, 10001, {}}));
  const MarathonApp both = app_with(
      R"("container": {"portMappings": [{"containerPort": 81, "name": "x", "protocol": "tcp,udp", "hostPort": null}], "docker": {"portMappings": [{"containerPort": 80}]}})");
  EXPECT_THAT(both.mappings, ElementsAre(MarathonPort{false, "x", "tcp,udp", 81, std::nullopt, 0, {}}));
  const MarathonApp own = app_with(
      R"("ipAddress": {"discovery": {"ports": [{"number": 8080, "name": "http", "protocol": "udp"}]}})");
  EXPECT_TRUE(own.has_ip_address);
  EXPECT_THAT(own.discovery_ports,
              ElementsAre(MarathonPort{false, "http", "udp", 8080, std::nullopt, 0, {}}));
  EXPECT_TRUE(app_with(R"("ipAddress": {})").has_ip_address);
  EXPECT_FALSE(app_with(R"("ipAddress": null)").has_ip_address);
  const MarathonApp ports = app_with(R"("ports": [10000, 10001])");
  EXPECT_THAT(ports.ports, SizeIs(2));
  EXPECT_EQ(ports.ports[1].service_port, 10001);
  Dropped dropped;
  EXPECT_THAT(app_with(R"("tasks": [{"id": "a.1", "host": ""}, {"id": "a.2"}])", &dropped).tasks, IsEmpty());
  EXPECT_THAT(dropped, ElementsAre(Pair("no_host", 2)));
}

TEST(MarathonParse, ReadsReadinessAndDeployments) {
  const MarathonApp app = app_with(
      R"("deployments": [{"id": "d1"}], "readinessChecks": [{"name": "r", "timeoutSeconds": 3}, {}],
         "readinessCheckResults": [{"name": "r", "taskId": "a.1", "ready": false}])");
  EXPECT_THAT(app.deployments, ElementsAre("d1"));
  EXPECT_THAT(app.readiness_checks,
              ElementsAre(MarathonReadinessCheck{"r", 3}, MarathonReadinessCheck{"", 10}));
  EXPECT_THAT(app.readiness_results, ElementsAre(MarathonReadinessResult{"r", "a.1", false}));
}

TEST(MarathonParse, PiecesOfAnySizeMakeNoDifference) {
  for (const auto& [text, document] :
       {std::pair{kTutorial, Document::apps}, std::pair{kPods, Document::pods}}) {
    const MarathonState whole = parsed(text, document);
    for (std::size_t cut = 1; cut < text.size(); ++cut) {
      MarathonParser parser(document, {});
      ASSERT_TRUE(parser.write(text.substr(0, cut)));
      ASSERT_TRUE(parser.write(text.substr(cut)));
      ASSERT_EQ(*parser.finish(), whole) << cut;
    }
    MarathonParser parser(document, {});
    for (const char octet : text) ASSERT_TRUE(parser.write({&octet, 1}));
    EXPECT_EQ(*parser.finish(), whole);
  }
}

TEST(MarathonParse, WhatIsCutShortOrNoneIsRefused) {
  for (std::size_t size = 0; size < kTutorial.size(); ++size)
    ASSERT_EQ(refused(kTutorial.substr(0, size), Document::apps).kind, Kind::parse) << size;
  for (const char* text : {"", "[]", "7", "null", "{} {}", "{}x", "<html>", "{\"apps\":[1,]}"})
    EXPECT_EQ(refused(text, Document::apps).kind, Kind::parse) << text;
  EXPECT_THAT(refused("[]", Document::apps).message, HasSubstr("no object"));
  EXPECT_THAT(refused("{}", Document::pods).message, HasSubstr("no array"));
}

TEST(MarathonParse, LimitsAreTold) {
  MarathonLimits limits;
  limits.most_elements = 4;  // two apps, three tasks
  EXPECT_EQ(refused(kTutorial, Document::apps, limits).kind, Kind::limit);
  limits.most_elements = 5;
  EXPECT_THAT(parsed(kTutorial, Document::apps, limits).apps, SizeIs(2));
  limits.most_elements = 2;  // a pod, two instances
  EXPECT_EQ(refused(kPods, Document::pods, limits).kind, Kind::limit);
  limits = {};
  limits.most_octets = kTutorial.size() - 1;
  EXPECT_EQ(refused(kTutorial, Document::apps, limits).kind, Kind::limit);
  EXPECT_EQ(refused("{\"a\":" + std::string(65, '[') + std::string(65, ']') + "}", Document::apps).kind,
            Kind::limit);
  const std::string long_text((64 << 10) + 1, 'x');
  EXPECT_EQ(refused("{\"apps\":[{\"labels\":{\"k\":\"" + long_text + "\"}}]}", Document::apps).kind,
            Kind::limit);
  EXPECT_EQ(refused("{\"apps\":[{\"id\":\"" + long_text + "\"}]}", Document::apps).kind, Kind::limit);

  std::string ports = "31000";
  for (int i = 1; i < 300; ++i) ports += ", " + std::to_string(31000 + i);
  Dropped dropped;
  const MarathonApp app =
      app_with(R"("tasks": [{"id": "a.1", "host": "h", "ports": [)" + ports + "]}]", &dropped);
  EXPECT_THAT(app.tasks[0].ports, SizeIs(256));
  EXPECT_EQ(app.tasks[0].ports.back(), 31255);
  EXPECT_THAT(dropped, ElementsAre(Pair("ports_truncated", 1)));
}

TEST(MarathonParse, NamesAreOfAKibibyteAtMost) {
  const std::string most(1024, 'x');
  const std::string more = most + "x";
  Dropped dropped;
  const auto task = [](const std::string& id) {
    return R"("tasks": [{"id": ")" + id + R"(", "host": "h"}, {"id": "b", "host": "h"}])";
  };
  EXPECT_THAT(app_with(task(most), &dropped).tasks, SizeIs(2));
  EXPECT_THAT(dropped, IsEmpty());
  EXPECT_THAT(app_with(task(more), &dropped).tasks, SizeIs(1));
  EXPECT_THAT(dropped, ElementsAre(Pair("name_too_long", 1)));
  const MarathonApp port =
      app_with(R"("portDefinitions": [{"name": ")" + more + R"("}, {"port": 7}])", &dropped);
  EXPECT_TRUE(port.definitions[0].is_bad);
  EXPECT_EQ(port.definitions[1].service_port, 7);
  EXPECT_THAT(dropped, ElementsAre(Pair("bad_port", 1)));
  const MarathonState state =
      parsed(R"({"apps": [{"id": ")" + more + R"("}, {"id": "/b"}]})", Document::apps);
  EXPECT_THAT(state.apps, SizeIs(1));
  EXPECT_THAT(state.dropped, ElementsAre(Pair("name_too_long", 1)));
}

TEST(MarathonParse, OneTaskIsHeldAtATime) {
  MarathonParser parser(Document::apps, {});
  ASSERT_TRUE(parser.write(R"({"apps": [{"id": "/a", "tasks": [{"id": "0", "host": "h"})"));
  const std::string large(60'000, 'x');
  for (int i = 1; i < 2'000; ++i)
    ASSERT_TRUE(parser.write(", {\"id\": \"" + std::to_string(i) + R"(", "host": "h", "localVolumes": [")" +
                             large + "\"]}"));
  ASSERT_TRUE(parser.write("]}]}"));
  const auto state = parser.finish();
  ASSERT_TRUE(state.has_value());
  EXPECT_THAT(state->apps[0].tasks, SizeIs(2'000));
}

TEST(MarathonParse, AnAppWithoutAListOfTasksSaysSo) {
  for (const char* tasks :
       {"", R"(, "tasks": {})", R"(, "tasks": 7)", R"(, "tasks": null)", R"(, "tasks": "x")"}) {
    const std::string none = R"({"id": "/none")" + std::string(tasks) + "}";
    const MarathonState state =
        parsed(R"({"apps": [)" + none + R"(, {"id": "/b", "tasks": []}, )" + none + "]}", Document::apps);
    ASSERT_THAT(state.apps, SizeIs(3)) << tasks;
    EXPECT_TRUE(state.apps[0].is_partial) << tasks;
    EXPECT_FALSE(state.apps[1].is_partial) << tasks;
    EXPECT_TRUE(state.apps[2].is_partial) << tasks;
  }
  EXPECT_FALSE(parsed(R"({"apps": {}})", Document::apps).has_list);
  EXPECT_FALSE(parsed("{}", Document::apps).has_list);
  EXPECT_FALSE(parsed(R"({"apps": []})", Document::tasks).has_list);
  for (const char* members :
       {"\"instances\": 7", "\"spec\": []", "\"spec\": 7, \"instances\": []", "\"instances\": {}"}) {
    const MarathonState state = parsed("[{\"id\": \"/p\", " + std::string(members) + "}]", Document::pods);
    EXPECT_TRUE(state.pods.at(0).is_partial) << members;
  }
  EXPECT_FALSE(
      parsed(R"([{"id": "/p", "spec": null, "instances": []}])", Document::pods).pods.at(0).is_partial);
}

struct Bad {
  const char* element;
  const char* reason;
  bool is_partial = false;  // what it stands in keeps its last content
};

TEST(MarathonParse, ABadTaskCostsItselfAlone) {
  const Bad rows[] = {
      {"7", "bad_task"},
      {"null", "bad_task"},
      {"[]", "bad_task"},
      {"{}", "bad_task"},
      {R"({"id": 7, "host": "h"})", "bad_task"},
      {R"({"id": "", "host": "h"})", "bad_task"},
      {R"({"id": "x", "host": 7})", "bad_task"},
      {R"({"id": "x", "host": "h", "state": 3})", "bad_task"},
      {R"({"id": "x", "host": "h", "appId": []})", "bad_task"},
      {R"({"id": "x", "host": ""})", "no_host"},
  };
  for (const Bad& row : rows) {
    Dropped dropped;
    const MarathonApp app = app_with(R"("tasks": [{"id": "a", "host": "h"}, )" + std::string(row.element) +
                                         R"(, {"id": "b", "host": "h"}])",
                                     &dropped);
    ASSERT_THAT(app.tasks, SizeIs(2)) << row.element;
    EXPECT_EQ(app.tasks[0].id + app.tasks[1].id, "ab") << row.element;
    EXPECT_THAT(dropped, ElementsAre(Pair(row.reason, 1))) << row.element;
  }
}

TEST(MarathonParse, ABadMemberOfATaskIsLeftOut) {
  const Bad rows[] = {
      {R"("ports": 7)", "bad_port"},
      {R"("ports": ["31000"])", "bad_port"},
      {R"("ports": [70000])", "bad_port"},
      {R"("ports": [-1])", "bad_port"},
      {R"("ports": [1.5])", "bad_port"},
      {R"("servicePorts": [{}])", "bad_port"},
      {R"("ipAddresses": {})", "bad_address"},
      {R"("ipAddresses": [7])", "bad_address"},
      {R"("ipAddresses": [{"ipAddress": 7}])", "bad_address"},
      {R"("ipAddresses": [{}])", "bad_address"},
      {R"("startedAt": 7)", "bad_time"},
      {R"("stagedAt": "yesterday")", "bad_time"},
      {R"("healthCheckResults": 7)", "bad_health"},
      {R"("healthCheckResults": [7])", "bad_health"},
      {R"("healthCheckResults": [{"alive": "yes"}])", "bad_health"},
  };
  for (const Bad& row : rows) {
    Dropped dropped;
    const MarathonApp app =
        app_with(R"("tasks": [{"id": "a", "host": "h", )" + std::string(row.element) + "}]", &dropped);
    ASSERT_THAT(app.tasks, SizeIs(1)) << row.element;
    EXPECT_THAT(app.tasks[0].addresses, IsEmpty()) << row.element;
    EXPECT_THAT(app.tasks[0].alive, IsEmpty()) << row.element;
    EXPECT_THAT(dropped, ElementsAre(Pair(row.reason, 1))) << row.element;
  }
  const MarathonApp app = app_with(R"("tasks": [{"id": "a", "host": "h", "ports": [31000, "x", 31002]}])");
  EXPECT_EQ(app.tasks[0].ports, (Numbers{31000, 0, 31002})) << "a port is known by its place";
}

TEST(MarathonParse, ABadMemberOfAnAppIsLeftOut) {
  const Bad rows[] = {
      {R"("labels": 7)", "bad_label", true},
      {R"("labels": {"k": 7})", "bad_label"},
      {R"("labels": {"": "x"})", "bad_label"},
      {R"("instances": "two")", "bad_number"},
      {R"("healthChecks": {})", "bad_check", true},
      {R"("healthChecks": [7])", "bad_check"},
      {R"("healthChecks": [{"path": 7}])", "bad_check"},
      {R"("readinessChecks": [7])", "bad_check"},
      {R"("readinessCheckResults": [{"taskId": "a"}])", "bad_readiness"},
      {R"("deployments": [7])", "bad_deployment"},
      {R"("networks": [{"mode": 7}])", "bad_network"},
      {R"("networks": "host")", "bad_network", true},
      {R"("portDefinitions": {})", "bad_port", true},
      {R"("portDefinitions": [7])", "bad_port"},
      {R"("portDefinitions": [{"port": "80"}])", "bad_port"},
      {R"("portDefinitions": [{"name": 80}])", "bad_port"},
      {R"("container": [])", "bad_container", true},
      {R"("container": {"portMappings": [{"containerPort": 65536}]})", "bad_port"},
      {R"("container": {"docker": {"network": 7}})", "bad_network"},
      {R"("ipAddress": [])", "bad_network", true},
      {R"("ipAddress": {"discovery": {"ports": [{"number": -1}]}})", "bad_port"},
      {R"("ports": ["80"])", "bad_port"},
      {R"("container": {"docker": 7})", "bad_container", true},
      {R"("container": {"portMappings": {}})", "bad_port", true},
      {R"("ipAddress": {"discovery": {"ports": 7}})", "bad_port", true},
      {R"("deployments": "none")", "bad_deployment", true},
  };
  for (const Bad& row : rows) {
    const MarathonState state =
        parsed(R"({"apps": [{"id": "/a", "tasks": []}, {"id": "/x", )" + std::string(row.element) +
                   R"(, "tasks": [{"id": "x", "host": "h"}]}, {"id": "/b", "tasks": []}]})",
               Document::apps);
    ASSERT_THAT(state.apps, SizeIs(3)) << row.element;
    EXPECT_THAT(state.apps[1].tasks, SizeIs(1)) << row.element;
    EXPECT_EQ(state.apps[1].is_partial, row.is_partial) << row.element;
    EXPECT_EQ(state.apps[2].id, "/b");
    EXPECT_THAT(state.dropped, ElementsAre(Pair(row.reason, 1))) << row.element;
  }
  EXPECT_THAT(app_with(R"("healthChecks": [7, {"path": "/"}])").health_checks, SizeIs(2)) << "each counts";
}

TEST(MarathonParse, ABadAppOrPodCostsItselfAlone) {
  const MarathonState apps = parsed(
      R"({"apps": [7, [], null, {"id": 7, "tasks": [{"id": "x", "host": "h"}]}, {}, {"id": "/b", "tasks": []}]})",
      Document::apps);
  ASSERT_THAT(apps.apps, SizeIs(1));
  EXPECT_THAT(apps.dropped, ElementsAre(Pair("bad_app", 5)));
  const MarathonState pods = parsed(
      R"([7, [], {}, {"id": "/p", "instances": [7, {}, {"id": "i", "status": "STABLE", "containers": [7, {"endpoints": [7,
             {"name": 7}, {"allocatedHostPort": "x"}, {"healthy": 1}, {"name": "ok"}]}], "networks": [7, {"addresses": [7, "10.0.0.1"]}]}]}])",
      Document::pods);
  ASSERT_THAT(pods.pods, SizeIs(1));
  ASSERT_THAT(pods.pods[0].instances, SizeIs(1));
  EXPECT_THAT(pods.pods[0].instances[0].endpoints, SizeIs(1));
  EXPECT_THAT(pods.pods[0].instances[0].addresses, ElementsAre("10.0.0.1"));
  EXPECT_THAT(pods.dropped,
              ElementsAre(Pair("bad_address", 1), Pair("bad_container", 1), Pair("bad_network", 1),
                          Pair("bad_pod", 3), Pair("bad_port", 4), Pair("bad_task", 2)));
}

}  // namespace
}  // namespace muster::registry::sources
