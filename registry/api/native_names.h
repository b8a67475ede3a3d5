// The spelling of names at the native API. A service is one DNS label (62 octets, for "_web" is a label too);
// other doors may keep wider names, which are then not published.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace muster::registry::api {

// What is wrong with the name and how to mend it; nullopt: nothing.
std::optional<std::string> fault_of_service_name(std::string_view name);
std::optional<std::string> fault_of_instance_id(std::string_view id);
std::optional<std::string> fault_of_port_name(std::string_view name);
// Keys of tags and of attributes: lower case, digits, "_", "." and "-", beginning and ending with a letter or
// digit.
bool is_key(std::string_view text);

}  // namespace muster::registry::api
