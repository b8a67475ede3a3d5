// Where a value stands inside a JSON document: a chain on the stack, from the value outwards, which becomes a
// JSON pointer only when something is refused; a good body costs no text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace muster::registry::api {

struct Place {
  const Place* parent = nullptr;
  std::string_view key;   // of an object's member
  std::size_t index = 0;  // of an array's element
  bool in_array = false;
};
inline Place member_of(const Place& parent, std::string_view key) { return {&parent, key, 0, false}; }
inline Place element_of(const Place& parent, std::size_t index) { return {&parent, {}, index, true}; }
std::string pointer_to(const Place& place);  // "/ports/0/port"

}  // namespace muster::registry::api
