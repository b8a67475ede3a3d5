#include "tools/config/section.h"

#include <cmath>
#include <cstdlib>

#include "registry/duration.h"
#include "tools/config/every_key.h"

namespace muster::config {

namespace {

std::string_view type_name(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table: return "a table";
    case toml::node_type::array: return "a list";
    case toml::node_type::string: return "a string";
    case toml::node_type::integer: return "an integer";
    case toml::node_type::floating_point: return "a number";
    case toml::node_type::boolean: return "true or false";
    default: return "a date or time";
  }
}

std::optional<std::size_t> parse_size(std::string_view text) {
  std::size_t value = 0;
  std::size_t at = 0;
  for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
    value = value * 10 + static_cast<std::size_t>(text[at] - '0');
    if (value > (std::size_t{1} << 40)) return std::nullopt;
  }
  if (at == 0) return std::nullopt;
  const std::string_view unit = text.substr(at);
  if (unit == "KiB") return value << 10;
  if (unit == "MiB") return value << 20;
  if (unit == "GiB") return value << 30;
  if (unit.empty() || unit == "B") return value;
  return std::nullopt;
}

// Where else this key stands, as "dns.listen or http.listen".
std::string elsewhere(std::string_view key) {
  std::string places;
  for (const std::string& path : every_key()) {
    if (!path.ends_with(key) || path.size() == key.size() || path[path.size() - key.size() - 1] != '.') continue;
    places += (places.empty() ? "" : " or ") + path;
  }
  return places;
}

// What an unknown key of the section `path` may have meant; "" when nothing is near.
std::string meant_by(std::string_view key, std::string_view path, const std::vector<std::string>& known) {
  const auto here = [&](const std::string& word) {
    return word.empty() || path.empty() ? word : std::string(path) + "." + word;
  };
  std::string meant = here(nearest(key, known));
  if (meant.empty()) meant = elsewhere(key);
  if (meant.empty()) meant = here(nearest_in_part(key, known));
  return meant;
}

}  // namespace

Position position_of(const toml::node& node) {
  const auto& begin = node.source().begin;
  return {begin.line, begin.column};
}

Section::Section(const toml::table& table, std::string path, Diagnostics& diagnostics)
    : table_(table), path_(std::move(path)), diagnostics_(diagnostics) {}

std::string Section::path_of(std::string_view key) const {
  return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
}

std::string Section::quoted(std::string_view key, std::string_view value) {
  return std::string(key) + ": \"" + std::string(value) + "\"";
}

bool Section::has(std::string_view key) const { return table_.contains(key); }

bool Section::is_empty_list(std::string_view key) const {
  const toml::node* found = table_.get(key);
  return found != nullptr && found->is_array() && found->as_array()->empty();
}

Position Section::position() const { return position_of(table_); }

Position Section::position(std::string_view key) const {
  const toml::node* found = table_.get(key);
  return found == nullptr ? Position{} : position_of(*found);
}

const toml::node* Section::node(std::string_view key) {
  known_.emplace(key);
  diagnostics_.know(path_of(key));
  return table_.get(key);
}

void Section::error(std::string_view key, std::string_view message) {
  diagnostics_.error(has(key) ? position(key) : position(), path_of(key),
                     std::string(key) + " " + std::string(message));
}

void Section::wrong_type(std::string_view key, const toml::node& found, std::string_view wanted) {
  diagnostics_.error(
      position_of(found), path_of(key),
      std::string(key) + " must be " + std::string(wanted) + ", not " + std::string(type_name(found)));
}

void Section::finish() {
  const std::vector<std::string> known(known_.begin(), known_.end());
  for (const auto& [key, value] : table_) {
    if (known_.contains(key.str())) continue;
    std::string message = "unknown key " + path_of(key.str());
    if (const std::string meant = meant_by(key.str(), path_, known); !meant.empty()) {
      message += " (did you mean " + meant + "?)";
    }
    const auto& begin = key.source().begin;
    diagnostics_.error({begin.line, begin.column}, path_of(key.str()), message);
  }
}

