#include "registry/properties.h"

#include <algorithm>

#include "registry/limits.h"

namespace muster::registry {

std::optional<std::string> fault_of_property(std::string_view key, std::string_view value) {
  const auto printable = [](char c) { return c > 0x20 && c < 0x7f && c != '='; };
  if (key.empty() || key.size() > kMaxPropertyKey || !std::ranges::all_of(key, printable))
    return "a property's key must be 1 to 64 printable ASCII characters without = and space";
  const std::size_t room = kMaxPropertyText - key.size() - 1;
  if (value.size() > room)
    return std::string(key) + " must be a string of at most " + std::to_string(room) + " octets";
  return std::nullopt;
}

std::optional<std::string> fault_of_properties(const Tags& properties) {
  if (properties.size() > kMaxProperties) return "must be at most 32 properties";
  std::size_t sum = 0;
  for (const auto& [key, value] : properties) sum += key.size() + 1 + value.size();
  if (sum > kMaxPropertiesSum) return "must be at most 1300 octets in all, each counted as key=value";
  return std::nullopt;
}

}  // namespace muster::registry
