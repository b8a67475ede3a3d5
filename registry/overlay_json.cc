// How overlay entries are written into the store and read back.
#include <boost/json.hpp>

#include "registry/overlay.h"

namespace muster::registry {
namespace {

namespace json = boost::json;

std::optional<AdminMode> mode_named(std::string_view name) {
  for (const AdminMode mode : {AdminMode::automatic, AdminMode::up, AdminMode::down, AdminMode::drain})
    if (to_string(mode) == name) return mode;
  return std::nullopt;
}

std::optional<std::uint16_t> small_number(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr || !value->is_int64()) return std::nullopt;
  return static_cast<std::uint16_t>(value->get_int64());
}

std::string text_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

void read_tags(const json::object& object, OverlayEntry& entry) {
  const json::value* tags = object.if_contains("tags");
  if (tags == nullptr || !tags->is_object()) return;
  for (const auto& [key, value] : tags->get_object()) {
    std::optional<std::string> text;
    if (value.is_string()) text = std::string(value.get_string());
    entry.tags.emplace_back(std::string(key), std::move(text));
  }
}

}  // namespace

std::string overlay_entry_to_json(const OverlayEntry& entry) {
  json::object object{{"match", entry.match}};
  if (entry.mode) object["mode"] = std::string(to_string(*entry.mode));
  if (entry.weight) object["weight"] = *entry.weight;
  if (entry.priority) object["priority"] = *entry.priority;
  if (!entry.tags.empty()) {
    json::object tags;
    for (const auto& [key, value] : entry.tags)
      tags[key] = value ? json::value(*value) : json::value(nullptr);
    object["tags"] = std::move(tags);
  }
  if (entry.expires_at) object["expires_at_ms"] = entry.expires_at->time_since_epoch().count();
  object["reason"] = entry.reason;
  object["by"] = entry.by;
  return json::serialize(object);
}

std::optional<OverlayEntry> overlay_entry_from_json(std::string_view text) {
  boost::system::error_code error;
  const json::value value = json::parse(text, error);
  if (error || !value.is_object()) return std::nullopt;
  const json::object& object = value.get_object();
  OverlayEntry entry;
  entry.match = text_of(object, "match");
  if (entry.match.empty()) return std::nullopt;
  entry.mode = mode_named(text_of(object, "mode"));
  entry.weight = small_number(object, "weight");
  entry.priority = small_number(object, "priority");
  read_tags(object, entry);
  if (const json::value* end = object.if_contains("expires_at_ms"); end != nullptr && end->is_int64())
    entry.expires_at = WallTime(Millis(end->get_int64()));
  entry.reason = text_of(object, "reason");
  entry.by = text_of(object, "by");
  return entry;
}

}  // namespace muster::registry
