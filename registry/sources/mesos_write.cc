#include "registry/sources/mesos_write.h"

#include "registry/json_text.h"

namespace muster::registry::sources {

namespace {

constexpr std::size_t kPiece = 65'536;

// A JSON text as it grows; commas come by themselves.
class Writer {
 public:
  explicit Writer(const TextSink& sink) : sink_(sink) {}

  void begin_object() { open('{'); }
  void begin_object(std::string_view key) { open(key, '{'); }
  void begin_list(std::string_view key) { open(key, '['); }
  void end_object() { out_ += '}'; }
  void end_list() { out_ += ']'; }

  void text(std::string_view key, std::string_view value) {
    if (value.empty()) return;
    name(key);
    append_json_string(out_, value);
  }
  void number(std::string_view key, double value) {
    name(key);
    append_json_number(out_, value);
  }
  void whole(std::string_view key, std::uint64_t value) {
    name(key);
    out_ += std::to_string(value);
  }
  void flag(std::string_view key, bool value) {
    name(key);
    out_ += value ? "true" : "false";
  }
  // Between two elements: what has grown is handed on. All but the last octet, which tells whether a comma is
  // due.
  void hand_on() {
    if (out_.size() < kPiece) return;
    sink_(std::string_view(out_).substr(0, out_.size() - 1));
    out_.erase(0, out_.size() - 1);
  }
  void finish() { sink_(out_); }

 private:
  void separate() {
    if (!out_.empty() && out_.back() != '{' && out_.back() != '[') out_ += ',';
  }
  void name(std::string_view key) {
    separate();
    append_json_string(out_, key);
    out_ += ':';
  }
  void open(char bracket) {
    separate();
    out_ += bracket;
  }
  void open(std::string_view key, char bracket) {
    name(key);
    out_ += bracket;
  }

  const TextSink& sink_;
  std::string out_;
};

void write_labels(Writer& to, const MesosLabels& labels) {
  if (labels.empty()) return;
  to.begin_list("labels");
  for (const MesosLabel& label : labels) {
    to.begin_object();
    to.text("key", label.key);
    to.text("value", label.value);
    to.end_object();
  }
  to.end_list();
}

void write_wrapped_labels(Writer& to, const MesosLabels& labels) {
  if (labels.empty()) return;
  to.begin_object("labels");
  write_labels(to, labels);
  to.end_object();
}

void write_status(Writer& to, const MesosStatus& status) {
  to.begin_object();
  to.text("state", status.state);
  to.number("timestamp", status.timestamp);
  if (status.healthy) to.flag("healthy", *status.healthy);
  write_labels(to, status.labels);
  to.begin_object("container_status");
  to.begin_list("network_infos");
  for (const MesosNetwork& network : status.networks) {
    to.begin_object();
    to.text("name", network.name);
    to.begin_list("ip_addresses");
    for (const std::string& address : network.addresses) {
      to.begin_object();
      to.text("ip_address", address);
      to.end_object();
    }
    to.end_list();
    to.end_object();
  }
  to.end_list();
  to.end_object();
  to.end_object();
}

void write_discovery(Writer& to, const MesosDiscovery& discovery) {
  to.begin_object("discovery");
  to.text("name", discovery.name);
  to.text("visibility", discovery.visibility);
  write_wrapped_labels(to, discovery.labels);
  to.begin_object("ports");
  to.begin_list("ports");
  for (const MesosDiscoveryPort& port : discovery.ports) {
    to.begin_object();
    to.whole("number", port.number);
    to.text("name", port.name);
    to.text("protocol", port.protocol);
    to.text("visibility", port.visibility);
    write_wrapped_labels(to, port.labels);
    to.end_object();
  }
  to.end_list();
  to.end_object();
  to.end_object();
}

// Ranges, as Mesos writes them.
std::string ports_text(const std::vector<std::uint16_t>& numbers) {
  std::string text = "[";
  for (std::size_t i = 0; i < numbers.size();) {
    std::size_t last = i;
    while (last + 1 < numbers.size() && numbers[last + 1] == numbers[last] + 1) ++last;
    if (text.size() > 1) text += ", ";
    text += std::to_string(numbers[i]) + "-" + std::to_string(numbers[last]);
    i = last + 1;
  }
  return text + "]";
}

void write_task(Writer& to, const MesosTask& task) {
  to.begin_object();
  to.text("id", task.id);
  to.text("name", task.name);
  to.text("slave_id", task.agent_id);
  to.text("state", task.state);
  to.begin_object("resources");
  to.text("ports", ports_text(task.ports.numbers));
  to.end_object();
  to.begin_list("statuses");
  for (const MesosStatus& status : task.statuses) write_status(to, status);
  to.end_list();
  write_labels(to, task.labels);
  if (task.discovery) write_discovery(to, *task.discovery);
  if (task.grace_seconds) {
    to.begin_object("health_check");
    to.number("grace_period_seconds", *task.grace_seconds);
    to.end_object();
  }
  to.end_object();
}

void write_domain(Writer& to, const MesosAgent& agent) {
  if (agent.region.empty() && agent.zone.empty()) return;
  to.begin_object("domain");
  to.begin_object("fault_domain");
  to.begin_object("region");
  to.text("name", agent.region);
  to.end_object();
  to.begin_object("zone");
  to.text("name", agent.zone);
  to.end_object();
  to.end_object();
  to.end_object();
}

void write_agent(Writer& to, const MesosAgent& agent) {
  to.begin_object();
  to.text("id", agent.id);
  to.text("hostname", agent.hostname);
  to.text("pid", agent.pid);
  to.flag("active", agent.active);
  write_domain(to, agent);
  to.end_object();
}

void write_framework(Writer& to, const MesosBelief::Framework& known) {
  const MesosFramework& framework = *known.info;
  to.begin_object();
  to.text("id", framework.id);
  to.text("name", framework.name);
  to.text("pid", framework.pid);
  to.text("hostname", framework.hostname);
  to.flag("active", framework.active);
  to.flag("connected", framework.connected);
  to.flag("recovered", framework.recovered);
  to.number("registered_time", framework.registered_time);
  to.begin_list("tasks");
  for (const auto& task : known.tasks) {
    write_task(to, *task);
    to.hand_on();
  }
  to.end_list();
  to.end_object();
  to.hand_on();
}

}  // namespace

void write_mesos_state(const MesosBelief& belief, const TextSink& sink) {
  Writer to(sink);
  to.begin_object();
  to.text("leader", belief.leader);
  to.begin_list("slaves");
  for (const auto& agent : belief.agents) {
    write_agent(to, *agent);
    to.hand_on();
  }
  to.end_list();
  to.begin_list("frameworks");
  for (const MesosBelief::Framework& framework : belief.frameworks) write_framework(to, framework);
  to.end_list();
  to.end_object();
  to.finish();
}

}  // namespace muster::registry::sources
