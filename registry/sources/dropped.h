// What could not be used of what a scheduler said: how many elements, by reason.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace muster::registry::sources {

using Dropped = std::map<std::string, std::size_t, std::less<>>;  // "bad_port"

inline void drop(Dropped& dropped, std::string_view reason) {
  ++dropped.try_emplace(std::string(reason)).first->second;
}

}  // namespace muster::registry::sources
