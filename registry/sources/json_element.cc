#include "registry/sources/json_element.h"

namespace muster::registry::sources {

namespace json = boost::json;

const json::value* member(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value == nullptr || value->is_null() ? nullptr : value;
}

const json::object* object_at(const json::object& object, std::string_view key) {
  const json::value* value = member(object, key);
  return value == nullptr ? nullptr : value->if_object();
}

const json::array* array_at(const json::object& object, std::string_view key) {
  const json::value* value = member(object, key);
  return value == nullptr ? nullptr : value->if_array();
}

std::optional<double> number_at(const json::object& object, std::string_view key) {
  const json::value* value = member(object, key);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  return value->to_number<double>();
}

std::optional<bool> flag_at(const json::object& object, std::string_view key) {
  const json::value* value = member(object, key);
  if (value == nullptr || !value->is_bool()) return std::nullopt;
  return value->get_bool();
}

bool take_text(const json::object& object, std::string_view key, std::string& to) {
  const json::value* value = member(object, key);
  if (value == nullptr) return true;
  const json::string* text = value->if_string();
  if (text == nullptr) return false;
  to.assign(text->data(), text->size());
  return true;
}

std::string text_at(const json::object& object, std::string_view key) {
  std::string text;
  take_text(object, key, text);
  return text;
}

}  // namespace muster::registry::sources
