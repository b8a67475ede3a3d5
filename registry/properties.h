// Properties: strings that an instance or a service tells its clients, each one string of a TXT record.
// Whoever reads them from outside asks here whether they fit.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "registry/model.h"

namespace muster::registry {

// What is wrong with one, and how to mend it; nullopt: nothing.
std::optional<std::string> fault_of_property(std::string_view key, std::string_view value);
// And with all of them together.
std::optional<std::string> fault_of_properties(const Tags& properties);

}  // namespace muster::registry