std::optional<std::string> Section::expand(std::string_view key, const toml::node& found) {
  const std::string& raw = found.as_string()->get();
  std::string text;
  for (std::size_t at = 0; at < raw.size();) {
    const auto begin = raw.find("${", at);
    text += raw.substr(at, begin - at);
    if (begin == raw.npos) break;
    const auto end = raw.find('}', begin);
    const std::string name = raw.substr(begin + 2, end == raw.npos ? raw.npos : end - begin - 2);
    const char* value = end == raw.npos ? nullptr : std::getenv(name.c_str());
    if (value == nullptr) {
      diagnostics_.error(position_of(found), path_of(key),
                         end == raw.npos ? std::string(key) + " has ${ without }"
                                         : "environment variable " + name + " is not set");
      return std::nullopt;
    }
    text += value;
    at = end + 1;
  }
  return text;
}

std::string Section::text(std::string_view key, std::string fallback) {
  const toml::node* found = node(key);
  if (found == nullptr) return fallback;
  if (!found->is_string()) {
    wrong_type(key, *found, "a string");
    return fallback;
  }
  return expand(key, *found).value_or(std::move(fallback));
}

bool Section::flag(std::string_view key, bool fallback) {
  const toml::node* found = node(key);
  if (found == nullptr) return fallback;
  if (const auto value = found->value_exact<bool>()) return *value;
  wrong_type(key, *found, "true or false");
  return fallback;
}

std::int64_t Section::integer(std::string_view key, std::int64_t fallback, std::int64_t least,
                              std::int64_t most) {
  const toml::node* found = node(key);
  if (found == nullptr) return fallback;
  const auto value = found->value_exact<std::int64_t>();
  if (!value) {
    wrong_type(key, *found, "an integer");
    return fallback;
  }
  if (*value < least || *value > most) {
    error(key, "must be " + std::to_string(least) + " to " + std::to_string(most) + ", not " +
                   std::to_string(*value));
    return fallback;
  }
  return *value;
}

double Section::number(std::string_view key, double fallback, double least, double most) {
  const toml::node* found = node(key);
  if (found == nullptr) return fallback;
  auto value = found->value_exact<double>();
  if (const auto whole = found->value_exact<std::int64_t>()) value = static_cast<double>(*whole);
  if (!value) {
    wrong_type(key, *found, "a number");
    return fallback;
  }
  if (!(*value >= least && *value <= most)) {
    error(key, "is out of its bounds");
    return fallback;
  }
  return *value;
}

Millis Section::duration(std::string_view key, Millis fallback, DurationBounds bounds) {
  const toml::node* found = node(key);
  if (found == nullptr) return fallback;
  if (!found->is_string()) {
    wrong_type(key, *found, "a duration in quotes such as \"250ms\", \"5s\" or \"1h30m\"");
    return fallback;
  }
  const auto words = expand(key, *found);
  if (!words) return fallback;
  const auto value = registry::parse_duration(*words);
  if (!value) {
    error(key, "is not a duration: \"" + *words + "\" (write \"250ms\", \"5s\" or \"1h30m\")");
    return fallback;
  }
  if (*value < bounds.least || *value > bounds.most) {
    error(key, "must be " + registry::format_duration(bounds.least) + " to " +
                   registry::format_duration(bounds.most));
    return fallback;
  }
  return *value;
}

std::size_t Section::size(std::string_view key, std::size_t fallback, std::size_t most) {
  const toml::node* found = node(key);
  if (found == nullptr) return fallback;
  std::optional<std::size_t> value;
  if (const auto octets = found->value_exact<std::int64_t>(); octets && *octets >= 0) {
    value = static_cast<std::size_t>(*octets);
  } else if (found->is_string()) {
    value = parse_size(found->as_string()->get());
  }
  if (!value || *value > most) {
    error(key,
          "must be a size up to " + std::to_string(most) + " octets, such as 65536, \"64KiB\" or \"1MiB\"");
    return fallback;
  }
  return *value;
}

std::string Section::choice(std::string_view key, std::string fallback,
                            const std::vector<std::string>& known) {
  const std::string value = text(key, fallback);
  if (std::find(known.begin(), known.end(), value) != known.end()) return value;
  std::string all;
  for (const std::string& word : known) all += (all.empty() ? "\"" : ", \"") + word + "\"";
  const std::string near = nearest(value, known);
  error(key, "must be one of " + all + ", not \"" + value + "\"" +
                 (near.empty() ? "" : " (did you mean \"" + near + "\"?)"));
  return fallback;
}

