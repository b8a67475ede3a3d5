#include "tools/muster/json_text.h"

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cmath>
#include <cstdio>

namespace muster::cli {

namespace json = boost::json;

namespace {

void write(std::string& text, const json::value& value, std::size_t depth);

bool is_scalar(const json::value& value) { return !value.is_object() && !value.is_array(); }

void write_member(std::string& text, std::string_view name, const json::value& value, std::size_t depth) {
  text.append(depth * 2, ' ');
  text += std::string(name) + ":";
  if (is_scalar(value)) {
    text += " " + text_of(value) + "\n";
  } else {
    text += "\n";
    write(text, value, depth + 1);
  }
}

void write(std::string& text, const json::value& value, std::size_t depth) {
  if (const auto* object = value.if_object()) {
    for (const auto& entry : *object) write_member(text, entry.key(), entry.value(), depth);
  } else if (const auto* array = value.if_array()) {
    for (const json::value& item : *array) {
      if (is_scalar(item)) {
        text.append(depth * 2, ' ');
        text += "- " + text_of(item) + "\n";
      } else {
        std::string inner;
        write(inner, item, depth + 1);
        inner.replace(depth * 2, 1, "-");
        text += inner;
      }
    }
  } else {
    text.append(depth * 2, ' ');
    text += text_of(value) + "\n";
  }
}

}  // namespace

std::string plain_decimal(double value) {
  constexpr int kDigits = 3;
  constexpr int kDecimalsMost = 12;
  // Below 0.1 the zeros after the point do not count.
  const double size = std::fabs(value);
  const int zeros = size > 0 && size < 0.1 ? static_cast<int>(-std::floor(std::log10(size))) - 1 : 0;
  std::array<char, 400> text{};
  std::snprintf(text.data(), text.size(), "%.*f", std::min(kDigits + zeros, kDecimalsMost), value);
  std::string plain = text.data();
  while (plain.ends_with('0')) plain.pop_back();
  if (plain.ends_with('.')) plain.pop_back();
  return plain == "-0" ? "0" : plain;
}

std::string text_of(const json::value& value) {
  if (value.is_null()) return "";
  if (value.is_double()) return plain_decimal(value.get_double());
  if (value.is_string()) return std::string(value.get_string());
  return json::serialize(value);
}

std::string member(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(json::string_view(name.data(), name.size()));
  return value == nullptr ? "" : text_of(*value);
}

std::string compact(const json::value& value) { return json::serialize(value); }

std::string outline(const json::value& value) {
  std::string text;
  write(text, value, 0);
  return text;
}

namespace {

// "10.0.0.7:8080,[2001:db8::7]:8080": each address with the default port, or alone when there is none.
std::string endpoints_of(const json::object& instance) {
  const json::value* ports = instance.if_contains("ports");
  std::string port;
  if (ports != nullptr && ports->is_array() && !ports->get_array().empty() &&
      ports->get_array().front().is_object())
    port = ":" + member(ports->get_array().front().get_object(), "port");
  const json::value* addresses = instance.if_contains("addresses");
  if (addresses == nullptr || !addresses->is_array()) return "";
  std::string text;
  for (const json::value& address : addresses->get_array()) {
    const std::string literal = text_of(address);
    const bool bracketed = !port.empty() && literal.find(':') != literal.npos;
    text += text.empty() ? "" : ",";
    text += (bracketed ? "[" + literal + "]" : literal) + port;
  }
  if (text.empty()) text = member(instance, "url");
  return text;
}

std::string counted(std::size_t count, const char* noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

}  // namespace

std::string watch_line(std::string_view event, std::string_view data) {
  json::error_code error;
  const json::value value = json::parse(json::string_view(data.data(), data.size()), error);
  const json::object* object = error ? nullptr : value.if_object();
  if (object == nullptr) return std::string(event) + " " + std::string(data);
  std::string line = std::string(event);
  if (event == "change") {
    line = member(*object, "revision") + " " + member(*object, "op") + " " + member(*object, "service") + "/";
    if (const json::value* instance = object->if_contains("instance");
        instance != nullptr && instance->is_object()) {
      const json::object& fields = instance->get_object();
      line += member(fields, "id") + " " + endpoints_of(fields) + " " + member(fields, "state") + " weight " +
              member(fields, "weight") + " " + member(fields, "reason");
    } else {
      line += member(*object, "id") + " " + member(*object, "cause");
    }
  } else if (event == "snapshot") {
    const json::value* instances = object->if_contains("instances");
    const bool listed = instances != nullptr && instances->is_array();
    line += " " + member(*object, "service") + ": " +
            counted(listed ? instances->get_array().size() : 0, "instance");
  } else {
    line += " " + compact(value);
  }
  return line;
}

}  // namespace muster::cli
