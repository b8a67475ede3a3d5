// The difference of two texts as diff -u shows it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace muster::resolver {

// `old`: nullopt for a file that is not there. "" when they are the same.
std::string diff(const std::string& name, const std::optional<std::string>& old, const std::string& now);

}  // namespace muster::resolver
