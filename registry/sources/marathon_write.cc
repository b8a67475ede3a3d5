#include "registry/sources/marathon_write.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <utility>

#include "registry/rfc3339.h"
#include "registry/sources/json_element.h"
#include "registry/sources/json_writer.h"

namespace muster::registry::sources {

namespace {

namespace json = boost::json;

void write_labels(JsonWriter& to, const MarathonLabels& labels) {
  if (labels.empty()) return;
  to.begin_object("labels");
  for (const auto& [key, value] : labels) to.full_text(key, value);
  to.end_object();
}

enum class PortForm : std::uint8_t { definition, mapping, discovery };

// One that could not be read is written as one that cannot be: its place counts, and whether it has a host
// port.
void write_port(JsonWriter& to, PortForm form, const MarathonPort& port) {
  if (port.is_bad && !port.host_port) return to.null();
  to.begin_object();
  if (port.is_bad) to.flag("name", true);
  to.text("name", port.name);
  to.text("protocol", port.protocol);
  switch (form) {
    case PortForm::definition: to.whole("port", port.service_port); break;
    case PortForm::discovery: to.whole("number", port.number); break;
    case PortForm::mapping:
      if (port.host_port) to.whole("hostPort", *port.host_port);
      to.whole("containerPort", port.number);
      to.whole("servicePort", port.service_port);
      break;
  }
  write_labels(to, port.labels);
  to.end_object();
}

void write_ports(JsonWriter& to, std::string_view key, PortForm form,
                 const std::vector<MarathonPort>& ports) {
  if (ports.empty()) return;
  to.begin_list(key);
  for (const MarathonPort& port : ports) write_port(to, form, port);
  to.end_list();
}

void write_numbers(JsonWriter& to, std::string_view key, const std::vector<std::uint16_t>& numbers) {
  if (numbers.empty()) return;
  to.begin_list(key);
  for (const std::uint16_t number : numbers) to.whole(number);
  to.end_list();
}

void write_time(JsonWriter& to, std::string_view key, const std::optional<net::WallTime>& time) {
  if (!time) return;
  std::string text;
  append_rfc3339(text, *time);
  to.text(key, text);
}

void write_task(JsonWriter& to, const MarathonTask& task) {
  to.begin_object();
  to.text("id", task.id);
  to.text("host", task.host);
  to.text("slaveId", task.agent_id);
  to.text("state", task.state);
  write_numbers(to, "ports", task.ports);
  write_numbers(to, "servicePorts", task.service_ports);
  to.begin_list("ipAddresses");
  for (const std::string& address : task.addresses) {
    to.begin_object();
    to.full_text("ipAddress", address);
    to.end_object();
  }
  to.end_list();
  write_time(to, "stagedAt", task.staged_at);
  write_time(to, "startedAt", task.started_at);
  to.text("version", task.version);
  to.text("region", task.region);
  to.text("zone", task.zone);
  to.begin_list("healthCheckResults");
  for (const bool alive : task.alive) {
    to.begin_object();
    to.flag("alive", alive);
    to.end_object();
  }
  to.end_list();
  to.end_object();
}

void write_checks(JsonWriter& to, const MarathonApp& app) {
  to.begin_list("healthChecks");
  for (const MarathonHealthCheck& check : app.health_checks) {
    to.begin_object();
    to.text("protocol", check.protocol);
    to.text("path", check.path);
    if (check.port_index) to.whole("portIndex", *check.port_index);
    to.whole("port", check.port);
    to.number("gracePeriodSeconds", check.grace_seconds);
    to.end_object();
  }
  to.end_list();
  to.begin_list("readinessChecks");
  for (const MarathonReadinessCheck& check : app.readiness_checks) {
    to.begin_object();
    to.text("name", check.name);
    to.number("timeoutSeconds", check.timeout_seconds);
    to.end_object();
  }
  to.end_list();
  to.begin_list("readinessCheckResults");
  for (const MarathonReadinessResult& result : app.readiness_results) {
    to.begin_object();
    to.text("name", result.name);
    to.text("taskId", result.task);
    to.flag("ready", result.ready);
    to.end_object();
  }
  to.end_list();
}

void write_network(JsonWriter& to, const MarathonApp& app) {
  to.begin_list("networks");
  for (const std::string& mode : app.networks) {
    to.begin_object();
    to.full_text("mode", mode);
    to.end_object();
  }
  to.end_list();
  if (!app.docker_network.empty() || !app.mappings.empty()) {
    to.begin_object("container");
    if (!app.docker_network.empty()) {
      to.begin_object("docker");
      to.text("network", app.docker_network);
      to.end_object();
    }
    write_ports(to, "portMappings", PortForm::mapping, app.mappings);
    to.end_object();
  }
  if (app.has_ip_address) {
    to.begin_object("ipAddress");
    to.begin_object("discovery");
    write_ports(to, "ports", PortForm::discovery, app.discovery_ports);
    to.end_object();
    to.end_object();
  }
  write_ports(to, "portDefinitions", PortForm::definition, app.definitions);
  std::vector<std::uint16_t> service_ports;
  for (const MarathonPort& port : app.ports) service_ports.push_back(port.service_port);
  write_numbers(to, "ports", service_ports);
}

void write_app(JsonWriter& to, const MarathonApp& app) {
  to.begin_object();
  to.full_text("id", app.id);
  to.text("version", app.version);
  write_labels(to, app.labels);
  if (app.instances) to.integer("instances", *app.instances);
  write_checks(to, app);
  to.begin_list("deployments");
  for (const std::string& id : app.deployments) {
    to.begin_object();
    to.text("id", id);
    to.end_object();
  }
  to.end_list();
  write_network(to, app);
  to.begin_list("tasks");
  for (const MarathonTask& task : app.tasks) {
    write_task(to, task);
    to.hand_on();
  }
  to.end_list();
  to.end_object();
}

// Endpoints stand in their containers, one after the other as they are.
void write_endpoints(JsonWriter& to, const std::vector<MarathonEndpoint>& endpoints) {
  to.begin_list("containers");
  for (const MarathonEndpoint& endpoint : endpoints) {
    to.begin_object();
    to.text("name", endpoint.container);
    to.begin_list("endpoints");
    to.begin_object();
    to.text("name", endpoint.name);
    to.text("protocol", endpoint.protocol);
    to.whole("containerPort", endpoint.number);
    to.whole("allocatedHostPort", endpoint.host_port);
    if (endpoint.healthy) to.flag("healthy", *endpoint.healthy);
    write_labels(to, endpoint.labels);
    to.end_object();
    to.end_list();
    to.end_object();
  }
  to.end_list();
}

void write_instance(JsonWriter& to, const MarathonPodInstance& instance) {
  to.begin_object();
  to.text("id", instance.id);
  to.text("status", instance.status);
  to.text("agentHostname", instance.host);
  to.text("agentId", instance.agent_id);
  to.begin_list("networks");
  to.begin_object();
  to.begin_list("addresses");
  for (const std::string& address : instance.addresses) to.text(address);
  to.end_list();
  to.end_object();
  to.end_list();
  write_endpoints(to, instance.endpoints);
  to.end_object();
}

void write_pod(JsonWriter& to, const MarathonPod& pod) {
  to.begin_object();
  to.full_text("id", pod.id);
  to.begin_object("spec");
  to.text("version", pod.version);
  write_labels(to, pod.labels);
  write_endpoints(to, pod.endpoints);
  to.end_object();
  to.begin_list("instances");
  for (const MarathonPodInstance& instance : pod.instances) {
    write_instance(to, instance);
    to.hand_on();
  }
  to.end_list();
  to.end_object();
}

std::vector<MarathonBelief::Seen> read_seen(std::string_view text) {
  std::vector<MarathonBelief::Seen> seen;
  json::error_code error;
  const json::value value = json::parse(json::string_view(text.data(), text.size()), error);
  const json::array* list = value.if_array();
  if (error || list == nullptr) return seen;
  for (const json::value& one : *list) {
    const json::object* object = one.if_object();
    if (object == nullptr) continue;
    std::string id = text_at(*object, "id");
    if (!id.empty()) seen.push_back({std::move(id), flag_at(*object, "well").value_or(false)});
  }
  return seen;
}

}  // namespace

void write_marathon(const MarathonBelief& belief, const TextSink& sink) {
  JsonWriter to(sink);
  to.begin_object();
  to.begin_list("apps");
  for (const auto& app : belief.apps) write_app(to, *app);
  to.end_list();
  to.end_object();
  to.end_line();
  to.begin_list();
  for (const auto& pod : belief.pods) write_pod(to, *pod);
  to.end_list();
  to.end_line();
  to.begin_list();
  for (const MarathonBelief::Seen& one : belief.seen) {
    to.begin_object();
    to.text("id", one.id);
    to.flag("well", one.is_well);
    to.end_object();
    to.hand_on();
  }
  to.end_list();
  to.end_line();
  to.finish();
}

MarathonReader::MarathonReader(const MarathonLimits& limits)
    : apps_(MarathonDocument::apps, limits), pods_(MarathonDocument::pods, limits) {}

bool MarathonReader::write(std::string_view piece) {
  while (!piece.empty()) {
    const std::size_t end = std::min(piece.find('\n'), piece.size());
    const std::string_view part = piece.substr(0, end);
    if (line_ == Line::apps && !apps_.write(part)) return false;
    if (line_ == Line::pods && !pods_.write(part)) return false;
    if (line_ == Line::seen) seen_ += part;
    if (end == piece.size()) break;
    piece.remove_prefix(end + 1);
    if (line_ != Line::over) line_ = static_cast<Line>(static_cast<int>(line_) + 1);
  }
  return true;
}

net::Result<MarathonRead, std::string> MarathonReader::finish() {
  const auto failed = [](std::string why) {
    return net::Result<MarathonRead, std::string>{boost::system::in_place_error, std::move(why)};
  };
  auto apps = apps_.finish();
  if (!apps) return failed(apps.error().message);
  auto pods = pods_.finish();
  if (!pods) return failed(pods.error().message);
  if (line_ != Line::over) return failed("the text ends early");
  return MarathonRead{std::move(*apps), std::move(*pods), read_seen(seen_)};
}

}  // namespace muster::registry::sources
