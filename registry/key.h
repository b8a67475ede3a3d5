// What an instance is found by: its service and a name inside it, its id or its label.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace muster::registry {

struct Key {
  std::string_view service;
  std::string_view name;
  bool operator==(const Key&) const = default;
};

std::string text_of(const Key& key);  // "service/name"

// Another in every process.
std::uint64_t hash_of(const Key& key);

}  // namespace muster::registry
