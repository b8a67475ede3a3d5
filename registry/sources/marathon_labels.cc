#include "registry/sources/marathon_labels.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "registry/label.h"
#include "registry/limits.h"

namespace muster::registry::sources {

namespace {

const std::array<std::string, 2> kPriorityLabels = {"muster.priority", "MUSTER_PRIORITY"};
const std::array<std::string, 1> kServiceLabels = {"muster.service"};
const std::array<std::string, 1> kEnabledLabels = {"muster.enabled"};
const std::array<std::string, 1> kTagsLabels = {"muster.tags"};

std::optional<std::uint16_t> number_of(std::string_view text) {
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<std::string> service_of(std::string_view text) {
  const std::string name = ascii_lower(text);
  if (!is_label(name, kMaxServiceLabel)) return std::nullopt;
  return name;
}

std::optional<bool> flag_of(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return std::nullopt;
}

// The first value that can be read, place by place, key by key.
template <class Value, class Read>
std::optional<Value> look_up(const LabelPlaces& places, std::span<const std::string> keys, Dropped& dropped,
                             const Read& read) {
  for (const MarathonLabels* place : places) {
    for (const std::string& key : keys) {
      const auto found = place->find(key);
      if (found == place->end()) continue;
      if (auto value = read(found->second)) return value;
      drop(dropped, "bad_label");
    }
  }
  return std::nullopt;
}

bool is_tag_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
}

// [a-z0-9]([a-z0-9_.-]{0,61}[a-z0-9])?
bool is_tag_key(std::string_view key) {
  const auto is_end = [](char c) { return is_tag_char(c) && c != '_' && c != '.' && c != '-'; };
  return !key.empty() && key.size() <= kMaxTagKey && is_end(key.front()) && is_end(key.back()) &&
         std::ranges::all_of(key, is_tag_char);
}

bool has_control(std::string_view text) {
  return std::ranges::any_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7F; });
}

bool is_tag_value(std::string_view value) { return value.size() <= kMaxTagValue && !has_control(value); }

// "k=v,k2=v2"; a bad pair costs itself alone.
Tags tags_of(std::string_view text, Dropped& dropped) {
  Tags tags;
  while (!text.empty()) {
    const auto comma = text.find(',');
    const std::string_view pair = text.substr(0, comma);
    text.remove_prefix(comma == text.npos ? text.size() : comma + 1);
    const auto equals = pair.find('=');
    const std::string_view key = pair.substr(0, equals);
    const std::string_view value = equals == pair.npos ? std::string_view() : pair.substr(equals + 1);
    if (equals == pair.npos || value.empty() || !is_tag_key(key) || !is_tag_value(value) ||
        tags.size() == kMaxTags) {
      drop(dropped, "bad_label");
    } else {
      add_tag(tags, key, value);
    }
  }
  return tags;
}

std::string reversed_path(std::string_view id) {
  std::string name;
  while (!id.empty()) {
    const auto slash = id.rfind('/');
    const std::string_view piece = slash == id.npos ? id : id.substr(slash + 1);
    id = slash == id.npos ? std::string_view() : id.substr(0, slash);
    if (piece.empty()) continue;
    if (!name.empty()) name += '-';
    name += piece;
  }
  name = ascii_lower(name);
  std::ranges::replace_if(
      name, [](char c) { return c == '.' || c == '_'; }, '-');
  return name;
}

}  // namespace

LabelWords read_label_words(const LabelPlaces& places, std::span<const std::string> weight_labels,
                            Dropped& dropped) {
  LabelWords words;
  words.weight = look_up<std::uint16_t>(places, weight_labels, dropped, number_of);
  words.priority = look_up<std::uint16_t>(places, kPriorityLabels, dropped, number_of);
  words.service = look_up<std::string>(places, kServiceLabels, dropped, service_of).value_or("");
  words.is_enabled = look_up<bool>(places, kEnabledLabels, dropped, flag_of).value_or(true);
  words.tags = look_up<Tags>(places, kTagsLabels, dropped, [&](std::string_view text) {
                 return std::optional(tags_of(text, dropped));
               }).value_or(Tags());
  return words;
}

std::string service_name_of(std::string_view pattern, std::string_view app_id) {
  constexpr std::string_view kPath = "{path}";
  std::string name(pattern);
  if (const auto at = name.find(kPath); at != name.npos) {
    const std::string path = reversed_path(app_id);
    if (path.empty()) return "";
    name.replace(at, kPath.size(), path);
  }
  return name.size() <= kMaxForeignName && !has_control(name) ? name : "";
}

void add_tag(Tags& tags, std::string_view key, std::string_view value) {
  if (value.empty() || !is_tag_value(value) || tags.size() == kMaxTags) return;
  const auto at =
      std::ranges::lower_bound(tags, key, {}, [](const auto& tag) { return std::string_view(tag.first); });
  if (at == tags.end() || at->first != key) tags.emplace(at, std::string(key), std::string(value));
}

}  // namespace muster::registry::sources
