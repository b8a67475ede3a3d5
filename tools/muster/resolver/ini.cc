#include "tools/muster/resolver/ini.h"

#include "tools/muster/resolver/lines.h"

namespace muster::resolver {

namespace {

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

}  // namespace

std::vector<std::string> ini_values(std::string_view text, std::string_view section, std::string_view key) {
  std::vector<std::string> values;
  bool is_inside = false;
  for (std::string_view line : lines_of(text)) {
    line = trimmed(line);
    if (line.starts_with('[') && line.ends_with(']')) {
      is_inside = line.substr(1, line.size() - 2) == section;
      continue;
    }
    const auto equals = line.find('=');
    if (!is_inside || line.starts_with('#') || line.starts_with(';') || equals == line.npos) continue;
    if (trimmed(line.substr(0, equals)) == key) values.emplace_back(trimmed(line.substr(equals + 1)));
  }
  return values;
}

}  // namespace muster::resolver
