// Prometheus' HTTP service discovery: the ready instances as target groups. A registry may hold a hundred
// thousand services, so they are collected some at a time, and the control thread does other work in between.
#include <algorithm>

#include "registry/api/call.h"
#include "registry/api/json_text.h"
#include "registry/api/query.h"
#include "registry/port_addresses.h"

namespace muster::registry::api {
namespace {

using http::Scope;
constexpr std::size_t kServicesATurn = 128;

constexpr std::string_view kTagLabel = "__meta_muster_tag_";

// The port of that name, TCP's where UDP has one, too; nullopt asks for the default port.
const Port* find_port(const InstanceBody& body, const std::optional<std::string>& name) {
  if (!name) return body.ports.empty() ? nullptr : &body.ports.front();
  const Port* found = nullptr;
  for (const Port& port : body.ports) {
    if (port.name != *name) continue;
    if (port.protocol == Protocol::tcp) return &port;
    found = &port;
  }
  return found;
}

// Prometheus' rule for label names is [a-zA-Z_][a-zA-Z0-9_]*.
std::string label_of_tag(std::string_view key) {
  const auto legal = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  std::string label(kTagLabel);
  for (const char c : key) label += legal(c) ? c : '_';
  return label;
}

struct Label {
  std::string name;
  const std::string* value = nullptr;
};

// Of tags that become the same label: the one that is called so, else the first.
std::vector<Label> labels_of(const Tags& tags) {
  std::vector<Label> labels;
  for (const auto& [key, value] : tags) {
    Label label{label_of_tag(key), &value};
    const auto same = std::ranges::find(labels, label.name, &Label::name);
    if (same == labels.end()) {
      labels.push_back(std::move(label));
    } else if (std::string_view(label.name).substr(kTagLabel.size()) == key) {
      same->value = &value;
    }
  }
  return labels;
}

void append_label(std::string& out, std::string_view name, std::string_view value) {
  append_string(out, name);
  out += ':';
  append_string(out, value);
}

// One target an instance, whatever its number of addresses: it is to be scraped once.
void append_group(std::string& out, const Instance& instance, const net::Endpoint& target) {
  out += "{\"targets\":[";
  append_string(out, net::to_string(target));
  out += "],\"labels\":{";
  append_label(out, "__meta_muster_service", instance.service);
  out += ',';
  append_label(out, "__meta_muster_instance", instance.id);
  for (const Label& label : labels_of(instance.body->tags)) {
    out += ',';
    append_label(out, label.name, *label.value);
  }
  out += "}}";
}

// Its first address that the port has; nullopt: it has no such port, or nobody can connect to it.
std::optional<net::Endpoint> target_of(const InstanceBody& body,
                                       const std::optional<std::string>& port_name) {
  const Port* port = find_port(body, port_name);
  if (port == nullptr) return std::nullopt;
  const auto& addresses = addresses_of(body, *port);
  if (addresses.empty()) return std::nullopt;
  return net::Endpoint{addresses.front(), port->number};
}

std::string groups_json(const std::vector<InstancePtr>& instances,
                        const std::optional<std::string>& port_name) {
  std::string out = "[";
  for (const InstancePtr& instance : instances) {
    const auto target = target_of(*instance->body, port_name);
    if (!target) continue;
    if (out.size() > 1) out += ',';
    append_group(out, *instance, *target);
  }
  return out.append("]");
}

struct Walk {
  CallPtr call;
  std::string glob;
  std::optional<std::string> port;
  std::string after;
  std::vector<InstancePtr> instances;
};
using WalkPtr = std::shared_ptr<Walk>;

void answer(const WalkPtr& walk, Turn& turn) {
  walk->call->revision = turn.registry.revision();
  turn.after_visible([walk](Durability) { walk->call->send(200, groups_json(walk->instances, walk->port)); });
}

void collect(const WalkPtr& walk, Turn& turn) {
  const auto page = turn.registry.list(walk->glob, walk->after, kServicesATurn);
  for (const ServiceSummary& service : page) {
    const auto view = turn.registry.view(service.name, turn.now);
    for (const InstancePtr& instance : view.instances) {
      if (instance->serving) walk->instances.push_back(instance);
    }
  }
  if (page.size() < kServicesATurn) return answer(walk, turn);
  walk->after = page.back().name;
  on_control(walk->call, [walk](Turn& later) { collect(walk, later); });
}

// 503 while not all is known: Prometheus keeps its old list then, but would believe an empty one.
void get_http_sd(CallPtr call) {
  if (!is_complete(call->context->outside)) return call->refuse(not_complete());
  auto port = query_port_name(call->request, "port");
  if (!port) return call->refuse(port.error());
  const std::string glob(call->request.query_value("service").value_or("*"));
  auto walk = std::make_shared<Walk>(Walk{call, glob, std::move(*port), "", {}});
  on_control(std::move(call), [walk](Turn& turn) { collect(walk, turn); });
}

}  // namespace

void add_http_sd_route(http::Router& router, const std::shared_ptr<Context>& context) {
  add_route(router, context, {"GET", "/api/v1/http_sd", Scope::read, get_http_sd, {"service", "port"}});
}

}  // namespace muster::registry::api
