// Prometheus' HTTP service discovery: the ready instances as target groups. A registry may hold a hundred
// thousand services, so they are collected some at a time, and the control thread does other work in between.
#include <algorithm>

#include "registry/api/call.h"
#include "registry/api/json_text.h"

namespace muster::registry::api {
namespace {

using http::Scope;
constexpr std::size_t kServicesATurn = 128;

// The port of that name; "" asks for the default port.
const Port* find_port(const InstanceBody& body, std::string_view name) {
  const auto port = name.empty() ? body.ports.begin() : std::ranges::find(body.ports, name, &Port::name);
  return port == body.ports.end() ? nullptr : &*port;
}

// Prometheus' rule for label names; two tags that become the same label: the first stays.
std::string label_of_tag(std::string_view key) {
  std::string label = "__meta_muster_tag_";
  for (const char c : key) label += (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '_';
  return label;
}

void append_label(std::string& out, std::string_view name, std::string_view value) {
  append_string(out, name);
  out += ':';
  append_string(out, value);
}

void append_tags(std::string& out, const Tags& tags) {
  std::vector<std::string> written;
  for (const auto& [key, value] : tags) {
    std::string label = label_of_tag(key);
    if (std::ranges::find(written, label) != written.end()) continue;
    out += ',';
    append_label(out, label, value);
    written.push_back(std::move(label));
  }
}

// One target an instance, whatever its number of addresses: it is to be scraped once.
void append_group(std::string& out, const Instance& instance, const Port& port) {
  out += "{\"targets\":[";
  append_string(out, net::to_string(net::Endpoint{instance.body->addresses.front(), port.number}));
  out += "],\"labels\":{";
  append_label(out, "__meta_muster_service", instance.service);
  out += ',';
  append_label(out, "__meta_muster_instance", instance.id);
  append_tags(out, instance.body->tags);
  out += "}}";
}

std::string groups_json(const std::vector<InstancePtr>& instances, std::string_view port_name) {
  std::string out = "[";
  for (const InstancePtr& instance : instances) {
    const Port* port = find_port(*instance->body, port_name);
    if (!instance->serving || port == nullptr || instance->body->addresses.empty()) continue;
    if (out.size() > 1) out += ',';
    append_group(out, *instance, *port);
  }
  return out.append("]");
}

struct Walk {
  CallPtr call;
  std::string glob;
  std::string port;
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
    auto view = turn.registry.view(service.name, turn.now);
    walk->instances.insert(walk->instances.end(), view.instances.begin(), view.instances.end());
  }
  if (page.size() < kServicesATurn) return answer(walk, turn);
  walk->after = page.back().name;
  on_control(walk->call, [walk](Turn& later) { collect(walk, later); });
}

// 503 while nothing is loaded: Prometheus keeps its old list then, but would believe an empty one.
void get_http_sd(CallPtr call) {
  const auto& loaded = call->context->outside.loaded;
  if (loaded && !loaded())
    return call->refuse({ErrorCode::starting, "nothing is loaded yet: keep the list you have"});
  const std::string glob(call->request.query_value("service").value_or("*"));
  const std::string port(call->request.query_value("port").value_or(""));
  auto walk = std::make_shared<Walk>(Walk{call, glob, port, "", {}});
  on_control(std::move(call), [walk](Turn& turn) { collect(walk, turn); });
}

}  // namespace

void add_http_sd_route(http::Router& router, const std::shared_ptr<Context>& context) {
  add_route(router, context, {"GET", "/api/v1/http_sd", Scope::read, get_http_sd, {"service", "port"}});
}

}  // namespace muster::registry::api
