// Ports by network, row by row.
#include "registry/sources/marathon_ports.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "registry/limits.h"
#include "tests/registry/support/marathon_documents.h"

namespace muster::registry::sources {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

// "0 http 31000/tcp host 80": the place, name, number, protocol, scope, service port; "-" for what there is
// not.
std::string said(const TaskPorts& list) {
  std::string text;
  for (std::size_t i = 0; i < list.ports.size(); ++i) {
    const Port& port = list.ports[i];
    if (i > 0) text += "; ";
    text += std::to_string(list.indexes[i]) + " " + (port.name.empty() ? "-" : port.name) + " " +
            std::to_string(port.number) + "/" + std::string(registry::to_string(port.protocol)) +
            (port.scope == PortScope::host ? " host " : " container ") +
            (port.service_port == 0 ? "-" : std::to_string(port.service_port));
  }
  return text;
}

TaskPorts read(const std::string& app, const std::string& task, Dropped* dropped = nullptr) {
  MarathonState state = documents::parsed(
      R"({"apps": [{"id": "/a", )" + app + R"(, "tasks": [{"id": "a.1", "host": "h", )" + task + "}]}]}",
      MarathonDocument::apps);
  EXPECT_THAT(state.apps, SizeIs(1)) << app;
  if (state.apps.empty() || state.apps[0].tasks.empty()) return {};
  Dropped counted;
  const TaskPorts ports = ports_of(state.apps[0], state.apps[0].tasks[0], counted);
  if (dropped != nullptr) *dropped = counted;
  return ports;
}

struct Row {
  const char* why;
  const char* app;
  const char* task;
  const char* ports;
};

TEST(MarathonPorts, FollowTheNetwork) {
  const Row rows[] = {
      {"host: a definition's port is the service port",
       R"("networks": [{"mode": "host"}], "portDefinitions": [{"port": 80, "name": "http"}, {"port": 443, "protocol": "udp"}])",
       R"("ports": [31000, 31001])", "0 http 31000/tcp host 80; 1 - 31001/udp host 443"},
      {"no network given is host", R"("portDefinitions": [{"port": 80}])", R"("ports": [31000])",
       "0 - 31000/tcp host 80"},
      {"service ports of the task win", R"("portDefinitions": [{"port": 80}, {"port": 81}])",
       R"("ports": [31000, 31001], "servicePorts": [10000])",
       "0 - 31000/tcp host 10000; 1 - 31001/tcp host 81"},
      {"a service port 0 says nothing", R"("portDefinitions": [{"port": 80}])",
       R"("ports": [31000], "servicePorts": [0])", "0 - 31000/tcp host 80"},
      {"both protocols", R"("portDefinitions": [{"port": 53, "protocol": "udp,tcp", "name": "dns"}])",
       R"("ports": [31000])", "0 dns 31000/tcp host 53; 0 dns 31000/udp host 53"},
      {"fewer ports than definitions", R"("portDefinitions": [{"port": 80}, {"port": 81}])",
       R"("ports": [31000])", "0 - 31000/tcp host 80"},
      {"no ports", R"("portDefinitions": [{"port": 80}])", R"("x": 1)", ""},
      {"more ports than definitions", R"("portDefinitions": [{"port": 80}])", R"("ports": [31000, 31001])",
       "0 - 31000/tcp host 80; 1 - 31001/tcp host -"},
      {"old ports[]", R"("ports": [10000, 10001])", R"("ports": [31000, 31001])",
       "0 - 31000/tcp host 10000; 1 - 31001/tcp host 10001"},
      {"definitions go before them", R"("ports": [10000], "portDefinitions": [{"port": 10000, "name": "x"}])",
       R"("ports": [31000])", "0 x 31000/tcp host 10000"},
      {"a bad port keeps its place", R"("portDefinitions": [{"port": 80}, {"port": 81}])",
       R"("ports": ["x", 31001])", "1 - 31001/tcp host 81"},
      {"a bad definition, too", R"("portDefinitions": [7, {"port": 81}])", R"("ports": [31000, 31001])",
       "1 - 31001/tcp host 81"},
      {"another protocol",
       R"("portDefinitions": [{"port": 80, "protocol": "sctp"}, {"port": 81, "protocol": "TCP"}])",
       R"("ports": [31000, 31001])", "1 - 31001/tcp host 81"},

      {"bridge", R"("networks": [{"mode": "container/bridge"}], "container": {"portMappings": [
        {"containerPort": 8080, "hostPort": 0, "servicePort": 10000, "name": "http"}, {"containerPort": 9090, "hostPort": 0}]})",
       R"("ports": [31000, 31001])", "0 http 31000/tcp host 10000; 1 - 31001/tcp host -"},
      {"bridge without hostPort",
       R"("networks": [{"mode": "container/bridge"}], "container": {"portMappings": [{"containerPort": 8080}, {"containerPort": 9090}]})",
       R"("ports": [31000, 31001])", "0 - 31000/tcp host -; 1 - 31001/tcp host -"},
      {"old bridge",
       R"("container": {"docker": {"network": "BRIDGE", "portMappings": [{"containerPort": 80, "hostPort": 0, "servicePort": 10001, "protocol": "tcp,udp"}]}})",
       R"("ports": [31000])", "0 - 31000/tcp host 10001; 0 - 31000/udp host 10001"},
      {"old host", R"("container": {"docker": {"network": "HOST"}}, "portDefinitions": [{"port": 80}])",
       R"("ports": [31000])", "0 - 31000/tcp host 80"},

      {"container without hostPort",
       R"("networks": [{"mode": "container", "name": "weave"}], "container": {"portMappings": [{"containerPort": 8080, "name": "http", "servicePort": 10000}, {"containerPort": 53, "protocol": "udp"}]})",
       R"("ipAddresses": [{"ipAddress": "10.9.0.7"}])",
       "0 http 8080/tcp container 10000; 1 - 53/udp container -"},
      {"container, some with hostPort",
       R"("networks": [{"mode": "container"}], "container": {"portMappings": [{"containerPort": 1}, {"containerPort": 2, "hostPort": 0}, {"containerPort": 3},
        {"containerPort": 4, "hostPort": 31999}]})",
       R"("ports": [31000, 31999], "servicePorts": [101, 102, 103, 104])",
       "0 - 1/tcp container 101; 1 - 31000/tcp host 102; 2 - 3/tcp container 103; 3 - 31999/tcp host 104"},
      {"fewer than have a hostPort",
       R"("networks": [{"mode": "container"}], "container": {"portMappings": [{"containerPort": 2, "hostPort": 0}, {"containerPort": 4, "hostPort": 0}]})",
       R"("ports": [31000])", "0 - 31000/tcp host -"},
      {"a bad mapping keeps its place on the agent",
       R"("networks": [{"mode": "container"}], "container": {"portMappings": [{"containerPort": "x", "hostPort": 0}, {"containerPort": 4, "hostPort": 0}]})",
       R"("ports": [31000, 31001])", "1 - 31001/tcp host -"},
      {"one that is none at all, and had a port there",
       R"("networks": [{"mode": "container"}], "container": {"portMappings": [7, {"containerPort": 4, "hostPort": 0}]})",
       R"("ports": [31000, 31001])", "1 - 31001/tcp host -"},
      {"one that is none at all, and had none",
       R"("networks": [{"mode": "container"}], "container": {"portMappings": [7, {"containerPort": 4, "hostPort": 0}]})",
       R"("ports": [31000])", "1 - 31000/tcp host -"},
      {"container port 0",
       R"("networks": [{"mode": "container"}], "container": {"portMappings": [{"containerPort": 0}, {"containerPort": 4}]})",
       R"("x": 1)", "1 - 4/tcp container -"},
      {"old USER", R"("container": {"docker": {"network": "USER", "portMappings": [{"containerPort": 80}]}})",
       R"("x": 1)", "0 - 80/tcp container -"},
      {"old ipAddress",
       R"("ipAddress": {"discovery": {"ports": [{"number": 8080, "name": "http", "protocol": "tcp"}, {"number": 53, "protocol": "udp"}]}})",
       R"("ipAddresses": [{"ipAddress": "10.9.0.7"}])",
       "0 http 8080/tcp container -; 1 - 53/udp container -"},
      {"mappings go before discovery",
       R"("ipAddress": {"discovery": {"ports": [{"number": 8080}]}}, "container": {"docker": {"network": "USER", "portMappings": [{"containerPort": 80}]}})",
       R"("x": 1)", "0 - 80/tcp container -"},
  };
  for (const Row& row : rows) EXPECT_EQ(said(read(row.app, row.task)), row.ports) << row.why;
}

