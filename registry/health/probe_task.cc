#include "registry/health/probe_task.h"

#include <algorithm>

namespace muster::registry::health {

namespace {

void append(std::string& key, std::string_view part) {
  key += std::to_string(part.size());
  key += ':';
  key += part;
}

void append(std::string& key, std::int64_t number) {
  key += std::to_string(number);
  key += ';';
}

const Port* port_of(const Check& check, const InstanceBody& body) {
  const auto at = std::ranges::find_if(body.ports, [&](const Port& port) {
    if (!check.port_name.empty()) return port.name == check.port_name;
    return check.port_number == 0 || port.number == check.port_number;
  });
  return at == body.ports.end() ? nullptr : &*at;
}

std::string authority_of(const net::Endpoint& target) { return net::to_string(target); }

}  // namespace

std::string_view to_string(CheckType type) {
  switch (type) {
    case CheckType::tcp: return "tcp";
    case CheckType::http: return "http";
    case CheckType::https: return "https";
    case CheckType::exec: return "exec";
    case CheckType::ttl: return "ttl";
  }
  return "";
}

std::string key_of(const ProbeTask& task) {
  std::string key;
  append(key, static_cast<std::int64_t>(task.type));
  append(key, authority_of(task.target));
  append(key, task.interval.count());
  append(key, task.timeout.count());
  append(key, task.waits_on ? 1 : 0);
  append(key, task.look.method);
  append(key, task.look.path);
  append(key, task.look.host);
  append(key, static_cast<std::int64_t>(task.look.headers.size()));
  for (const auto& [name, value] : task.look.headers) {
    append(key, name);
    append(key, value);
  }
  for (const StatusRange& range : task.look.ok) {
    append(key, range.first);
    append(key, range.last);
  }
  append(key, task.look.body);
  append(key, task.look.tls ? 1 : 0);
  append(key, task.look.verify ? (*task.look.verify ? 1 : 0) : 2);
  for (const std::string& word : task.look.argv) append(key, word);
  append(key, task.service);
  append(key, task.id);
  return key;
}

std::string text_of(const ProbeTask& task) {
  if (task.type == CheckType::exec) return "exec:" + (task.look.argv.empty() ? "" : task.look.argv.front());
  std::string text = std::string(to_string(task.type)) + "://" + authority_of(task.target);
  return task.type == CheckType::tcp ? text : text + task.look.path;
}

std::optional<ProbeTask> task_of(const Check& check, const InstanceBody& body, std::string_view service,
                                 std::string_view id) {
  if (check.type == CheckType::ttl) return std::nullopt;
  ProbeTask task{check.type, {}, check.look, check.rules.interval, check.timeout, check.waits_on, {}, {}};
  const Port* port = port_of(check, body);
  if (port != nullptr || check.port_number != 0) {
    const bool is_host = port == nullptr || port->scope == PortScope::host;
    const auto& addresses = is_host && !body.host_addresses.empty() ? body.host_addresses : body.addresses;
    if (addresses.empty()) return std::nullopt;
    task.target = {addresses.front(), port == nullptr ? check.port_number : port->number};
  } else if (check.type != CheckType::exec) {
    return std::nullopt;
  } else if (!body.addresses.empty()) {
    task.target = {body.addresses.front(), 0};
  }
  if (check.type == CheckType::exec) {
    task.service = service;
    task.id = id;
  }
  return task;
}

}  // namespace muster::registry::health
