#include "tools/muster/instance.h"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <charconv>

namespace muster::cli {

namespace json = boost::json;

namespace {

std::chrono::milliseconds member_millis(const Reply& reply, const char* name,
                                        std::chrono::milliseconds fallback) {
  const json::value value = json_of(reply);
  const json::object* object = value.if_object();
  const json::value* member = object == nullptr ? nullptr : object->if_contains(name);
  if (member == nullptr || !member->is_number()) return fallback;
  return std::chrono::milliseconds(member->to_number<std::int64_t>());
}

}  // namespace

std::uint64_t unix_millis() {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(
                                        std::chrono::system_clock::now().time_since_epoch())
                                        .count());
}

std::string Instance::path() const {
  return "/api/v1/services/" + encoded(service) + "/instances/" + encoded(id);
}

bool split_address(const std::string& text, std::string& address, int& port) {
  port = 0;
  std::string digits;
  const auto bracket = text.find(']');
  if (text.starts_with('[') && bracket != text.npos) {
    address = text.substr(1, bracket - 1);
    if (bracket + 1 == text.size()) return true;
    if (text[bracket + 1] != ':') return false;
    digits = text.substr(bracket + 2);
  } else if (std::count(text.begin(), text.end(), ':') == 1) {
    address = text.substr(0, text.find(':'));
    digits = text.substr(text.find(':') + 1);
  } else {
    address = text;  // no port, or an IPv6 address without brackets
    return !text.empty();
  }
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  return error == std::errc{} && end == digits.data() + digits.size() && port >= 1 && port <= 65535 &&
         !address.empty();
}

bool read_tags(const std::vector<std::string>& words, json::object& tags) {
  for (const std::string& word : words) {
    const auto equals = word.find('=');
    if (equals == word.npos || equals == 0) return false;
    tags[word.substr(0, equals)] = word.substr(equals + 1);
  }
  return true;
}

std::optional<std::uint64_t> live_generation(const Client& client, const Instance& instance) {
  const Reply reply = client.get(instance.path());
  const json::value value = json_of(reply);
  const json::object* found = reply.ok() ? value.if_object() : nullptr;
  const json::value* sources = found == nullptr ? nullptr : found->if_contains("sources");
  const json::value* generation = found == nullptr ? nullptr : found->if_contains("generation");
  if (sources == nullptr || !sources->is_array() || generation == nullptr || !generation->is_number()) return std::nullopt;
  const auto& names = sources->get_array();
  if (std::find(names.begin(), names.end(), json::value("heartbeat")) == names.end()) return std::nullopt;
  return generation->to_number<std::uint64_t>();
}

Reply put(const Client& client, const Instance& instance) {
  json::object body = instance.body;
  body["generation"] = instance.generation;
  return client.request("PUT", instance.path(), json::serialize(body));
}

Reply renew(const Client& client, const Instance& instance) {
  const json::object body{{"generation", instance.generation}, {"instance", instance.body}};
  return client.request("POST", instance.path() + "/heartbeat", json::serialize(body));
}

Reply drain_instance(const Client& client, const Instance& instance) {
  return client.request("POST", instance.path() + "/drain", R"({"reason":"stopping"})");
}

Reply remove_instance(const Client& client, const Instance& instance) {
  return client.request("DELETE", instance.path() + "?generation=" + std::to_string(instance.generation), "");
}

std::chrono::milliseconds heartbeat_interval(const Reply& grant) {
  return member_millis(grant, "heartbeat_in_ms", std::chrono::seconds(10));
}

std::chrono::milliseconds safe_stop_in(const Reply& reply) {
  return member_millis(reply, "safe_stop_in_ms", std::chrono::milliseconds(0));
}

}  // namespace muster::cli
