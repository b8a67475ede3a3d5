// Documents of Marathon as it writes them: the two example apps of the HAProxy tutorial, apps in each network
// mode and form of ports that there has been, a pod.
#pragma once

#include <string>
#include <string_view>

#include "registry/sources/marathon_parse.h"

namespace muster::registry::sources::documents {

// The tutorial's: webapp with ports 80 and 443 behind / , serviceapp with 8081 behind /ping.
inline constexpr std::string_view kTutorial = R"json({"apps": [
 {"id": "/webapp", "cmd": "sleep 1", "env": {"A": "b"}, "instances": 2, "cpus": 0.1, "mem": 64, "constraints": [["hostname", "UNIQUE"]],
  "version": "2026-01-02T03:04:05.678Z", "labels": {"HAPROXY_GROUP": "external", "weight": "3"},
  "healthChecks": [{"protocol": "HTTP", "path": "/", "portIndex": 0, "gracePeriodSeconds": 5, "intervalSeconds": 20}],
  "networks": [{"mode": "host"}], "deployments": [],
  "portDefinitions": [{"port": 80, "protocol": "tcp", "name": "http", "labels": {}}, {"port": 443, "protocol": "tcp", "name": "https"}],
  "tasks": [
   {"appId": "/webapp", "id": "webapp.instance-c7c3a1de-4b17-11e9-8b2f-70b3d5800001._app.1", "host": "srv4", "slaveId": "20-S0",
    "ports": [31292, 31293], "servicePorts": [80, 443], "ipAddresses": [{"ipAddress": "10.0.3.4", "protocol": "IPv4"}],
    "state": "TASK_RUNNING", "stagedAt": "2026-01-02T03:04:06.000Z", "startedAt": "2026-01-02T03:04:07Z",
    "version": "2026-01-02T03:04:05.678Z", "region": "eu", "zone": "eu-1a", "role": "*", "localVolumes": [],
    "healthCheckResults": [{"instanceId": "webapp.instance-c7c3a1de-4b17-11e9-8b2f-70b3d5800001", "alive": true,
      "consecutiveFailures": 0, "firstSuccess": "2026-01-02T03:04:09.000Z", "lastFailure": null, "lastFailureCause": null}]},
   {"appId": "/webapp", "id": "webapp.instance-d1d1a1de-4b17-11e9-8b2f-70b3d5800001._app.1", "host": "srv5", "slaveId": "20-S1",
    "ports": [31100, 31101], "state": "TASK_RUNNING", "startedAt": "2026-01-02T03:04:07.000Z",
    "healthCheckResults": [{"taskId": "old", "alive": false}]}]},
 {"id": "/serviceapp", "instances": 1, "version": "2026-01-02T00:00:00.000Z",
  "healthChecks": [{"protocol": "HTTP", "path": "/ping", "portIndex": 0}], "portDefinitions": [{"port": 8081, "protocol": "tcp"}],
  "tasks": [{"appId": "/serviceapp", "id": "serviceapp.aaaa", "host": "10.0.1.7", "ports": [31500], "state": "TASK_RUNNING",
    "healthCheckResults": [null]}]}
]})json";

inline constexpr std::string_view kPods = R"json([
 {"id": "/prod/pod", "status": "STABLE", "spec": {"id": "/prod/pod", "version": "2026-01-05T00:00:00.000Z", "labels": {"muster.weight": "7"},
   "containers": [{"name": "web", "endpoints": [
      {"name": "http", "containerPort": 8080, "hostPort": 0, "protocol": ["tcp"], "labels": {"k": "v"}},
      {"name": "dns", "containerPort": 53, "protocol": ["tcp", "udp"]}]}],
   "networks": [{"mode": "container", "name": "weave"}]},
  "instances": [
   {"id": "prod_pod.instance-11", "status": "STABLE", "agentHostname": "srv4", "agentId": "20-S0",
    "networks": [{"name": "weave", "addresses": ["10.9.0.7", "fd00::7"]}],
    "containers": [{"name": "web", "status": "RUNNING", "containerId": "x", "endpoints": [
       {"name": "http", "allocatedHostPort": 31700, "healthy": true}, {"name": "dns"}]}]},
   {"id": "prod_pod.instance-22", "status": "DEGRADED", "agentHostname": "srv5", "networks": [], "containers": []}]}
])json";

inline MarathonState parsed(std::string_view text, MarathonDocument document, MarathonLimits limits = {}) {
  MarathonParser parser(document, limits);
  parser.write(text);
  auto state = parser.finish();
  return state ? std::move(*state) : MarathonState();
}

}  // namespace muster::registry::sources::documents
