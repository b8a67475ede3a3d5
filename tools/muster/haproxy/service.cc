#include "tools/muster/haproxy/service.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <set>

namespace muster::haproxy {

namespace json = boost::json;

namespace {

const json::array kNone;

const json::value* find(const json::object& object, std::string_view name) {
  return object.if_contains(name);
}

std::string text(const json::object& object, std::string_view name) {
  const json::value* value = find(object, name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : "";
}

template <class Number>
Number number(const json::object& object, std::string_view name, Number fallback) {
  const json::value* value = find(object, name);
  if (value == nullptr || !value->is_number()) return fallback;
  boost::system::error_code error;
  const auto found = value->to_number<Number>(error);
  return error ? fallback : found;
}

const json::array& list(const json::object& object, std::string_view name) {
  const json::value* value = find(object, name);
  return value != nullptr && value->is_array() ? value->get_array() : kNone;
}

const json::object* member(const json::object& object, std::string_view name) {
  const json::value* value = find(object, name);
  return value == nullptr ? nullptr : value->if_object();
}

std::vector<std::string> texts(const json::object& object, std::string_view name) {
  std::vector<std::string> all;
  for (const json::value& each : list(object, name)) {
    if (each.is_string()) all.emplace_back(each.get_string());
  }
  return all;
}

Port read_port(const json::object& object) {
  Port port;
  port.number = number<std::uint16_t>(object, "port", 0);
  port.service_port = number<std::uint16_t>(object, "service_port", 0);
  port.tcp = text(object, "proto") == "tcp";
  port.of_container = text(object, "scope") == "container";
  return port;
}

void read_scheduler(const json::object& object, Instance& instance) {
  instance.app = text(object, "app");
  const json::object* labels = member(object, "labels");
  if (labels == nullptr) return;
  for (const auto& pair : *labels) {
    if (pair.value().is_string()) instance.labels.emplace(pair.key(), pair.value().get_string());
  }
}

std::string check_path(const json::object& object) {
  for (const json::value& check : list(object, "checks")) {
    if (check.is_object() && text(check.get_object(), "type") == "http") {
      const std::string path = text(check.get_object(), "path");
      return path.empty() ? "/" : path;
    }
  }
  return "";
}

bool is_draining(const json::object& object) {
  const json::value* draining = find(object, "draining");
  return (draining != nullptr && !draining->is_null()) || text(object, "admin") == "drain";
}

std::optional<Instance> read_instance(const json::value& value) {
  const json::object* object = value.if_object();
  if (object == nullptr) return std::nullopt;
  Instance instance;
  instance.label = text(*object, "label");
  instance.addresses = texts(*object, "addresses");
  instance.host_addresses = texts(*object, "host_addresses");
  for (const json::value& port : list(*object, "ports")) {
    if (port.is_object()) instance.ports.push_back(read_port(port.get_object()));
  }
  instance.weight = number<std::uint32_t>(*object, "weight", 1);
  instance.priority = number<std::uint32_t>(*object, "priority", 0);
  instance.draining = is_draining(*object);
  if (const json::object* scheduler = member(*object, "scheduler")) read_scheduler(*scheduler, instance);
  instance.check_path = check_path(*object);
  instance.is_musterd = texts(*object, "sources") == std::vector<std::string>{"self"};
  if (instance.label.empty()) return std::nullopt;
  return instance;
}

void read_fallback(const json::object& object, Service& service) {
  service.fallback = text(object, "service");
  for (const json::value& value : list(object, "instances")) {
    auto instance = read_instance(value);
    if (!instance) continue;
    instance->answering = instance->foreign = true;
    service.instances.push_back(std::move(*instance));
  }
}

Service read_service(const json::object& object) {
  Service service;
  service.name = text(object, "service");
  const auto ids = texts(object, "answering");
  const std::set<std::string> answering(ids.begin(), ids.end());
  for (const json::value& value : list(object, "instances")) {
    auto instance = read_instance(value);
    if (!instance) continue;
    instance->answering = answering.contains(text(value.get_object(), "id"));
    service.instances.push_back(std::move(*instance));
  }
  if (const json::object* fallback = member(object, "fallback")) read_fallback(*fallback, service);
  return service;
}

}  // namespace

std::optional<Answers> read_answers(const json::value& page) {
  const json::object* object = page.if_object();
  if (object == nullptr || !object->contains("services") || !object->contains("revision"))
    return std::nullopt;
  Answers answers;
  answers.epoch = text(*object, "epoch");
  answers.revision = number<std::uint64_t>(*object, "revision", 0);
  answers.next = text(*object, "next");
  for (const json::value& service : list(*object, "services")) {
    if (service.is_object()) answers.services.push_back(read_service(service.get_object()));
  }
  return answers;
}

}  // namespace muster::haproxy