TEST(MarathonPorts, NamesAreLabelsAndUnique) {
  Dropped dropped;
  EXPECT_EQ(
      said(read(
          R"("portDefinitions": [{"name": "Http_API.v1"}, {"name": "-x"}, {"name": "dup"}, {"name": "dup"}, {"name": "dup", "protocol": "udp"}])",
          R"("ports": [1, 2, 3, 4, 5])", &dropped)),
      "0 http-api-v1 1/tcp host -; 1 - 2/tcp host -; 2 dup 3/tcp host -; 3 - 4/tcp host -; 4 dup 5/udp host "
      "-");
  EXPECT_THAT(dropped, ElementsAre(Pair("bad_name", 2)));
}

TEST(MarathonPorts, ThereAreNoMoreThanTheRegistryHolds) {
  std::string ports = "1";
  for (int i = 2; i <= 200; ++i) ports += "," + std::to_string(i);
  Dropped dropped;
  const TaskPorts list = read(R"("labels": {})", "\"ports\": [" + ports + "]", &dropped);
  EXPECT_THAT(list.ports, SizeIs(kMaxPorts));
  EXPECT_THAT(list.indexes, SizeIs(kMaxPorts));
  EXPECT_THAT(dropped, ElementsAre(Pair("ports_truncated", 200 - kMaxPorts)));
}

TEST(MarathonPorts, OfAPodAreItsEndpoints) {
  const MarathonState state = documents::parsed(documents::kPods, MarathonDocument::pods);
  Dropped dropped;
  EXPECT_EQ(said(ports_of(state.pods[0], state.pods[0].instances[0], dropped)),
            "0 http 31700/tcp host -; 1 dns 53/tcp container -; 1 dns 53/udp container -");
  EXPECT_THAT(ports_of(state.pods[0], state.pods[0].instances[1], dropped).ports, IsEmpty());
  EXPECT_THAT(dropped, IsEmpty());
}

}  // namespace
}  // namespace muster::registry::sources