std::optional<zones::Name> Section::domain(std::string_view key) {
  const toml::node* found = node(key);
  if (found == nullptr) return std::nullopt;
  const std::string value = text(key, "");
  auto name = zones::Name::from_text(value);
  if (name) return *name;
  error(key, "is not a domain name: " + std::string(zones::to_string(name.error())));
  return std::nullopt;
}

void Section::read_texts(std::string_view key, std::vector<std::string> fallback,
                         const std::function<void(const std::string&, Position)>& visit) {
  const toml::node* found = node(key);
  if (found == nullptr) {
    for (const std::string& word : fallback) visit(word, {});
    return;
  }
  const toml::array* array = found->as_array();
  if (array == nullptr) return wrong_type(key, *found, "a list of strings");
  for (const toml::node& element : *array) {
    if (!element.is_string()) {
      wrong_type(key, element, "a list of strings");
    } else if (const auto word = expand(key, element)) {
      visit(*word, position_of(element));
    }
  }
}

std::vector<std::string> Section::texts(std::string_view key, std::vector<std::string> fallback) {
  std::vector<std::string> values;
  read_texts(key, std::move(fallback), [&](const std::string& word, Position) { values.push_back(word); });
  return values;
}

std::int64_t Section::integer_or_word(std::string_view key, std::int64_t fallback, std::string_view word,
                                      std::int64_t value, std::int64_t least, std::int64_t most) {
  const toml::node* found = node(key);
  if (found != nullptr && found->is_string()) {
    if (found->as_string()->get() == word) return value;
    error(key, "must be a number or \"" + std::string(word) + "\"");
    return fallback;
  }
  return integer(key, fallback, least, most);
}

std::optional<Section> Section::table(std::string_view key) {
  const toml::node* found = node(key);
  if (found == nullptr) return std::nullopt;
  if (const toml::table* inner = found->as_table()) return Section(*inner, path_of(key), diagnostics_);
  wrong_type(key, *found, "a table: [" + path_of(key) + "]");
  return std::nullopt;
}

std::vector<Section> Section::tables(std::string_view key) {
  std::vector<Section> sections;
  const toml::node* found = node(key);
  if (found == nullptr) return sections;
  const toml::array* array = found->as_array();
  if (array == nullptr) {
    wrong_type(key, *found, "a list of tables: [[" + path_of(key) + "]]");
    return sections;
  }
  for (const toml::node& element : *array) {
    if (const toml::table* inner = element.as_table()) {
      sections.emplace_back(*inner, path_of(key), diagnostics_);
    } else {
      wrong_type(key, element, "a table");
    }
  }
  return sections;
}

std::vector<std::string> Section::names() const {
  std::vector<std::string> names;
  for (const auto& [name, value] : table_) names.emplace_back(name.str());
  return names;
}

std::vector<std::pair<std::string, Section>> Section::named_tables(std::string_view key) {
  std::vector<std::pair<std::string, Section>> sections;
  const toml::node* found = node(key);
  if (found == nullptr) return sections;
  const toml::table* outer = found->as_table();
  if (outer == nullptr) {
    wrong_type(key, *found, "tables: [" + path_of(key) + ".NAME]");
    return sections;
  }
  for (const auto& [name, value] : *outer) {
    const std::string path = path_of(key) + "." + std::string(name.str());
    if (const toml::table* inner = value.as_table()) {
      sections.emplace_back(std::string(name.str()), Section(*inner, path, diagnostics_));
    } else {
      diagnostics_.error(position_of(value), path, path + " must be a table");
    }
  }
  return sections;
}

void Section::not_built(std::string_view key, std::string_view part) {
  known_.emplace(key);
  if (has(key)) {
    error(key, "is known, but " + std::string(part) + " is not part of this version: take the key out");
  }
}

void Section::not_built_unless(std::string_view key, const toml::value<bool>& harmless,
                               std::string_view part) {
  const toml::node* found = table_.get(key);
  known_.emplace(key);
  if (found != nullptr && found->value_exact<bool>() == harmless.get()) return;
  not_built(key, part);
}

void Section::not_built_unless_empty(std::string_view key, std::string_view part) {
  known_.emplace(key);
  const toml::node* found = table_.get(key);
  if (found == nullptr) return;
  if (found->is_array() && found->as_array()->empty()) return;
  if (found->is_string() && found->as_string()->get().empty()) return;
  not_built(key, part);
}

}  // namespace muster::config
